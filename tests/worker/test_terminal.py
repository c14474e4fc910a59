"""What is shown to somebody who sits at a terminal: how far something has come that may take long."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from contextlib import suppress
from datetime import timedelta

from clinic import future
from office import Office, write_keys
from stand_ins.google import USER

PATIENCE = 60.0
ROWS, COLUMNS = 24, 100


def at_a_terminal(office: Office, *arguments: str) -> str:
    """All that is shown, with the colours and the movements."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = subprocess.Popen(
        [office.binary, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=office.surroundings(TERM="xterm"))
    os.close(theirs)
    shown = b""
    # The end of the other side is told as an error.
    with suppress(OSError), open(ours, "rb", buffering=0) as terminal:
        while chunk := terminal.read(65536):
            shown += chunk
    assert command.wait(PATIENCE) == 0, shown
    return shown.decode()


def test_requeueing_shows_how_far_it_has_come(office: Office):
    office.connect_twilio()
    worker = office.start()
    for number in range(3):
        office.twilio.refuse_to(f"+1415555018{number}", 21610)
        office.book(future() + timedelta(hours=number), phone=f"+1415555018{number}")
    worker.wait_until(lambda: office.states().get(("confirmation", "discarded")) == 3)
    worker.terminate()
    shown = at_a_terminal(office, "requeue", "--org", office.org)
    assert re.search(r"requeueing .* 3/3", shown), shown
    assert "3 of 3 jobs wait again." in shown


def test_rotating_shows_how_far_it_has_come(office: Office):
    office.connect_twilio()
    office.connect_vapi()
    write_keys(office.binary, office.keys_file, "second")
    shown = at_a_terminal(office, "keys", "rotate")
    assert re.search(r"sealing accounts anew .* 2/2", shown), shown
    assert "2 of 2 accounts sealed anew" in shown


def test_the_first_reading_of_a_calendar_shows_how_many_events_it_has_brought(office: Office):
    # One that does not come to read the calendar, for the consent.
    other = office.start(BOOKING_POLL_MS="60000")
    for number in range(260):
        office.google.staff_adds(USER, future(hour=0) + timedelta(hours=number), future(hour=1) + timedelta(hours=number))
    office.connect_google()
    other.terminate()
    shown = at_a_terminal(office, "run", "--until-idle")
    assert re.search(r"reading a calendar .* 250 ", shown) and re.search(r"reading a calendar .* 260 ", shown), shown
    # The log has lines of its own.
    assert re.search(r"calendar read.*events\S*=\S*260\s", shown), shown


def test_where_nobody_sits_at_a_terminal_nothing_of_it_is_shown(office: Office):
    office.connect_twilio()
    write_keys(office.binary, office.keys_file, "second")
    assert office.command("keys", "rotate").startswith("1 of 1 accounts sealed anew")
