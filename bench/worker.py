"""How many jobs booking-worker carries out in a second, and what it needs while many wait. Deliveries are no-ops (a dry run):
what is measured is claiming, making the text, and reporting.

    BOOKING_BENCH_DSN="host=... user=postgres dbname=postgres" python bench/worker.py BOOKING_WORKER
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg

TREE = Path(__file__).resolve().parents[1]
sys.path.append(str(TREE / "tests" / "python"))

from clinic import Clinic, assert_booked, future  # noqa: E402
from databases import database_with_extension  # noqa: E402

ORGANIZATIONS, JOBS, ROUNDS, WAITING = 50, 10_000, 3, 100_000

# What bookings would have written.
FILL = """
    INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
    SELECT %(org)s, gen_random_uuid(), 'confirmation', a.id, now() + %(wait)s::interval + n * interval '1 microsecond', a.starts_at
    FROM booking.appointments AS a, generate_series(1, %(count)s) AS n
    WHERE a.org_id = %(org)s"""


def main() -> None:
    binary = Path(sys.argv[1]).resolve()
    rates: dict[int, list[float]] = {1: [], 4: []}
    with database_with_extension(os.environ["BOOKING_BENCH_DSN"]) as dsn, psycopg.connect(dsn, autocommit=True) as session:
        clinics = [clinic_with_messages(session, dsn) for _ in range(ORGANIZATIONS)]
        # One after the other, in turn: what else the machine does falls on both.
        for _ in range(ROUNDS):
            for workers, measured in rates.items():
                fill(session, clinics, JOBS // ORGANIZATIONS, "0")
                measured.append(JOBS / drain(binary, dsn, workers))
                assert session.execute("SELECT count(*) FROM booking.outbox WHERE state <> 'succeeded'").fetchone()[0] == 0
                session.execute("TRUNCATE booking.outbox, booking.messages")
        fill(session, clinics, WAITING // ORGANIZATIONS, "1 day")
        waiting = resident(binary, dsn)
        session.execute("UPDATE booking.outbox SET run_at = now()")
        session.execute("ANALYZE booking.outbox")
        memory = {"waiting": waiting, "draining": most_resident(binary, dsn)}
    report(rates, memory)


def clinic_with_messages(session: psycopg.Connection, dsn: str) -> Clinic:
    clinic = Clinic.open(dsn, session)
    assert_booked(clinic.book(future()))
    session.execute("SELECT booking.set_messaging(%s, true, '{}')", [clinic.org_id])
    return clinic


def fill(session: psycopg.Connection, clinics: list[Clinic], count: int, wait: str) -> None:
    for clinic in clinics:
        session.execute(FILL, {"org": clinic.org_id, "count": count, "wait": wait})
    session.execute("ANALYZE booking.outbox")


def environment(dsn: str) -> dict[str, str]:
    return os.environ | {"BOOKING_DATABASE_URL": dsn, "BOOKING_LISTEN": "127.0.0.1:0", "RUST_LOG": "error", "BOOKING_POLL_MS": "20"}


def drain(binary: Path, dsn: str, workers: int) -> float:
    """The seconds until nothing is left."""
    began = time.monotonic()
    command = [binary, "run", "--dry-run", "--until-idle"]
    running = [subprocess.Popen(command, env=environment(dsn)) for _ in range(workers)]
    assert [worker.wait() for worker in running] == [0] * workers
    return time.monotonic() - began


def resident(binary: Path, dsn: str) -> dict[str, float]:
    """The memory of a worker that has looked at what waits a hundred times, in MiB."""
    with ExitStack() as stack:
        worker = stack.enter_context(subprocess.Popen([binary, "run", "--dry-run"], env=environment(dsn)))
        stack.callback(worker.kill)
        time.sleep(4)
        return memory_of(worker)


def most_resident(binary: Path, dsn: str) -> dict[str, float]:
    """The same of one that carries out all of them, as long as it runs."""
    memory = {}
    with subprocess.Popen([binary, "run", "--dry-run", "--until-idle"], env=environment(dsn)) as worker:
        while worker.poll() is None:
            # In its last moments it has none.
            memory = memory_of(worker) or memory
            time.sleep(0.1)
    assert worker.returncode == 0
    return memory


def memory_of(worker: subprocess.Popen) -> dict[str, float]:
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return {name: int(size) / 1024 for name, size in re.findall(r"^(VmRSS|VmHWM):\s+(\d+)", status, re.MULTILINE)}


def report(rates: dict[int, list[float]], memory: dict[str, dict[str, float]]) -> None:
    one, four = (statistics.median(rates[workers]) for workers in [1, 4])
    print(f"booking-worker, no-op deliveries, {JOBS} jobs of {ORGANIZATIONS} organizations, median of {ROUNDS} rounds in turn")
    for workers, measured in rates.items():
        shown = ", ".join(f"{rate:,.0f}" for rate in measured)
        print(f"  {workers} worker{'s' if workers > 1 else ' '}: {statistics.median(measured):8,.0f} jobs/s   (rounds: {shown})")
    print(f"  4 workers / 1 worker: {four / one:.2f}, on {os.cpu_count()} cores")
    waiting, draining = memory["waiting"], memory["draining"]
    print(f"  memory while {WAITING:,} jobs wait: {waiting['VmRSS']:.1f} MiB resident, {waiting['VmHWM']:.1f} MiB at most")
    print(f"  while one worker carries them all out: {draining['VmHWM']:.1f} MiB at most")
    result = TREE / "target" / "bench" / "worker.json"
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps({"jobs_per_second": rates, "memory_mib": memory}, indent=1))
    print(f"Written to {result.relative_to(TREE)}.")


if __name__ == "__main__":
    main()
