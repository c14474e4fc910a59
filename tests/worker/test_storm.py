"""Workers that are killed at every point of their work, hundreds of times, while providers answer badly and patients change their
minds. Afterwards every appointment has its event and no other, and every message was sent, once.

BOOKING_STORM_KILLS says how often (150), BOOKING_STORM_SEED which storm (from 0).
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from clinic import future, new_phone, one
from courier import Courier
from office import Office
from stand_ins.faults import half_reply, reset_after, reset_before, slow, status
from stand_ins.google_errors import rate_limited
from voice import moment

USUAL_KILLS = 150
KILLS = int(os.environ.get("BOOKING_STORM_KILLS", USUAL_KILLS))
SEED = int(os.environ.get("BOOKING_STORM_SEED", "0"))
# Requests in the middle of which a worker is killed, before the provider has carried them out or after.
POINTS = [("POST", r"/Messages\.json"), ("GET", r"/Messages\.json"), ("POST", r"/events$"), ("GET", r"/events/"),
          ("PATCH", r"/events/"), ("DELETE", r"/events/"), ("POST", r"/token"), ("GET", r"/events\?")]
MARKER = re.compile(r"Ref [0-9A-Z]{6}$")
# For a request of a kind that no kill has hit, in seconds.
PATIENCE = 5
QUICK = {"BOOKING_HTTP_TIMEOUT_SECONDS": "2", "BOOKING_LEASE_SECONDS": "6", "BOOKING_POLL_MS": "10"}


class Storm:
    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.chance = office, Random(seed)
        self.standing: dict[str, datetime] = {}
        self.booked: dict[str, dict] = {}
        self.phones: dict[str, str] = {}
        self.slots = iter(future() + timedelta(hours=number) for number in range(10_000))
        self.kills: Counter[str] = Counter()
        self.workers: list[Courier] = []

    def one_more_wish(self) -> None:
        """A patient books, moves or cancels."""
        wish = self.chance.random()
        if wish < 0.5 or not self.standing:
            self.book()
        elif wish < 0.85:
            self.move()
        else:
            self.cancel()

    def book(self) -> None:
        at, phone = next(self.slots), new_phone()
        booked = self.office.book(at, phone=phone)
        appointment = booked["appointmentId"]
        self.booked[appointment], self.phones[appointment], self.standing[appointment] = booked, phone, at

    def move(self) -> None:
        one_of_them = self.chance.choice(sorted(self.standing))
        self.standing[one_of_them] = at = next(self.slots)
        self.office.move(self.booked[one_of_them], at)

    def cancel(self) -> None:
        one_of_them = self.chance.choice(sorted(self.standing))
        del self.standing[one_of_them]
        self.office.cancel(self.booked[one_of_them])

    def start(self) -> None:
        while len(self.workers) < 2:
            self.workers.append(self.office.courier(env=self.office.env | QUICK))
        for worker in self.workers:
            if not worker.is_running:
                worker.start()

    def kill(self) -> None:
        """Both, at once or in the middle of a request; what they had in hand is free for the next."""
        # Those that no kill has hit yet come first, every other time.
        missed = self.missed() if self.chance.random() < 0.5 else []
        point = self.chance.choice(missed or [None, *POINTS])
        if point is None:
            time.sleep(self.chance.uniform(0, 0.15))
            self.kills["at any moment"] += 1
        else:
            self.kill_in_the_middle(*point)
        for worker in self.workers:
            worker.kill()
        self.office.end_leases()
        self.office.session.execute("UPDATE booking.calendars SET leased_until = now(), next_sync_at = now() WHERE leased_until IS NOT NULL")
        self.office.session.execute("UPDATE booking.integrations SET refreshing_until = now() WHERE refreshing_until IS NOT NULL")
        self.office.hurry()

    def missed(self) -> list[tuple[str, str]]:
        """The requests in the middle of which no worker was killed."""
        return [point for point in POINTS if not self.kills[" ".join(point)]]

    def provoke(self, method: str, target: str) -> None:
        """Workers have a reason to ask that."""
        if target == r"/token":
            self.office.google.expire_access_tokens()
        elif target == r"/events\?":
            self.office.sync()
        elif (method, target) == ("GET", r"/Messages\.json"):
            self.office.twilio.faults.add("POST", target, reset_after())
        elif self.standing and method in ("GET", "PATCH"):
            self.move()
        elif self.standing and method == "DELETE":
            self.cancel()
        else:
            self.book()

    def kill_in_the_middle(self, method: str, target: str) -> None:
        stand_in = self.office.twilio if "Messages" in target else self.office.google
        held = slow(processed=self.chance.random() < 0.5)
        stand_in.faults.add(method, target, held)
        # Where no worker has died yet, it is waited for.
        deadline = time.monotonic() + (PATIENCE if (method, target) in self.missed() else 0.4)
        self.provoke(method, target)
        while time.monotonic() < deadline and not held.is_held:
            self.office.hurry()
            time.sleep(0.01)
        self.kills[f"{method} {target}" if held.is_held else "at any moment"] += 1
        for worker in self.workers:
            worker.kill()
        held.release()


def bad_weather(office: Office, chance: Random) -> None:
    for stand_in, path in [(office.twilio, r"/Messages\.json"), (office.google, r"/calendar/")]:
        faults = [reset_before(), reset_after(), half_reply(), status(503), rate_limited(429)]
        stand_in.faults.add_random("", path, faults, probability=0.1, random=chance)


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
def test_whatever_dies_nothing_is_lost_and_nothing_is_done_twice(office: Office, seed: int, capsys: pytest.CaptureFixture[str]):
    storm = Storm(office, seed)
    # Only those work who are killed.
    first = office.start()
    office.connect_google()
    first.terminate()
    office.connect_twilio()
    office.session.execute("SELECT booking.set_messaging(%s, true, '{}')", [office.org])
    bad_weather(office, storm.chance)
    for number in range(KILLS // 2):
        storm.start()
        for _ in range(storm.chance.randint(1, 3)):
            storm.one_more_wish()
        if number % 10 == 0:
            office.google.expire_access_tokens()
        storm.kill()
    for stand_in in (office.twilio, office.google):
        stand_in.faults.clear()
    settle(storm)
    check_events(storm)
    doubles = check_messages(storm)
    check_last_words(storm)
    with capsys.disabled():
        points = ", ".join(f"{count} in {point}" for point, count in sorted(storm.kills.items()))
        print(f"\nstorm {seed}: {len(storm.booked)} bookings, {2 * sum(storm.kills.values())} workers killed ({points}); "
              f"{len(office.twilio.messages)} messages, {doubles} sent twice")
    assert doubles == 0
    assert KILLS < USUAL_KILLS or not storm.missed(), "no worker was killed there"


def settle(storm: Storm) -> None:
    worker = storm.office.courier(env=storm.office.env | QUICK)
    worker.wait_until(lambda: storm.office.hurry() and storm.office.is_settled(), "everything to be done", timeout=120)


def check_events(storm: Storm) -> None:
    """No appointment without its event, at its time; no second event."""
    events = {event["id"][:32]: datetime.fromisoformat(event["start"]["dateTime"]) for event in storm.office.google.events()}
    assert len(storm.office.google.events()) == len(events), "an appointment has two events"
    assert events == {appointment.replace("-", ""): at for appointment, at in storm.standing.items()}


def check_messages(storm: Storm) -> int:
    """No message lost: what every job was to say has gone out, unless it was withdrawn. Returns how many went out twice."""
    given_up = one(storm.office.session, "SELECT count(*) FROM booking.outbox WHERE state = 'discarded'")
    assert given_up == 0
    sent = Counter(MARKER.search(message.body)[0] for message in storm.office.twilio.messages)
    wanted = storm.office.session.execute("""
        SELECT right(m.body, 10) FROM booking.messages AS m JOIN booking.outbox AS o ON o.org_id = m.org_id AND o.id = m.job_id
        WHERE o.state = 'succeeded'""").fetchall()
    assert {marker for (marker,) in wanted} <= set(sent)
    told = set(storm.office.session.execute("SELECT appointment_id::text FROM booking.messages WHERE provider_sid IS NOT NULL").fetchall())
    assert {(appointment,) for appointment in storm.standing} <= told
    return sum(count - 1 for count in sent.values())


def check_last_words(storm: Storm) -> None:
    """What patients were told last is how it is: the time of an appointment that stands, and that one is cancelled that they knew of."""
    for appointment, phone in storm.phones.items():
        told = [message.body for message in storm.office.twilio.sent_to(phone)]
        if at := storm.standing.get(appointment):
            assert moment(at) in told[-1], (appointment, at, told)
        elif told:
            assert "is cancelled" in told[-1], (appointment, told)


def test_an_answer_that_is_lost_and_cannot_be_found_out_may_be_said_twice_and_is_counted(office: Office, capsys: pytest.CaptureFixture[str]):
    """Twilio takes no key by which it would know a message again. Where it does not list what it has taken, nobody can know."""
    office.connect_twilio()
    office.twilio.faults.add("POST", r"/Messages\.json", reset_after(), times=2)
    office.twilio.faults.add("GET", r"/Messages\.json", status(200, {"messages": [], "next_page_uri": None}), times=None)
    worker = office.start()
    booked = [office.book(future() + timedelta(hours=number)) for number in range(6)]
    worker.wait_until(lambda: office.hurry() and all(office.status(each)["messageSid"] for each in booked))
    sent = Counter(message.to for message in office.twilio.messages)
    doubles = sum(count - 1 for count in sent.values())
    with capsys.disabled():
        print(f"\n{len(office.twilio.messages)} messages for {len(booked)} bookings: {doubles} said twice, after 2 answers that were lost for good")
    assert (len(sent), doubles) == (6, 2)
