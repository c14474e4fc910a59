"""Processes that end with the tests, whatever ends the tests."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PATIENCE = 30.0
PAUSE = 0.01

_running: set[subprocess.Popen[bytes]] = set()


def wait_until(holds: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
    """Asks until the answer is yes. What `holds` raises is raised."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(PAUSE)


def start(
    command: Sequence[str | Path], output: IO[bytes], env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A process in a group of its own. The kernel kills it when Python dies, even of SIGKILL."""
    command = [str(word) for word in command]
    # The kernel looks at the thread that started the process: it must be one that lasts.
    if (setpriv := shutil.which("setpriv")) and threading.current_thread() is threading.main_thread():
        command = [setpriv, "--pdeathsig", "KILL", "--", *command]
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    _running.add(process)
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills the process with all that it has started, and takes leave of it. Does no harm twice."""
    # Until it is waited for, its number is nobody else's.
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
    _running.discard(process)


@atexit.register
def _kill_all() -> None:
    for process in tuple(_running):
        kill(process)
