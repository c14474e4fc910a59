"""A clean machine that boots: systemd-nspawn over the files of scripts/clean-machine.sh, which stay as they are. What is written is in
memory and gone with the machine, its network leads nowhere, and no process of it outlives the test."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

PATIENCE = 120.0
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
# Programs of the machine are found where they are on every Debian, wherever those of the tests are.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


class Machine:
    """Boots when it is entered, and is off when it is left. `shown` are directories to be seen in it, read-only: {there: here}."""

    def __init__(self, files: Path, shown: dict[str, Path]) -> None:
        self._files = files
        self._shown = shown
        self._nspawn: subprocess.Popen | None = None
        self._first_process = 0

    def __enter__(self) -> Machine:
        # The lock keeps others from a directory that is written to. This one is not.
        command = [*AS_ROOT, "env", "SYSTEMD_NSPAWN_LOCK=0", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]
        command += [f"--directory={self._files}", f"--machine=pg-booking-{os.getpid()}-{id(self)}", "--volatile=overlay"]
        command += ["--private-network", "--resolv-conf=off", "--timezone=off", "--console=pipe", "--boot"]
        command += [f"--bind-ro={here}:{there}" for there, here in self._shown.items()]
        self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self._first_process = self._wait_for(self._find_first_process, "a first process")
            self._wait_for(self._has_booted, "a system that has booted")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._first_process:
            subprocess.run([*AS_ROOT, "kill", "-KILL", str(self._first_process)], check=False)
        elif self._nspawn.poll() is None:
            subprocess.run([*AS_ROOT, "kill", "-TERM", str(self._nspawn.pid)], check=False)
        self._nspawn.communicate(timeout=PATIENCE)

    def run(
        self, *command: str, user: str = "root", env: dict[str, str] | None = None, text: str = "", ok: bool = True
    ) -> subprocess.CompletedProcess:
        """Runs a command to its end, and fails with what it said if it fails and `ok` is asked for."""
        done = subprocess.run(self._inside(command, user, env), input=text, text=True, capture_output=True, timeout=PATIENCE)
        if ok:
            assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command: str, user: str = "root", env: dict[str, str] | None = None) -> None:
        """Starts what is to run on, until the machine is off."""
        subprocess.Popen(
            self._inside(command, user, env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def psql(self, statements: str, database: str = "clinic") -> str:
        """Runs statements as a superuser, and returns what they answer, unaligned."""
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]
        return self.run(*command, user="postgres", text=statements).stdout.strip()

    def wait_until(self, *command: str, env: dict[str, str] | None = None) -> None:
        """Waits until a command succeeds."""
        self._wait_for(lambda: self.run(*command, env=env, ok=False).returncode == 0, f"success of {' '.join(command)}")

    def files(self) -> set[str]:
        """Every file, directory and link, without what systems make and remove while they run."""
        passing = ("proc", "sys", "dev", "run", "tmp", "var/tmp", "packages", "tree")
        pruned = " -o ".join(f"-path /{path}" for path in passing)
        return set(self.run("sh", "-c", rf"find / -xdev \( {pruned} \) -prune -o -print").stdout.splitlines())

    def _inside(self, command: tuple[str, ...], user: str, env: dict[str, str] | None) -> list[str]:
        enter = [*AS_ROOT, "nsenter", "--target", str(self._first_process), "--all", "--root", "--wdns=/"]
        variables = [f"{name}={value}" for name, value in {**ENVIRONMENT, **(env or {})}.items()]
        become = [] if user == "root" else ["runuser", "-u", user, "--"]
        return [*enter, *become, "env", "-i", *variables, *command]

    def _has_booted(self) -> bool:
        # Some service of the system may miss a real machine; that is "degraded", and not what is tested.
        return self.run("systemctl", "is-system-running", ok=False).stdout.strip() in ("running", "degraded")

    def _find_first_process(self) -> int:
        if self._nspawn.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended with status {self._nspawn.returncode}: {self._nspawn.stdout.read().decode()}")
        return next((pid for pid in descendants(self._nspawn.pid) if is_first(pid)), 0)

    def _wait_for(self, condition, what: str):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"the machine has not come to {what} in {PATIENCE:.0f} seconds"
            time.sleep(0.05)
        return found


def descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], text=True, capture_output=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def is_first(pid: int) -> bool:
    """Whether it is the first process of a machine, and has become its init."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return fields["Name"] == "systemd" and fields["NSpid"].split()[1:] == ["1"]
