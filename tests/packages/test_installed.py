"""An office that is set up from the packages, as docs/packages.md says: the calendar, the worker, its service."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
from machine import Machine
from office import BOOK, CONFIG, READY, book, is_active, open_organization, wait_for_row
from package import Package

CHECK = ("booking-worker", "--config", CONFIG, "check")


def test_a_place_is_booked_once(office: Machine):
    organization = open_organization(office)
    assert [book(office, organization), book(office, organization)] == ["true", "false"]


def test_the_library_is_loaded_with_the_server(office: Machine):
    assert office.psql("SHOW shared_preload_libraries") == "pg_booking"


def test_the_server_says_the_version_of_the_package(office: Machine, version: str):
    assert office.psql("SELECT health ->> 'version', health ->> 'schemaVersion' FROM booking.health()") == f"{version}|{version}"


def test_a_database_of_the_first_release_is_upgraded(office: Machine, version: str):
    office.psql("CREATE DATABASE old", "postgres")
    office.psql("CREATE EXTENSION pg_booking VERSION '0.1.0' CASCADE", "old")
    office.psql("ALTER EXTENSION pg_booking UPDATE", "old")
    assert office.psql("SELECT extversion FROM pg_extension WHERE extname = 'pg_booking'", "old") == version


def test_an_upgrade_of_the_extension_leaves_the_server_and_its_sessions_alone(office: Machine, extension: Package):
    started = office.psql("SELECT pg_postmaster_start_time()")
    organization = open_organization(office)
    upgrade = f"\\! touch /tmp/waits; until [ -e /tmp/upgraded ]; do sleep 0.05; done\n{BOOK % organization}"
    with ThreadPoolExecutor(1) as thread:
        # A session that has used the library before, and uses it after.
        session = thread.submit(office.psql, f"SELECT FROM booking.health();\n{upgrade}")
        office.wait_until("test", "-e", "/tmp/waits")
        office.run("dpkg", "--install", extension.inside)
        office.run("touch", "/tmp/upgraded")
        assert session.result().splitlines()[-1] == "true"
    assert office.psql("SELECT pg_postmaster_start_time()") == started


def test_the_worker_has_nothing_to_complain_of(office: Machine):
    said = office.run(*CHECK, user="booking-worker").stdout
    assert "it works for every organization" in said
    assert "accounts are sealed under key" in said


def test_the_worker_says_what_is_wrong_when_its_role_is_taken_away(office: Machine):
    office.psql('ALTER ROLE "booking-worker" NOLOGIN')
    try:
        assert office.run(*CHECK, user="booking-worker", ok=False).returncode == 1
    finally:
        office.psql('ALTER ROLE "booking-worker" LOGIN')


def test_the_service_is_ready_and_answers(office: Machine):
    assert is_active(office)
    office.wait_until("bash", "-c", READY)


def test_the_service_carries_messages_within_all_that_its_unit_forbids(office: Machine):
    # There are no accounts here, so it runs dry.
    office.run("tee", "--append", CONFIG, text="dry_run = true\n")
    office.run("systemctl", "restart", "booking-worker")
    organization = open_organization(office)
    assert book(office, organization) == "true"
    wait_for_row(office, f"booking.messages WHERE org_id = '{organization}'")


def test_the_board_is_there_once_there_is_a_secret_as_its_page_says(office: Machine, tree: Path):
    step = re.search(r"^( *)```sh\n(.+?)^\1```$", (tree / "docs/board.md").read_text(), re.MULTILINE | re.DOTALL)[2]
    status = "exec 3<>/dev/tcp/127.0.0.1/8477; printf 'GET /board HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ status _ <&3; echo $status"
    office.wait_until("bash", "-c", READY)
    assert office.run("bash", "-c", status).stdout == "404\n"
    office.run("bash", "-euc", dedent(step))
    office.wait_until("bash", "-c", READY)
    assert office.run("bash", "-c", status).stdout == "200\n"


def test_the_service_calls_itself_by_the_name_of_the_machine(office: Machine):
    machine = office.run("cat", "/proc/sys/kernel/hostname").stdout.strip()
    wait_for_row(office, f"booking.workers WHERE starts_with(id, '{machine}') AND id <> 'booking-worker check'")


def test_the_service_ends_when_it_is_told_to(office: Machine):
    office.run("systemctl", "restart", "booking-worker")
    office.wait_until("bash", "-c", READY)
    office.run("systemctl", "stop", "booking-worker")
    assert office.run("systemctl", "show", "--property=Result", "--value", "booking-worker").stdout.strip() == "success"
    office.run("systemctl", "start", "booking-worker")


def test_systemd_understands_every_line_of_the_unit(office: Machine):
    # The machine has no program to show the manual with, which is named there.
    done = office.run("systemd-analyze", "verify", "--man=no", "booking-worker.service")
    assert done.stdout + done.stderr == ""


def test_the_service_may_do_little(office: Machine):
    """1.1 of 10, which the network takes; what is unsafe is near 10."""
    office.run("systemd-analyze", "security", "--no-pager", "--threshold=12", "booking-worker.service")


@pytest.mark.parametrize(("user", "may_read"), [("root", True), ("booking-worker", True), ("postgres", False)])
def test_secrets_are_read_by_the_worker_only(office: Machine, user: str, may_read: bool):
    assert (office.run("cat", "/etc/booking-worker/environment", user=user, ok=False).returncode == 0) == may_read
    assert (office.run("cat", "/etc/booking-worker/keys", user=user, ok=False).returncode == 0) == may_read


def test_the_user_of_the_worker_cannot_log_in(office: Machine):
    assert office.run("getent", "passwd", "booking-worker").stdout.strip().endswith(":/var/lib/booking-worker:/usr/sbin/nologin")
