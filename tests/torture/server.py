"""A cluster of a test's own, which may be killed. scripts/cluster.sh does the work."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from clinic import connect
from psycopg.conninfo import make_conninfo

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "cluster.sh"
# What is said to be committed is on its way to the disk. Killing processes proves that a server recovers; it does not prove the
# disk: what a process has written, the kernel keeps, and fsync=off would survive a kill just as well. Only a power cut tells.
SAFE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
# Many sessions and short waits: 16 clients, and whoever watches them. Vacuum comes as often as a busy day needs it.
QUICK = ("max_connections=100", "autovacuum_naptime=1s")


class Server:
    """scripts/suites/torture.sh removes whatever is left of these."""

    def __init__(self, name: str, *settings: str) -> None:
        self.name, self.settings = name, (*SAFE, *QUICK, *settings)

    def start(self) -> Self:
        """Makes it if need be; recovers if it was killed."""
        self._run("start", *self.settings)
        return self

    def follow(self, primary: Server) -> Self:
        """Makes it as a standby of one that runs."""
        self._run("standby", primary.name)
        return self.start()

    def change(self, **settings: str | None) -> None:
        """By ALTER SYSTEM, for as long as there is its cluster; None takes one back."""
        with connect(self.dsn()) as admin:
            for name, value in settings.items():
                admin.execute(f"ALTER SYSTEM RESET {name}" if value is None else f"ALTER SYSTEM SET {name} = '{value}'")
            admin.execute("SELECT pg_reload_conf()")

    def kill(self) -> None:
        """SIGKILL to the server and to each of its processes."""
        self._run("kill")

    def remove(self) -> None:
        self._run("remove")

    def dsn(self, dbname: str = "postgres") -> str:
        """The connection string of a superuser."""
        return make_conninfo(host=self._run("socket").strip(), port=os.environ["BOOKING_TEST_PORT"], user="postgres", dbname=dbname)

    def _run(self, action: str, *arguments: str) -> str:
        done = subprocess.run(
            [SCRIPT, action, self.name, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"cluster.sh {action} {self.name}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running(name: str, *settings: str) -> Iterator[Server]:
    """A new one, from entering to leaving."""
    server = Server(name, *settings)
    server.remove()
    try:
        yield server.start()
    finally:
        server.remove()
