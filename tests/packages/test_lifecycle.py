"""The packages come, are upgraded, and go."""

from __future__ import annotations

import re

import pytest
from machine import Machine
from office import CONFIG, is_active, main_process
from package import Package


@pytest.fixture
def installed(machine: Machine, extension: Package, worker: Package) -> Machine:
    machine.run("dpkg", "--install", extension.inside, worker.inside)
    return machine


@pytest.fixture
def running(installed: Machine, set_up: list[str]) -> Machine:
    """With the worker at work."""
    for block in set_up:
        installed.run("bash", "-euc", f"cd /packages\n{block}")
    assert is_active(installed)
    return installed


def of_ours(files: set[str]) -> set[str]:
    """Those that have our name."""
    return {file for file in files if "booking" in file and not file.startswith("/packages")}


def test_the_service_is_neither_enabled_nor_started_unasked(installed: Machine):
    assert not is_active(installed)
    assert installed.run("systemctl", "is-enabled", "booking-worker", ok=False).stdout.strip() == "disabled"


def test_without_postgresql_the_extension_is_not_set_up(machine: Machine, extension: Package, major: str):
    machine.run("dpkg", "--remove", "--force-depends", f"postgresql-{major}")
    refused = machine.run("dpkg", "--install", extension.inside, ok=False)
    assert refused.returncode != 0
    assert f"depends on postgresql-{major}" in refused.stderr


def test_what_was_installed_is_gone_after_purge(machine: Machine, extension: Package, worker: Package):
    before = machine.files()
    machine.run("dpkg", "--install", extension.inside, worker.inside)
    there = machine.files() - before
    # /lib is a link to /usr/lib.
    packaged = {re.sub("^/lib/", "/usr/lib/", path) for path in [*extension.modes(), *worker.modes()]}
    assert packaged <= there
    machine.run("dpkg", "--purge", "booking-worker", extension.field("Package"))
    assert machine.files() - before <= {"/var/log/dpkg.log", "/var/log/alternatives.log"}
    assert before - machine.files() == set()


def test_remove_leaves_the_configuration_only(installed: Machine, extension: Package):
    installed.run("dpkg", "--remove", "booking-worker", extension.field("Package"))
    left = {file for file in of_ours(installed.files()) if not file.startswith(("/var/lib/dpkg/", "/var/lib/systemd/"))}
    assert left == {"/etc/booking-worker", "/etc/booking-worker/config.toml", "/etc/booking-worker/environment"}


def test_purge_ends_the_service_and_takes_what_it_had_but_not_the_keys(running: Machine):
    process = main_process(running)
    running.run("dpkg", "--purge", "booking-worker")
    assert not is_active(running)
    assert running.run("test", "-e", f"/proc/{process}", ok=False).returncode == 1
    assert of_ours(running.files()) & {"/var/lib/booking-worker", CONFIG, "/etc/booking-worker/environment"} == set()
    assert [file for file in running.files() if file.endswith("wants/booking-worker.service")] == []
    running.run("test", "-s", "/etc/booking-worker/keys")


def test_an_upgrade_keeps_what_was_edited(installed: Machine, worker: Package):
    installed.run("tee", "--append", CONFIG, "/etc/booking-worker/environment", text="# ours\n")
    installed.run("chmod", "600", "/etc/booking-worker/environment")
    installed.run("dpkg", "--install", worker.inside)
    for file in (CONFIG, "/etc/booking-worker/environment"):
        assert installed.run("tail", "-n", "1", file).stdout == "# ours\n"
    assert installed.run("stat", "-c", "%a %G", "/etc/booking-worker/environment").stdout == "600 booking-worker\n"


def test_an_upgrade_does_not_start_what_does_not_run(installed: Machine, worker: Package):
    installed.run("dpkg", "--install", worker.inside)
    assert not is_active(installed)


def test_an_upgrade_restarts_what_runs(running: Machine, worker: Package):
    before = main_process(running)
    running.run("dpkg", "--install", worker.inside)
    assert is_active(running)
    assert main_process(running) not in ("0", before)
