"""Another organization, with a row in every table and words that nobody else uses: who finds one of them has seen its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from clinic import BOOK, Clinic, assert_booked, future, new_phone, one
from hostile import everything

WORDS = ["Zuzanna Quill", "zquill", "Quillery", "podiatry", "wisdom tooth"]


CALENDAR = "quillery@group.calendar.example"


@dataclass(frozen=True)
class Victim:
    clinic: Clinic
    phone: str
    #: What a stranger might try to name: by the parameter that it stands for in a call.
    ids: dict[str, str]

    @classmethod
    def open(cls, dsn: str, admin: psycopg.Connection) -> Victim:
        org = str(one(admin, "SELECT booking.create_organization('Quillery', 'UTC')"))
        clinic, phone = Clinic(dsn, admin, org), new_phone()
        room = clinic.first_resource()
        everyday = '{"mon":[["00:00","24:00"]],"tue":[["00:00","24:00"]],"wed":[["00:00","24:00"]],"thu":[["00:00","24:00"]],' \
            '"fri":[["00:00","24:00"]],"sat":[["00:00","24:00"]],"sun":[["00:00","24:00"]]}'
        one(admin, "SELECT booking.set_opening_hours(%s, %s)", [org, everyday])
        one(admin, "SELECT booking.set_date_override(%s, current_date + 90, '[]', p_reason => 'wisdom tooth')", [org])
        service = one(admin, "SELECT booking.create_service(%s, 'podiatry', 30, p_resource_ids => ARRAY[%s]::uuid[])", [org, room])
        block = one(
            admin, "SELECT booking.add_busy_block(%s, %s, %s, %s, 'wisdom tooth')", [org, room, future(60), future(60, 13)])
        # 0.1.0 has neither templates nor accounts.
        if one(admin, "SELECT to_regproc('booking.set_message_template') IS NOT NULL"):
            admin.execute("SELECT booking.set_message_template(%s, 'reminder', 'wisdom tooth: {when}')", [org])
            for provider in ["twilio", "google"]:
                clinic.open_account(provider)
            admin.execute("SELECT booking.set_resource_calendar(%s, %s, %s)", [org, room, CALENDAR])
            admin.execute("INSERT INTO booking.opt_outs (org_id, phone) VALUES (%s, %s)", [org, new_phone()])
            admin.execute("INSERT INTO booking.purged_events (org_id, id, up_to, before_id) VALUES (%s, gen_random_uuid(), '3', gen_random_uuid())", [org])
            admin.execute("INSERT INTO booking.workers (org_id, id) VALUES (%s, 'quillery')", [org])
        who = {"name": "Zuzanna Quill", "email": "zquill@example.com", "phone": phone}
        booked = one(admin, BOOK, clinic.request(
            future(), service="podiatry", key="quill-1", metadata='{"note": "wisdom tooth"}', **who))
        assert_booked(booked)
        job = sid = event_job = event = channel = follow_up = "none"
        # 0.1.0 sends no messages and keeps no events.
        if one(admin, "SELECT to_regclass('booking.outbox') IS NOT NULL"):
            # It is due later, so that its reminder waits.
            follow_up = str(one(
                admin, "SELECT booking.create_follow_up(%s, 'wisdom tooth', %s, %s, 'Zuzanna Quill', 'Quillery', %s)",
                [org, future(60), phone, new_phone()]))
            admin.execute("SELECT booking.claim_messages('courier', 100)")
            admin.execute("SELECT booking.set_voice_agent(%s, 'quillery-assistant', 'Quillery', 'wisdom tooth')", [org])
            admin.execute("SELECT booking.tool_registered(%s, 'book_appointment', 'quillery-tool')", [org])
            call = {"id": "quillery-call", "customer": {"number": phone}, "metadata": {"org_id": org}}
            for message in ({"type": "end-of-call-report", "summary": "wisdom tooth"}, {"type": "news", "news": "wisdom tooth"}):
                one(admin, "SELECT booking.vapi_message(%s::json)", [json.dumps({"message": message | {"call": call}})])
            job, sid = str(one(admin, "SELECT job_id FROM booking.messages WHERE org_id = %s", [org])), f"SM-{uuid4()}"
            assert one(admin, "SELECT booking.finish_message(%s, %s, 1, %s)", [org, job, sid])
            admin.execute("SELECT booking.claim_events('courier', 100)")
            event_job, event = admin.execute("""
                SELECT o.id::text, e.event_id FROM booking.outbox AS o JOIN booking.calendar_events AS e USING (org_id, appointment_id)
                WHERE o.org_id = %s AND o.kind = 'calendar'""", [org]).fetchone()
            channel = f"channel-{uuid4()}"
            admin.execute("SELECT booking.claim_syncs('courier', 100)")
            assert one(admin, "SELECT booking.watch_calendar(%s, %s, 1, %s, 'r', now() + interval '7 days')", [org, CALENDAR, channel])
        hold = one(admin, "SELECT booking.hold_slot(%s, 'podiatry', %s, p_ttl_seconds => 86400)", [org, future(201)])
        return cls(clinic, phone, {
            "org": org, "resource": room, "service": str(service), "block": str(block), "hold": hold["holdId"],
            "appointment": booked["appointmentId"], "contact": booked["contactId"], "key": "quill-1", "phone": phone,
            "job": job, "sid": sid, "event_job": event_job, "event": event, "calendar": CALENDAR, "channel": channel, "follow_up": follow_up,
        })

    def rows(self) -> dict[str, list[str]]:
        """Everything it has."""
        return everything(self.clinic.admin, self.ids["org"])

    def traces(self) -> list[str]:
        """What must never be seen by anybody else."""
        return [*WORDS, self.phone, *(value for value in self.ids.values() if value != "none")]
