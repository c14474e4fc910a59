"""What compose.yaml starts, started without docker on a clean machine: the database as the entrypoint of its image prepares it, and
PostgREST and the worker with the environments that they are given."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import new_machine
from images import compose, environment_of, variables
from machine import Machine
from office import open_organization, wait_for_row
from package import Package

FILLED_IN = ("POSTGRES_PASSWORD", "AUTHENTICATOR_PASSWORD", "WORKER_PASSWORD", "JWT_SECRET")
SECRETS = {name: f"{name.lower()}-of-32-characters-or-more" for name in FILLED_IN}

# Prints the status and the body of an answer.
POST = """
    my ($url, $token, $body) = @ARGV;
    my %headers = ("Content-Type" => "application/json", $token ? (Authorization => "Bearer $token") : ());
    my $answer = HTTP::Tiny->new->request("POST", $url, { headers => \\%headers, content => $body });
    print "$answer->{status} $answer->{content}";"""


@dataclass(frozen=True)
class Composed:
    machine: Machine
    services: dict[str, Any]
    environments: dict[str, dict[str, str]]

    def is_healthy(self, service: str) -> bool:
        """What docker would run to see it."""
        word, *command = self.services[service]["healthcheck"]["test"]
        assert word == "CMD"
        return self.machine.run(*command, ok=False).returncode == 0

    def wait_until_healthy(self, service: str) -> None:
        self.machine.wait_until(*self.services[service]["healthcheck"]["test"][1:])

    def call(self, function: str, token: str = "", at: str = "127.0.0.1:3000/rpc", **arguments: Any) -> tuple[int, Any]:
        """Calls a function, by PostgREST if nothing else is said."""
        url = f"http://{at}/{function}"
        said = self.machine.run("perl", "-MHTTP::Tiny", "-e", POST, url, token, json.dumps(arguments)).stdout
        status, _, body = said.partition(" ")
        return int(status), json.loads(body)


def sign(**claims: Any) -> str:
    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    signed = b".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims | {"exp": int(time.time()) + 3600}))
    signature = hmac.digest(SECRETS["JWT_SECRET"].encode(), signed, hashlib.sha256)
    return b".".join((signed, encode(signature))).decode()


def prepare_database(machine: Machine, service: dict[str, Any], environment: dict[str, str], major: str) -> None:
    """As the image does: settings from the command line, a database, and what is in its directory of first preparations."""
    name, value = service["command"].removeprefix("postgres -c ").split("=")
    database = environment["POSTGRES_DB"]
    # Debian's PostgreSQL does TLS and the image does not.
    machine.psql(f"ALTER SYSTEM SET {name} = {value}; ALTER SYSTEM SET ssl = off; CREATE DATABASE {database}", "postgres")
    machine.run("systemctl", "restart", f"postgresql@{major}-main")
    entrypoint = ["psql", "-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "--username", "postgres"]
    machine.run(*entrypoint, "--dbname", database, "-f", "/tree/packaging/docker/initdb.sql", user="postgres", env=environment)


@pytest.fixture(scope="module")
def composed(directory: Path, extension: Package, worker: Package, tree: Path, major: str) -> Iterator[Composed]:
    filled_in = variables(tree / ".env.example") | SECRETS
    services = compose(tree / "compose.yaml", filled_in)
    environments = {name: environment_of(service, filled_in) for name, service in services.items()}
    with new_machine(directory) as machine:
        machine.run("dpkg", "--install", extension.inside, worker.inside)
        machine.run("tee", "--append", "/etc/hosts", text="127.0.0.1 database\n")
        prepare_database(machine, services["database"], environments["database"], major)
        composed = Composed(machine, services, environments)
        assert composed.is_healthy("database")
        assert not composed.is_healthy("worker")
        machine.start("/tree/postgrest/postgrest", user="nobody", env=environments["rest"])
        machine.start("booking-worker", "run", user="booking-worker", env=environments["worker"])
        composed.wait_until_healthy("worker")
        machine.wait_until("perl", "-MHTTP::Tiny", "-e", "exit !HTTP::Tiny->new->get('http://127.0.0.1:3001/ready')->{success}")
        yield composed


def book(composed: Composed, organization: str, token: str) -> tuple[int, Any]:
    start = time.strftime("%Y-%m-%dT10:00:00Z", time.gmtime(time.time() + 7 * 86400))
    patient = {"p_patient_name": "Eve Hill", "p_patient_email": None, "p_patient_phone": "+447400123456"}
    asked = {"p_org_id": organization, "p_service_type": "lesson", "p_scheduled_at": start}
    return composed.call("book_appointment_atomic", token, **patient, **asked)


def test_a_backend_books_and_the_worker_carries_its_message_dryly(composed: Composed):
    organization = open_organization(composed.machine)
    status, answer = book(composed, organization, sign(role="service_role"))
    assert (status, answer["success"]) == (200, True), answer
    wait_for_row(composed.machine, f"booking.messages WHERE org_id = '{organization}' AND status = 'dry_run'")


def test_a_member_books_in_their_organization_only(composed: Composed):
    own, other = open_organization(composed.machine), open_organization(composed.machine)
    member = sign(role="authenticated", org_id=own)
    assert book(composed, own, member)[1]["success"]
    assert book(composed, other, member)[1].get("success") is not True


def test_nobody_books_without_a_token(composed: Composed):
    status, answer = book(composed, open_organization(composed.machine), "")
    assert (status, answer["code"]) == (401, "42501")


def test_a_member_sees_the_board_of_their_organization(composed: Composed):
    organization = open_organization(composed.machine)
    page = composed.machine.run("perl", "-MHTTP::Tiny", "-e", "print HTTP::Tiny->new->get('http://127.0.0.1:8477/board')->{content}").stdout
    assert 'src="board/app.js"' in page
    status, agenda = composed.call("agenda", sign(role="authenticated", org_id=organization), at="127.0.0.1:8477/board/call")
    assert (status, agenda["organization"]["name"]) == (200, "Lotus Yoga"), agenda
    assert composed.call("agenda", at="127.0.0.1:8477/board/call")[0] == 401


@pytest.mark.parametrize("role", ["authenticator", "booking_worker"])
def test_a_role_needs_the_password_it_was_given(composed: Composed, role: str):
    secret = SECRETS["AUTHENTICATOR_PASSWORD" if role == "authenticator" else "WORKER_PASSWORD"]
    command = ("psql", "-X", "-w", "-h", "database", "-U", role, "-d", "clinic", "-c", "SELECT")
    assert composed.machine.run(*command, env={"PGPASSWORD": secret}, ok=False).returncode == 0
    refused = composed.machine.run(*command, env={"PGPASSWORD": "another"}, ok=False)
    assert "password authentication failed" in refused.stderr


def test_a_new_database_needs_every_password(composed: Composed):
    composed.machine.psql("CREATE DATABASE without", "postgres")
    done = composed.machine.run(
        "psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", "without", "-f", "/tree/packaging/docker/initdb.sql", user="postgres", ok=False
    )
    assert done.returncode == 3
    assert 'syntax error at or near ":"' in done.stderr
    assert "PASSWORD :'authenti" in done.stderr
