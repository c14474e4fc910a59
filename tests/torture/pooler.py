"""A pgbouncer in transaction mode between the clients and a server: each transaction may meet another session."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from processes import kill, start, wait_until
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = "6432"
PROGRAM = "pgbouncer"


@dataclass(frozen=True)
class Pooler:
    directory: Path
    dbname: str
    size: int

    def connect(self, role: str) -> psycopg.Connection:
        """An autocommit session that prepares nothing: pgbouncer knows prepared statements from 1.21 on only."""
        return psycopg.connect(self.dsn(role), autocommit=True, connect_timeout=60, prepare_threshold=None)

    def dsn(self, role: str) -> str:
        return make_conninfo(host=str(self.directory), port=PORT, user=role, dbname=self.dbname)


@contextmanager
def pooling(dsn: str, roles: list[str], size: int) -> Iterator[Pooler]:
    """To the database of `dsn`, with so many sessions there for each of these roles."""
    # Not in the directory of the test, which nobody else may enter, and the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="pg_booking-pooler-") as place:
        pooler = Pooler(Path(place), conninfo_to_dict(dsn)["dbname"], size)
        command = [PROGRAM, str(_configure(pooler, dsn, roles))]
        if getpass.getuser() == "root":
            # It refuses to run as root, as PostgreSQL does.
            shutil.chown(place, "postgres")
            user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            # Who changes the user forgets with whom it was to die.
            command = ["setpriv", *user, "--pdeathsig=KILL", "--", *command]
        with (Path(place) / "log").open("wb") as log:
            process = start(command, log)
        try:
            wait_until(_answers(pooler, roles[0]), f"{PROGRAM} to answer")
            yield pooler
        finally:
            kill(process)


def _configure(pooler: Pooler, dsn: str, roles: list[str]) -> Path:
    server = conninfo_to_dict(dsn)
    (pooler.directory / "roles").write_text("".join(f'"{role}" ""\n' for role in roles))
    configuration = pooler.directory / "pgbouncer.ini"
    configuration.write_text(f"""
[databases]
{pooler.dbname} = host={server["host"]} port={server["port"]} dbname={pooler.dbname}
[pgbouncer]
listen_addr =
listen_port = {PORT}
unix_socket_dir = {pooler.directory}
auth_type = trust
auth_file = {pooler.directory}/roles
pool_mode = transaction
default_pool_size = {pooler.size}
max_client_conn = 200
""")
    return configuration


def _answers(pooler: Pooler, role: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            pooler.connect(role).close()
        except psycopg.OperationalError:
            return False
        return True

    return answers
