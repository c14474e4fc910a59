"""A Courier holds its program: it starts, stands, ends and dies when the test says so, and never outlives it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from courier import Courier
from processes import wait_until

# Takes leave on SIGTERM, unless its flag says it does not listen.
PROGRAM = f"""#!{sys.executable}
import os, signal, sys
def leave(*_):
    print("bye", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "--deaf" in sys.argv else leave)
print(sys.argv[1:], os.environ.get("STATED"), "HIDDEN" in os.environ, flush=True)
print("to stderr", file=sys.stderr, flush=True)
if "--broken" in sys.argv:
    sys.exit(2)
print("ready", flush=True)
while True:
    signal.pause()
"""

# Says who its courier is, and lasts until it is killed.
KEEPER = """
import pathlib, signal, sys
sys.path.insert(0, sys.argv[1])
from courier import Courier
with Courier(pathlib.Path(sys.argv[2]), "test_courier-kept") as courier:
    courier.wait_for_log("ready")
    print(courier.process.pid, flush=True)
    signal.pause()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    program = tmp_path / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return program


@pytest.fixture
def running(program: Path, request: pytest.FixtureRequest) -> Iterator[Courier]:
    with Courier(program, request.node.name) as courier:
        courier.wait_for_log("ready")
        yield courier


def is_there(pid: int) -> bool:
    """Whether it runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_has_the_flags_and_the_environment_of_the_test_alone(program: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HIDDEN", "1")
    with Courier(program, "test_courier[flags/1]", ["--flag", "value"], {"STATED": "stated"}) as courier:
        courier.wait_for_log("ready")
        assert courier.log == "['run', '--flag', 'value'] stated False\nto stderr\nready\n"
        assert courier.log_file.name == "test_courier_flags_1_.log"
        assert courier.log_file.parent.parts[-3:] == ("tests", "results", "worker")


def test_it_leaves_on_sigterm_with_its_own_status(running: Courier):
    assert running.terminate() == 3
    assert running.log.endswith("bye\n")
    assert not running.is_running


def test_one_that_does_not_leave_is_told_of_with_its_log(program: Path):
    with Courier(program, "test_courier-deaf", ["--deaf"]) as courier:
        courier.wait_for_log("ready")
        with pytest.raises(AssertionError, match=r"(?s)it does not end; its log .*ready"):
            courier.terminate(timeout=0.05)
    assert not courier.is_running


def test_a_paused_one_does_nothing_until_it_is_resumed(running: Courier):
    running.pause()
    running.process.terminate()
    assert running.is_running
    assert "bye" not in running.log
    running.resume()
    assert running.wait() == 3


def test_a_paused_one_can_be_killed(running: Courier):
    running.pause()
    running.kill()
    assert running.process.returncode == -9
    assert "bye" not in running.log
    running.kill()


def test_it_can_be_started_again_and_the_log_goes_on(running: Courier):
    running.kill()
    running.start()
    running.wait_until(lambda: running.log.count("ready") == 2)
    with pytest.raises(AssertionError, match="it runs already"):
        running.start()


def test_waiting_ends_when_the_program_has_ended(program: Path):
    expected = r"(?s)it ended with 2 before a line with ready; its log .*to stderr"
    with Courier(program, "test_courier-broken", ["--broken"]) as courier, pytest.raises(AssertionError, match=expected):
        courier.wait_for_log("ready")


def test_waiting_in_vain_is_told_of_with_the_log(running: Courier):
    with pytest.raises(AssertionError, match=r"(?s)waited in vain for a miracle; its log .*ready"):
        running.wait_until(lambda: False, "a miracle", timeout=0.05)


def test_it_does_not_outlive_a_test_that_fails(program: Path):
    def fails(courier: Courier) -> None:
        with courier:
            courier.wait_for_log("ready")
            raise ZeroDivisionError

    courier = Courier(program, "test_courier-fails")
    with pytest.raises(ZeroDivisionError):
        fails(courier)
    assert not is_there(courier.process.pid)


def test_it_does_not_outlive_a_python_that_is_killed(program: Path):
    command = [sys.executable, "-c", KEEPER, str(Path(__file__).parent), str(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as keeper:
        pid = int(keeper.stdout.readline())
        assert is_there(pid)
        keeper.kill()
    wait_until(lambda: not is_there(pid), "the courier to be gone")
