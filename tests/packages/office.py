"""What is done at an office that is set up: a booking, and a look at its worker."""

from __future__ import annotations

from machine import Machine

OPEN_ORGANIZATION = """
    SELECT booking.create_organization('Lotus Yoga', 'Europe/London', 'GB') AS studio \\gset
    SELECT booking.create_service(:'studio', 'lesson', 60) \\g /dev/null
    SELECT booking.set_messaging(:'studio', true, '{}') \\g /dev/null
    SELECT :'studio';"""

BOOK = """
    SELECT booking.book_appointment_atomic('%s', 'Eve Hill', NULL, '+447400123456', 'lesson',
        (current_date + 7 + time '10:00') AT TIME ZONE 'Europe/London') ->> 'success';"""

CONFIG = "/etc/booking-worker/config.toml"
READY = "exec 3<>/dev/tcp/127.0.0.1/8477; printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ status _ <&3; [ $status = 200 ]"


def open_organization(machine: Machine) -> str:
    return machine.psql(OPEN_ORGANIZATION)


def book(machine: Machine, organization: str) -> str:
    """Asks for the one lesson at 10:00, and returns `true` or `false`."""
    return machine.psql(BOOK % organization)


def wait_for_row(machine: Machine, of: str) -> None:
    """Until there is a row `of` a table, with its condition."""
    counted = f"SELECT 1 / count(*) FROM {of}"
    machine.wait_until("runuser", "-u", "postgres", "--", "psql", "-X", "-d", "clinic", "-c", counted)


def is_active(machine: Machine) -> bool:
    return machine.run("systemctl", "is-active", "--quiet", "booking-worker", ok=False).returncode == 0


def main_process(machine: Machine) -> str:
    return machine.run("systemctl", "show", "--property=MainPID", "--value", "booking-worker").stdout.strip()
