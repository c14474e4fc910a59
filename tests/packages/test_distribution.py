"""What PGXN is given: META.json by its specification 1.0.0 (https://pgxn.org/spec), and the archive of the tree."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

REQUIRED = {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"}
OPTIONAL = {"description", "generated_by", "release_status", "tags", "no_index", "prereqs", "resources"}
SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
# At least two characters, with no white space, control character or slash among them.
TERM = re.compile(r"[^\s\x00-\x1f\x7f/\\]{2,}")
LICENSES = {"MIT": "mit", "Apache-2.0": "apache_2_0"}


@pytest.fixture(scope="module")
def meta(tree: Path) -> dict[str, Any]:
    return json.loads((tree / "META.json").read_text())


@pytest.fixture(scope="module")
def cargo(tree: Path) -> dict[str, Any]:
    return tomllib.loads((tree / "Cargo.toml").read_text())["package"]


@pytest.fixture(scope="module")
def archive(tree: Path, version: str) -> zipfile.ZipFile:
    said = subprocess.run([tree / "scripts/dist.sh"], text=True, capture_output=True, check=True).stdout.strip()
    assert said == f"target/package/pg_booking-{version}.zip"
    return zipfile.ZipFile(io.BytesIO((tree / said).read_bytes()))


def test_there_is_every_field_that_is_required_and_none_that_is_unknown(meta: dict[str, Any]):
    assert meta.keys() >= REQUIRED
    assert meta.keys() <= REQUIRED | OPTIONAL
    assert all(meta[field] for field in REQUIRED)


def test_the_specification_is_named(meta: dict[str, Any]):
    assert meta["meta-spec"] == {"version": "1.0.0", "url": "https://pgxn.org/meta/spec.txt"}


def test_names_and_tags_are_of_the_allowed_form(meta: dict[str, Any]):
    assert all(TERM.fullmatch(name) for name in [meta["name"], *meta["provides"]])
    assert all(re.fullmatch(r"[^\x00-\x1f\x7f/\\]{1,256}", tag) for tag in meta["tags"])
    assert meta["release_status"] in ("stable", "testing", "unstable")


def test_the_versions_are_those_of_cargo_toml(meta: dict[str, Any], version: str):
    assert SEMANTIC_VERSION.fullmatch(version)
    assert {meta["version"], *(provided["version"] for provided in meta["provides"].values())} == {version}


def test_what_it_is_and_its_licenses_are_those_of_cargo_toml(meta: dict[str, Any], cargo: dict[str, Any]):
    assert meta["abstract"] == cargo["description"]
    assert meta["license"] == [LICENSES[name] for name in cargo["license"].split(" OR ")]


def test_the_extension_is_provided_with_files_that_exist(meta: dict[str, Any], tree: Path):
    assert meta["provides"].keys() == {path.stem for path in tree.glob("*.control")}
    for provided in meta["provides"].values():
        assert provided.keys() <= {"file", "version", "abstract", "docfile"}
        assert (tree / provided["file"]).is_file()
        assert (tree / provided["docfile"]).is_file()


def test_it_requires_what_the_control_file_and_the_pins_do(meta: dict[str, Any], tree: Path):
    requires = meta["prereqs"]["runtime"]["requires"]
    oldest = min(tomllib.loads((tree / "pgrx.toml").read_text())["postgres"]["majors"])
    control = re.search(r"^requires = '(.+)'$", (tree / "pg_booking.control").read_text(), re.MULTILINE)[1]
    assert requires == {"PostgreSQL": f"{oldest}.0.0", **dict.fromkeys(control.split(", "), 0)}


def test_the_archive_has_what_is_committed_below_its_name(archive: zipfile.ZipFile, tree: Path, version: str):
    committed = subprocess.run(["git", "-C", tree, "ls-tree", "-r", "--name-only", "HEAD"], text=True, capture_output=True, check=True)
    files = {name for name in archive.namelist() if not name.endswith("/")}
    assert files == {f"pg_booking-{version}/{name}" for name in committed.stdout.splitlines()}


def test_the_archive_has_what_its_metadata_names(archive: zipfile.ZipFile, version: str):
    inside = json.loads(archive.read(f"pg_booking-{version}/META.json"))
    names = set(archive.namelist())
    for provided in inside["provides"].values():
        assert {f"pg_booking-{version}/{provided[key]}" for key in ("file", "docfile")} <= names


def test_a_client_of_pgxn_builds_for_the_postgresql_it_names(tree: Path, tmp_path: Path):
    """It calls make with PG_CONFIG; what the scripts read is PG."""
    pg_config = tmp_path / "pg_config"
    pg_config.write_text("#!/bin/sh\necho PostgreSQL 16.3\n")
    pg_config.chmod(0o755)
    command = ["make", "--no-print-directory", "--eval", "show: ; @echo $$PG", "show", f"PG_CONFIG={pg_config}"]
    said = subprocess.run(command, cwd=tree, text=True, capture_output=True, check=True).stdout
    assert said == "16\n"
    dry = subprocess.run(["make", "--dry-run", "all"], cwd=tree, text=True, capture_output=True, check=True).stdout
    assert "scripts/package.sh" in dry
