"""The program booking-worker, as an operator starts, stops and loses it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from processes import PATIENCE, kill, start, wait_until

LOGS = Path(__file__).resolve().parents[1] / "results" / "worker"
# What a program needs of its surroundings; all else is stated by the test.
INHERITED = ("PATH", "HOME", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Courier:
    """`binary run FLAGS`, from entering to leaving. What it prints goes to tests/results/worker/NAME.log."""

    def __init__(
        self, binary: Path, name: str, flags: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        """`env` is all of its environment, but for PATH and the like."""
        self._command = [binary, "run", *flags]
        self._env = {key: os.environ[key] for key in INHERITED if key in os.environ} | dict(env or {})
        # The names of tests have brackets, and values between them.
        self.log_file = LOGS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log_file.unlink(missing_ok=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Again, after it has ended; the log goes on."""
        assert not self.is_running, "it runs already"
        with self.log_file.open("ab") as log:
            self.process = start(self._command, log, self._env)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """All that it has printed so far, to stdout and to stderr."""
        return self.log_file.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL, also while it is paused."""
        kill(self.process)

    def terminate(self, timeout: float = PATIENCE) -> int:
        """SIGTERM, and its exit status: minus the number of the signal if one ended it. It has the time stated."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit status of one that ends by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end; {self._last_words()}") from None

    def pause(self) -> None:
        """SIGSTOP, and returns when it stands: as a machine that swaps, or is being moved."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: self._state() == "T", "it to stand")

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def wait_until(self, holds: Callable[[], object], what: str = "what the test waits for", timeout: float = PATIENCE) -> None:
        """Asks until the answer is yes, or the program has ended."""

        def holds_or_has_ended() -> bool:
            if holds():
                return True
            assert self.is_running, f"it ended with {self.process.returncode} before {what}"
            return False

        try:
            wait_until(holds_or_has_ended, what, timeout)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; {self._last_words()}") from None

    def wait_for_log(self, pattern: str, timeout: float = PATIENCE) -> re.Match[str]:
        """The first place in the log that matches this regular expression."""
        self.wait_until(lambda: re.search(pattern, self.log), f"a line with {pattern}", timeout)
        return re.search(pattern, self.log)

    def _state(self) -> str:
        """R, S, T, Z: see proc(5)."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def _last_words(self) -> str:
        return f"its log {self.log_file} ends: {self.log[-2000:]}"
