"""The worker as its operator has it: told what to do, looked at, stopped, cut off, and given the wrong rights."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from clinic import future, one
from office import Office
from psycopg import sql
from psycopg.conninfo import make_conninfo
from stand_ins.faults import slow

MESSAGES = r"/Messages\.json"


def get(office: Office, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(office.address, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    return answer.status, page


def test_a_dry_run_needs_no_accounts_and_no_keys_and_sends_nothing(office: Office):
    office.session.execute("SELECT booking.set_messaging(%s, true, '{}'), booking.set_calendar(%s, true)", [office.org, office.org])
    booked = office.book(name="Mary Jones")
    env = {key: value for key, value in office.env.items() if "KEYS" not in key and "GOOGLE_CLIENT" not in key}
    worker = office.courier("--dry-run", "--until-idle", env=env)
    assert worker.wait() == 0
    assert re.search(r"dry run: message.*Mary Jones, your appointment is", worker.log)
    assert re.search(r"dry run: event written.*Mary Jones", worker.log)
    assert [status for (status,) in office.session.execute("SELECT status FROM booking.messages")] == ["dry_run"]
    assert [state for (state,) in office.session.execute("SELECT state FROM booking.calendar_events")] == ["dry_run"]
    assert (office.sms(booked), office.event(booked)) == ("not_configured", "not_configured")


def test_a_dry_run_keeps_its_hands_off_organizations_that_have_an_account(office: Office):
    office.connect_twilio()
    booked = office.book()
    assert office.courier("--dry-run", "--until-idle", env=office.env).wait() == 0
    assert office.sms(booked) == "queued"
    worker = office.start()
    worker.wait_until(lambda: office.status(booked)["messageSid"])


def test_without_keys_it_does_not_start_and_says_what_to_do(office: Office):
    env = {key: value for key, value in office.env.items() if "KEYS" not in key}
    worker = office.courier(env=env)
    assert worker.wait() == 1
    assert "--keys-file" in worker.log and "--dry-run" in worker.log


def test_it_says_how_it_is(office: Office):
    office.connect_twilio()
    worker, booked = office.start(), office.book()
    worker.wait_until(lambda: office.status(booked)["messageSid"])
    worker.wait_until(office.is_settled)
    assert get(office, "/healthz") == (200, "ok\n")
    assert get(office, "/readyz") == (200, "ready\n")
    status, metrics = get(office, "/metrics")
    assert status == 200
    assert 'booking_worker_jobs_total{kind="message",outcome="succeeded"} 1' in metrics
    assert "booking_outbox_due 0" in metrics
    assert get(office, "/nothing")[0] == 404
    health = one(office.session, "SELECT booking.health()")
    assert (health["workers"]["alive"], health["integrations"]) == (1, {"connected": 1, "lost": 0})
    assert worker.terminate() == 0
    assert one(office.session, "SELECT booking.health()")["workers"]["alive"] == 0


def test_its_log_can_be_read_by_programs(office: Office):
    office.connect_twilio()
    worker, booked = office.courier(env=office.env | {"BOOKING_LOG_FORMAT": "json"}), office.book()
    worker.wait_until(lambda: office.status(booked)["messageSid"])
    worker.wait_for_log("message sent")
    lines = [json.loads(line) for line in worker.log.splitlines()]
    assert any(line["message"] == "message sent" and line["org_id"] == office.org for line in lines)


def test_told_to_stop_it_finishes_what_it_has_begun(office: Office):
    office.connect_twilio()
    office.twilio.faults.add("POST", MESSAGES, held := slow(processed=False))
    worker, booked = office.start(), office.book()
    held.wait_until_held()
    ended: list[int] = []
    stopping = threading.Thread(target=lambda: ended.append(worker.terminate()))
    stopping.start()
    worker.wait_for_log("told to stop")
    later = office.book(future(201))
    held.release()
    stopping.join()
    assert ended == [0]
    assert (office.status(booked)["messageSid"] is not None, office.sms(later)) == (True, "queued")
    assert office.states() | {("reminder", "available"): 0} == {
        ("confirmation", "succeeded"): 1, ("confirmation", "available"): 1, ("reminder", "available"): 0}


def test_what_it_cannot_finish_in_time_others_do(office: Office):
    office.connect_twilio()
    office.twilio.faults.add("POST", MESSAGES, held := slow())
    worker, booked = office.start(BOOKING_DRAIN_SECONDS="0"), office.book()
    held.wait_until_held()
    assert worker.terminate() == 0
    held.release()
    office.end_leases()
    other = office.start()
    other.wait_until(lambda: office.hurry() and office.status(booked)["messageSid"])
    assert len(office.twilio.messages) == 1


def test_a_database_that_goes_away_in_the_middle_of_a_job_comes_back_and_hears_of_it(office: Office):
    office.connect_twilio()
    office.twilio.faults.add("POST", MESSAGES, held := slow(processed=True))
    worker, booked = office.start(), office.book()
    held.wait_until_held()
    admin = make_conninfo(office.clinic.dsn, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(office.role)))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [office.role])
        held.release()
        worker.wait_for_log("cannot report; trying again")
        worker.wait_for_log("cannot claim; trying again")
        assert get(office, "/readyz")[0] == 503
        assert get(office, "/healthz")[0] == 200
        server.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(office.role)))
    worker.wait_until(lambda: office.status(booked)["messageSid"])
    worker.wait_for_log("the database is back")
    worker.wait_until(lambda: get(office, "/readyz")[0] == 200)
    assert len(office.twilio.messages) == 1


def test_a_database_that_is_away_when_it_starts_is_waited_for(office: Office):
    open_to = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    name = sql.Identifier(office.session.info.dbname)
    with psycopg.connect(make_conninfo(office.clinic.dsn, dbname="postgres"), autocommit=True) as server:
        server.execute(open_to.format(name, sql.Literal(False)))
        worker = office.courier(env=office.env)
        worker.wait_for_log("waiting for the database")
        worker.wait_for_log("cannot claim; trying again")
        server.execute(open_to.format(name, sql.Literal(True)))
    worker.wait_for_log("the database is back")


@pytest.mark.parametrize("wrong", [{"user": "nobody_of_this_name"}, {"dbname": "no_such_database"}])
def test_a_database_that_refuses_it_is_not_waited_for(office: Office, wrong: dict[str, str]):
    worker = office.courier(env=office.env | {"BOOKING_DATABASE_URL": make_conninfo(office.clinic.dsn, **wrong)})
    assert worker.wait() == 1
    assert next(iter(wrong.values())) in worker.log


def test_a_callback_that_the_database_cannot_take_is_asked_for_again(office: Office):
    office.connect_twilio()
    worker, booked = office.start(), office.book()
    worker.wait_until(lambda: office.status(booked)["messageSid"])
    worker.wait_until(office.is_settled)
    sid = office.twilio.messages[0].sid
    with office.clinic.connect(autocommit=False) as other:
        other.execute("REVOKE EXECUTE ON FUNCTION booking.message_status FROM " + f'"{office.role}"')
        other.commit()
        assert office.twilio.advance(sid, "delivered").status == 503
        other.execute("SELECT booking.grant_worker(%s)", [office.role])
        other.commit()
    assert office.twilio.post_status(sid, "delivered").status == 204
    assert office.sms(booked) == "delivered"


@pytest.mark.parametrize(("revoked", "named"), [
    ("EXECUTE ON FUNCTION booking.worker_heartbeat", "worker_heartbeat"),
    ("USAGE ON SCHEMA booking", "booking"),
    ("ALL ON booking.workers", "workers"),
])
def test_a_worker_without_its_rights_says_which_grant_is_missing(office: Office, revoked: str, named: str):
    if "SCHEMA" in revoked:
        office.session.execute("REVOKE USAGE ON SCHEMA booking FROM PUBLIC")
    office.session.execute(f'REVOKE {revoked} FROM "{office.role}"')
    worker = office.courier(env=office.env)
    assert worker.wait() == 1
    assert "permission denied" in worker.log and named in worker.log and "booking.grant_worker" in worker.log
    said = office.command("check", status=1)
    assert "MISSING" in said and "booking.grant_worker" in said


@pytest.mark.parametrize("function", ["claim_messages", "claim_events", "claim_syncs", "fail_job", "cancel_job"])
def test_a_function_that_it_may_not_call_is_named_before_it_is_called(office: Office, function: str):
    office.session.execute(f'REVOKE EXECUTE ON FUNCTION booking.{function} FROM "{office.role}"')
    worker = office.start()
    assert "booking.grant_worker" in worker.wait_for_log(rf"may not call booking\.{function},.*")[0]
    assert get(office, "/readyz")[0] == 503
    said = office.command("check", status=1)
    assert re.search(rf"MISSING .*may not call booking\.{function},.*booking\.grant_worker", said), said
    # What it lacks it has as soon as it is given.
    office.session.execute("SELECT booking.grant_worker(%s)", [office.role])
    worker.wait_until(lambda: get(office, "/readyz")[0] == 200)
    assert "MISSING" not in office.command("check")


def test_a_role_that_sees_no_organization_is_told(office: Office):
    office.session.execute(f'ALTER ROLE "{office.role}" NOBYPASSRLS')
    assert "BYPASSRLS" in office.command("check", status=1)


def test_a_worker_of_one_organization_does_its_work_and_no_other(office: Office):
    other = office.add_colleague()
    for each in [office, other]:
        each.connect_twilio()
    office.session.execute(f'ALTER ROLE "{office.role}" NOBYPASSRLS')
    office.session.execute(f"""ALTER ROLE "{office.role}" SET booking.org_id = '{office.org}'""")
    worker, ours, theirs = office.start(), office.book(), other.book()
    worker.wait_until(lambda: office.status(ours)["messageSid"])
    worker.wait_until(office.is_settled)
    assert other.sms(theirs) == "queued"
    assert f"organization {office.org} only" in office.command("check")


def test_a_database_without_the_extension_is_named(office: Office):
    said = office.command("check", status=1, BOOKING_DATABASE_URL=make_conninfo(office.clinic.dsn, dbname="postgres"))
    assert "CREATE EXTENSION pg_booking" in said


def test_all_is_well_when_all_is_well(office: Office):
    office.start()
    office.connect_twilio()
    office.connect_google()
    said = office.command("check")
    assert "MISSING" not in said
    for line in [r"ok +the database has pg_booking", r"ok +accounts are sealed under key first", r"ok +google of", r"ok +twilio of"]:
        assert re.search(line, said), said
    assert one(office.session, "SELECT count(*) FROM booking.workers WHERE stopped_at IS NULL") == 1


def test_options_come_from_a_file_too_and_what_is_nearer_wins(office: Office, tmp_path: Path):
    file = tmp_path / "worker.toml"
    env = office.env
    file.write_text("".join(f"{key.removeprefix('BOOKING_').lower()} = {json.dumps(value)}\n" for key, value in env.items()
                            if key != "BOOKING_GOOGLE_CLIENT_SECRET") + "concurrency = 3\n")
    secret = {"BOOKING_GOOGLE_CLIENT_SECRET": env["BOOKING_GOOGLE_CLIENT_SECRET"]}
    worker = office.courier("--config", str(file), "--concurrency", "5", env=secret)
    worker.wait_for_log("at work")
    assert one(office.session, "SELECT state FROM booking.workers") == {"dryRun": False, "concurrency": 5}
    file.write_text('database_ulr = "x"\n')
    assert "database_ulr is no option" in office.command("check", "--config", str(file), status=2)
    file.write_text("database_url = secret password\n")
    said = office.command("check", "--config", str(file), status=2)
    assert "not TOML" in said and "password" not in said


def test_a_file_with_a_password_that_everybody_can_read_is_refused(office: Office, tmp_path: Path):
    file = tmp_path / "worker.toml"
    url = psycopg.conninfo.make_conninfo(office.env["BOOKING_DATABASE_URL"], password="secret-password")
    file.write_text(f"database_url = {json.dumps(url)}\n")
    file.chmod(0o644)
    without = ["BOOKING_DATABASE_URL"]
    status, said = office.run("keys", "rotate", "--config", str(file), without=without)
    assert status == 2 and "chmod 640" in said and "secret-password" not in said
    file.chmod(0o640)
    assert office.run("keys", "rotate", "--config", str(file), without=without)[0] == 0


def test_the_secret_of_googles_client_is_in_a_file_that_nobody_else_reads(office: Office, tmp_path: Path):
    file = tmp_path / "client-secret"
    file.write_text(office.env["BOOKING_GOOGLE_CLIENT_SECRET"])
    file.chmod(0o644)
    flags = ["connect", "google", "--org", office.org, "--google-client-secret-file", str(file)]
    status, said = office.run(*flags, without=["BOOKING_GOOGLE_CLIENT_SECRET"])
    assert status == 1 and "chmod 600" in said
    file.chmod(0o600)
    assert office.run(*flags, without=["BOOKING_GOOGLE_CLIENT_SECRET"])[0] == 0


@pytest.mark.parametrize(("flags", "words"), [
    (["--lease-seconds", "10"], "lease"),
    (["--concurrency", "0"], "concurrency"),
    (["--listen", "nowhere"], "nowhere"),
    (["--database-url", "nonsense"], "database"),
    (["--poll-ms", "soon"], "poll"),
    (["--answer-seconds", "20"], "answer-seconds"),
])
def test_options_that_cannot_be_are_refused(office: Office, flags: list[str], words: str):
    env = {key: value for key, value in office.env.items() if not any(flag.strip("-").replace("-", "_").upper() in key for flag in flags)}
    worker = office.courier(*flags, env=env)
    assert worker.wait() != 0
    assert words in worker.log


def test_requeueing_what_is_not_there_says_so(office: Office):
    assert "no such job" in office.command("requeue", "--org", office.org, "--job", office.org, status=1)
    assert "0 of 0 jobs" in office.command("requeue", "--org", office.org)


def test_a_server_that_is_killed_in_the_middle_of_a_lease_loses_nothing(office: Office):
    """The whole server, not one connection: what it had committed is there again, and nobody is told twice."""
    if not (cluster := os.environ.get("BOOKING_TEST_CLUSTER")):
        pytest.skip("BOOKING_TEST_CLUSTER names no cluster that may be killed")
    office.connect_twilio()
    worker = office.start()
    office.connect_google()
    office.twilio.faults.add("POST", MESSAGES, held := slow(processed=True))
    booked = office.book(phone="+14155550166")
    held.wait_until_held()
    script = Path(__file__).resolve().parents[2] / "scripts" / "cluster.sh"
    subprocess.run([script, "kill", cluster], check=True, capture_output=True)
    held.release()
    worker.wait_for_log("cannot report; trying again")
    subprocess.run([script, "start", cluster, "fsync=off"], check=True, capture_output=True)
    with psycopg.connect(office.clinic.dsn, autocommit=True) as session:
        again = replace(office, session=session, clinic=replace(office.clinic, admin=session))
        worker.wait_until(lambda: again.status(booked)["messageSid"] and again.event(booked) == "synced")
        worker.wait_until(again.is_settled)
        assert len(again.twilio.sent_to("+14155550166")) == 1
