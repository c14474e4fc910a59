"""The workflow that releases a version, and the check of its tag."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

TAGGED = ("Cargo.toml", "core/Cargo.toml", "worker/Cargo.toml", "META.json", "CHANGELOG.md", "pgrx.toml", "pg_booking.control")
VERSION = "7.8.9"


@pytest.fixture(scope="module")
def workflow(tree: Path) -> dict[str, Any]:
    # YAML takes the word `on` for true.
    return {str(key): value for key, value in yaml.safe_load((tree / ".github/workflows/release.yml").read_text()).items()}


@pytest.fixture
def released(tree: Path, version: str, tmp_path: Path) -> Path:
    """A tree in which everything has a version that is released."""
    shutil.copytree(tree / "scripts", tmp_path / "scripts")
    for name in TAGGED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = (tree / name).read_text().replace(f'version = "{version}"', f'version = "{VERSION}"', 1)
        (tmp_path / name).write_text(text.replace(f'"version": "{version}"', f'"version": "{VERSION}"'))
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(f"{changelog.read_text()}\n## [{VERSION}] - 2027-01-01\n\nNotes of it.\n\n## [7.8.8] - 2026-12-31\n\nOthers.\n")
    return tmp_path


def check_tag(tree: Path, tag: str) -> subprocess.CompletedProcess:
    return subprocess.run([tree / "scripts/check-tag.sh", tag], text=True, capture_output=True)


def steps(workflow: dict[str, Any], job: str) -> str:
    return "\n".join(step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step)


def test_a_tag_of_the_version_is_accepted(released: Path):
    done = check_tag(released, f"v{VERSION}")
    assert done.returncode == 0, done.stderr


def test_a_tag_of_another_version_is_refused(released: Path):
    done = check_tag(released, "v7.8.8")
    assert (done.returncode, f"tag the commit v{VERSION}" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["core/Cargo.toml", "worker/Cargo.toml", "META.json", "CHANGELOG.md"])
def test_a_file_with_another_version_is_refused(released: Path, name: str):
    file = released / name
    file.write_text(file.read_text().replace(VERSION, "7.8.8", 1))
    done = check_tag(released, f"v{VERSION}")
    assert (done.returncode, name in done.stderr) == (1, True), done.stdout


def test_the_tag_is_checked_before_anything_is_built(workflow: dict[str, Any]):
    assert workflow["True"] == {"push": {"tags": ["v*"]}}
    run = steps(workflow, "build")
    assert run.index('scripts/check-tag.sh "$GITHUB_REF_NAME"') < run.index("make package")


def test_packages_are_built_and_tested_for_every_postgresql_before_they_are_released(workflow: dict[str, Any], tree: Path):
    majors = tomllib.loads((tree / "pgrx.toml").read_text())["postgres"]["majors"]
    for job in ("build", "test"):
        assert workflow["jobs"][job]["strategy"]["matrix"]["pg"] == majors
    assert [workflow["jobs"][job].get("needs") for job in ("build", "test", "release")] == [None, "build", "test"]
    assert "scripts/suites/packages.sh" in steps(workflow, "test")
    assert workflow["jobs"]["test"]["env"]["BOOKING_PACKAGES"] == "packages"


def test_packages_are_built_as_the_images_are(workflow: dict[str, Any], tree: Path):
    image = re.search(r"^FROM (\S+) AS build$", (tree / "Dockerfile").read_text(), re.MULTILINE)[1]
    assert workflow["jobs"]["build"]["container"] == image


def test_only_the_release_may_write_and_only_contents(workflow: dict[str, Any]):
    assert workflow["permissions"] == {"contents": "read"}
    assert {job: stated.get("permissions") for job, stated in workflow["jobs"].items()} == {
        "build": None,
        "test": None,
        "release": {"contents": "write"},
    }


def test_actions_are_pinned_to_one_version_each(tree: Path):
    used = {}
    for workflow in (tree / ".github/workflows").glob("*.yml"):
        for action, version in re.findall(r"uses: (\S+?)@(\S+)", workflow.read_text()):
            used.setdefault(action, set()).add(version)
    assert all(len(versions) == 1 and re.fullmatch(r"v\d+\.\d+\.\d+", *versions) for versions in used.values()), used


def test_the_notes_of_a_release_are_the_section_of_its_version(workflow: dict[str, Any], released: Path):
    (command,) = [line for line in steps(workflow, "release").splitlines() if line.startswith("awk ")]
    subprocess.run(["bash", "-euc", command], cwd=released, env={"PATH": "/usr/bin:/bin", "GITHUB_REF_NAME": f"v{VERSION}"}, check=True)
    assert (released / "notes").read_text().strip() == "Notes of it."


def test_the_commands_of_the_workflow_are_shell(workflow: dict[str, Any]):
    for job in workflow["jobs"]:
        done = subprocess.run(["bash", "-n"], input=steps(workflow, job), text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
