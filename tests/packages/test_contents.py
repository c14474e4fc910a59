"""What is in the packages, and what they say of themselves."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from package import Package

ENVIRONMENT_ONLY = {"config", "help", "version"}
# What is said for one run.
COMMAND_LINE_ONLY = {"until_idle"}


@pytest.fixture(scope="session")
def unpacked(worker: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of booking-worker."""
    return worker.unpack(tmp_path_factory.mktemp("booking-worker"))


@pytest.fixture(scope="session")
def options(unpacked: Path) -> dict[str, str | None]:
    """Those of `booking-worker run` that a file can have, by their names there, with what is usual."""
    said = subprocess.run([unpacked / "usr/bin/booking-worker", "run", "--help"], text=True, capture_output=True, check=True).stdout
    options = {}
    for option in re.split(r"\n(?= +(?:-\w, )?--)", said.split("\nOptions:\n")[1]):
        name = re.match(r" +(?:-\w, )?--([a-z-]+)", option)[1].replace("-", "_")
        usual = re.search(r"\[default:\s+(.+?)\]", option)
        options[name] = usual and usual[1]
    return {name: usual for name, usual in options.items() if name not in ENVIRONMENT_ONLY | COMMAND_LINE_ONLY}


def uncommented(config: Path) -> str:
    return re.sub(r"^#(?=[a-z_]+ = )", "", config.read_text(), flags=re.MULTILINE)


built_here = pytest.mark.skipif("BOOKING_PACKAGES_ARE_GIVEN" in os.environ, reason="they were built elsewhere, for another release")


@built_here
def test_lintian_has_nothing_to_say(extension: Package, worker: Package):
    """But for what is overridden, with its reason, in packaging/debian."""
    done = subprocess.run(["lintian", "--fail-on", "error,warning", extension.path, worker.path], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_packages_have_the_version_of_cargo_toml(extension: Package, worker: Package, version: str):
    assert [extension.field("Version"), worker.field("Version")] == [f"{version}-1", f"{version}-1"]


def test_the_extension_depends_on_its_postgresql_and_on_libraries(extension: Package, major: str):
    names = re.findall(r"[a-z0-9.+-]+(?= \(|,|$)", extension.field("Depends"))
    assert {f"postgresql-{major}", "libc6"} <= set(names)


def test_the_worker_depends_on_libraries_and_certificates(worker: Package):
    assert {"adduser", "ca-certificates", "libc6"} <= set(re.findall(r"[a-z0-9.+-]+(?= \(|,|$)", worker.field("Depends")))


def test_the_extension_has_every_version_of_its_schema(extension: Package, major: str, version: str, tree: Path):
    there = f"/usr/share/postgresql/{major}/extension"
    scripts = {path.name for path in [*(tree / "sql/released").glob("*.sql"), *(tree / "sql").glob("*--*--*.sql")]}
    expected = {f"{there}/{name}" for name in {*scripts, f"pg_booking--{version}.sql", "pg_booking.control"}}
    expected.add(f"/usr/lib/postgresql/{major}/lib/pg_booking.so")
    about_it = ("/usr/share/doc/", "/usr/share/lintian/")
    assert {path for path in extension.modes() if not path.startswith(about_it)} == expected


def test_the_packages_say_what_may_be_done_with_them(extension: Package, worker: Package):
    for package in (extension, worker):
        documents = f"/usr/share/doc/{package.field('Package')}"
        assert {f"{documents}/copyright", f"{documents}/changelog.gz", f"{documents}/changelog.Debian.gz"} <= package.modes().keys()


def test_the_manual_is_what_the_program_says(unpacked: Path):
    with gzip.open(unpacked / "usr/share/man/man1/booking-worker.1.gz", "rt") as manual:
        text = manual.read().replace("\\-", "-")
    assert ".SH OPTIONS" in text
    assert "--database-url" in text and "[env: BOOKING_DATABASE_URL]" in re.sub(r"\s+", " ", text)


def test_every_file_is_roots_and_only_secrets_are_hidden(extension: Package, worker: Package):
    modes = extension.modes() | worker.modes()
    hidden = {path: mode for path, mode in modes.items() if mode not in ("-rw-r--r-- root/root", "-rwxr-xr-x root/root")}
    assert hidden == {"/etc/booking-worker/environment": "-rw-r----- root/root"}


@built_here
def test_the_same_files_give_the_same_packages(extension: Package, worker: Package, tree: Path, tmp_path: Path):
    before = [hashlib.sha256(package.path.read_bytes()).hexdigest() for package in (extension, worker)]
    elsewhere = {**os.environ, "COLUMNS": "60", "TZ": "Asia/Tokyo", "BOOKING_LISTEN": "127.0.0.1:9"}
    subprocess.run([tree / "scripts/deb.sh", "--as-built", tmp_path], check=True, capture_output=True, env=elsewhere)
    again = [tmp_path / package.path.name for package in (extension, worker)]
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in again] == before


def test_the_configuration_has_every_option_and_what_is_usual(unpacked: Path, options: dict[str, str | None]):
    config = tomllib.loads(uncommented(unpacked / "etc/booking-worker/config.toml"))
    assert config.keys() == options.keys()
    usual = {name: value for name, value in options.items() if value is not None}
    assert {name: str(config[name]) for name in usual} == usual


def test_nothing_is_configured_unasked(unpacked: Path):
    assert tomllib.loads((unpacked / "etc/booking-worker/config.toml").read_text()) == {}
    assert [line for line in (unpacked / "etc/booking-worker/environment").read_text().splitlines() if line and line[0] != "#"] == []


def test_the_worker_takes_every_line_of_its_configuration(unpacked: Path, tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text(uncommented(unpacked / "etc/booking-worker/config.toml"))
    program = unpacked / "usr/bin/booking-worker"
    done = subprocess.run([program, "--config", config, "keys", "generate", "first"], text=True, capture_output=True, env={})
    assert done.returncode == 0, done.stderr
    config.write_text("concurrences = 3\n")
    done = subprocess.run([program, "--config", config, "keys", "generate", "first"], text=True, capture_output=True, env={})
    assert "concurrences is no option" in done.stderr


def test_the_variables_of_the_environment_are_those_that_the_worker_reads(unpacked: Path, tree: Path):
    named = set(re.findall(r"^#?(BOOKING_[A-Z_]+)=", (unpacked / "etc/booking-worker/environment").read_text(), re.MULTILINE))
    read = re.findall(r'"(BOOKING_[A-Z_]+)"', (tree / "worker/src/config.rs").read_text())
    assert named and named <= set(read)
