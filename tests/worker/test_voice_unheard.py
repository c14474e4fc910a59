"""The network breaks when a booking is being committed: what was done is never said to be undone, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clinic import future, new_phone, one
from office import Office
from psycopg.conninfo import make_conninfo
from relay import Loss, Relay, relay
from stand_ins.vapi_shapes import ToolCall
from voice import assert_can_be_read_aloud, cancelled, confirmed, wanted, wish

UNKNOWN = "I am sorry, I could not see whether that was done. Let me look it up in a moment."


@pytest.fixture
def network(office: Office) -> Iterator[Relay]:
    """Between the database and a worker whose callers wait six seconds at most."""
    office.connect_vapi()
    with relay(office.clinic.dsn) as network:
        url = make_conninfo(office.clinic.dsn, user=office.role, host="127.0.0.1", port=network.port)
        office.worker = office.start(BOOKING_DATABASE_URL=url, BOOKING_ANSWER_SECONDS="6")
        yield network


@pytest.mark.parametrize("loss", Loss)
def test_what_was_not_heard_is_asked_again_and_done_once(office: Office, network: Relay, loss: Loss):
    call = office.call()
    network.lose("vapi_message", loss)
    assert call.tool("book_appointment", wish(call, future())).result == confirmed(future())
    assert network.has_lost
    assert [row["status"] for row in office.clinic.appointments()] == ["confirmed"]
    # Who hears late is not moved or cancelled twice either.
    other = wanted(future(201), new_phone())
    assert call.tool("book_appointment", other).result == confirmed(future(201))
    network.lose("vapi_message", loss)
    assert call.tool("cancel_appointment", {}).result == cancelled(future())
    assert network.has_lost
    assert sorted(row["status"] for row in office.clinic.appointments()) == ["cancelled", "confirmed"]


@pytest.mark.parametrize("loss", Loss)
def test_what_cannot_be_asked_again_is_said_to_be_unknown(office: Office, network: Relay, loss: Loss):
    """Without an id, a message that is left a second time would be there twice."""
    call = office.call()
    arguments = {"message": "Please call me back.", "patientPhone": call.caller}
    message = call.tool_message([ToolCall("leave_message", arguments, None)])
    network.lose("vapi_message", loss)
    assert [result["result"] for result in call.send(message).results] == [UNKNOWN]
    assert network.has_lost
    assert one(office.session, "SELECT count(*) FROM booking.follow_ups") == (0 if loss is Loss.COMMIT else 1)


@pytest.mark.parametrize("loss", Loss)
def test_the_direct_shape_is_told_that_it_is_unknown(office: Office, network: Relay, loss: Loss):
    call = office.call(style="metadata")
    network.lose("book_clinic_appointment", loss)
    answered = call.direct(wish(call, future()), id="call_direct")
    assert network.has_lost
    assert (answered.status, answered.json["toolCallId"]) == (200, "call_direct")
    result = answered.json["result"]
    assert (result["success"], result["error"], result["message"]) == (False, "unknown", UNKNOWN)
    assert_can_be_read_aloud(result["message"])
    assert len(office.clinic.appointments()) == (0 if loss is Loss.COMMIT else 1)
