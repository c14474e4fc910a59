"""The database under load: its settings, copies of it for each run, and pgbench."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

SQL = Path(__file__).resolve().parent / "sql"
CLUSTER = Path(__file__).resolve().parents[1] / "scripts" / "cluster.sh"
TEMPLATE = "bench_template"
# How long each run is measured; before that it runs for a second that does not count, in which sessions make their plans.
SECONDS = int(os.environ.get("BOOKING_BENCH_SECONDS", "2"))
WARM_UP_SECONDS = 1
# Fewer transactions than this of a client are not counted by the second.
FEW = 10
# More numbers than any run uses up.
SLOTS = 4_200_000

WARM_UP = re.compile(r"^progress: ([\d.]+) s, ([\d.]+) tps", re.MULTILINE)
PROCESSED = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)
NONE_FAILED = re.compile(r"^number of failed transactions: 0 ", re.MULTILINE)


# More memory and room than PostgreSQL is delivered with, so that no checkpoint and no autovacuum falls on one of those
# compared. Without JIT, which costs the functions in PL/pgSQL 200 ms a call: the planner expects too much of generate_series.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "autovacuum": "off", "jit": "off"}


@dataclass
class Server:
    """The private cluster "bench", as its superuser."""

    dsn: str

    def start(self, is_preloaded: bool = True) -> None:
        """Starts it anew, with the extension in every session from the beginning or not."""
        wanted = SETTINGS if is_preloaded else SETTINGS | {"shared_preload_libraries": ""}
        for action in [["stop", "bench"], ["start", "bench", *(f"{name}={value}" for name, value in wanted.items())]]:
            subprocess.run([CLUSTER, *action], check=True)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(make_conninfo(self.dsn, dbname=database), autocommit=True, options="-c timezone=UTC")

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with self.connect(database) as session:
            for statement in statements:
                session.execute(statement)

    def set_fsync(self, sync: str) -> None:
        with self.connect() as session:
            session.execute(f"ALTER SYSTEM SET fsync = {sync}")
            session.execute("SELECT pg_reload_conf()")
            # The signal takes its time to reach a session.
            while session.execute("SHOW fsync").fetchone()[0] != sync:
                time.sleep(0.01)
            session.execute("CHECKPOINT")

    def make(self, database: str, *fills: str, at_once: Sequence[str] = ()) -> None:
        """A database with the extension, a clinic that has 100 resources and 1,000 contacts, and what `fills` put into it, those of
        `at_once` each by a session of its own."""
        self.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
        world = [(SQL / name).read_text() for name in ["world.sql", "plpgsql.sql"]]
        self.execute("CREATE EXTENSION btree_gist", "CREATE EXTENSION pg_booking", *world, database=database)
        self.execute(f"CALL bench.open_clinic('{ORG}', 100, 1000)", database=database)
        # As a replica does, without looking whether each contact is there.
        as_replica = "SET session_replication_role = replica"
        with ThreadPoolExecutor(len(at_once) or 1) as pool:
            list(pool.map(lambda fill: self.execute(as_replica, fill, database=database), at_once))
        self.execute(as_replica, *fills, "VACUUM ANALYZE", "CHECKPOINT", database=database)

    @contextmanager
    def copy(self, template: str = TEMPLATE) -> Iterator[str]:
        """A database that is the template, byte by byte: every run finds the same one."""
        self.execute("DROP DATABASE IF EXISTS bench_run", f"CREATE DATABASE bench_run TEMPLATE {template}")
        yield "bench_run"
        self.execute("DROP DATABASE bench_run")


# The clinic, and its service.
ORG = "00000000-0000-4000-8000-000000000000"


@dataclass
class Run:
    """One run of pgbench."""

    server: Server
    database: str
    # The files in sql/ that the script consists of.
    parts: list[str]
    clients: int
    variables: dict[str, object] = field(default_factory=dict)

    def measure(self) -> float:
        """Transactions per second, once it has warmed up. A transaction that fails ends the benchmark."""
        script = "".join((SQL / f"{part}.sql").read_text() for part in self.parts)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            done = subprocess.run(self._command(file.name), env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pgbench failed on {self.parts}:\n{done.stderr}")
        assert NONE_FAILED.search(done.stdout), done.stdout
        warm_at, warm_rate = (float(text) for text in WARM_UP.search(done.stderr).groups())
        counted = int(PROCESSED.search(done.stdout)[1]) - warm_rate * warm_at
        if counted < FEW * self.clients:
            # Transactions that last as long as the run: the last of them ended after it.
            return self.clients * 1000 / float(LATENCY.search(done.stdout)[1])
        return counted / (WARM_UP_SECONDS + SECONDS - warm_at)

    def _command(self, script: str) -> list[str]:
        usual = {"n": -1, "clients": self.clients, "slots": SLOTS, "seed": 1, "org": ORG, "service": ORG}
        duration = WARM_UP_SECONDS + SECONDS
        options = {"-c": self.clients, "-j": min(self.clients, 2), "-P": WARM_UP_SECONDS, "-T": duration, "-f": script}
        command = ["pgbench", "-n", "-M", "prepared", *(str(part) for option in options.items() for part in option)]
        for name, value in (usual | self.variables).items():
            command += ["-D", f"{name}={value}"]
        return [*command, self.database]

    def _environment(self) -> dict[str, str]:
        place = conninfo_to_dict(self.server.dsn)
        options = {"PGHOST": place["host"], "PGPORT": str(place["port"]), "PGUSER": place["user"], "PGOPTIONS": "-c timezone=UTC"}
        return os.environ | {name: str(value) for name, value in options.items()}


def settings(server: Server) -> dict[str, str]:
    """What a reader must know of the server."""
    names = ["server_version", "shared_buffers", "max_wal_size", "synchronous_commit", "full_page_writes", "autovacuum", "jit"]
    with server.connect() as session:
        return {name: session.execute(f"SHOW {name}").fetchone()[0] for name in names}


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
