"""Dockerfile and compose.yaml, as docker reads them. There may be no docker here: what it would run is run without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser


@dataclass(frozen=True)
class Stage:
    """An image of Dockerfile: what it is made from, and what is then done, in order."""

    base: str
    instructions: list[tuple[str, str]]

    def all(self, instruction: str) -> list[str]:
        return [value for name, value in self.instructions if name == instruction]

    def only(self, instruction: str) -> str:
        (value,) = self.all(instruction)
        return value


def stages(dockerfile: Path) -> dict[str, Stage]:
    """The stages by name; what stands before the first of them has no name."""
    parser = DockerfileParser(path=str(dockerfile), env_replace=False)
    found = {"": Stage("", [])}
    name = ""
    for entry in parser.structure:
        instruction, value = entry["instruction"], entry["value"]
        if instruction == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", value).groups()
            found[name] = Stage(base, [])
        elif instruction != "COMMENT":
            found[name].instructions.append((instruction, value))
    return found


def compose(file: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The services of compose.yaml, its variables replaced by those of an environment as docker compose does."""
    return substitute(yaml.safe_load(file.read_text())["services"], environment)


def substitute(value: Any, environment: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: substitute(part, environment) for key, part in value.items()}
    if isinstance(value, list):
        return [substitute(part, environment) for part in value]
    return re.sub(VARIABLE, lambda found: replacement(found, environment), value) if isinstance(value, str) else value


# $$, or ${NAME}, ${NAME:-what is usual}, ${NAME:?why it must be there}
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\})")


def replacement(found: re.Match, environment: dict[str, str]) -> str:
    if found["escaped"]:
        return "$"
    value = environment.get(found["name"], "")
    if value or not found["kind"]:
        return value
    if found["kind"] == "?":
        raise KeyError(f"{found['name']}: {found['text']}")
    return found["text"]


def environment_of(service: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
    """What a service is started with: a variable without a value is there only if it is set."""
    stated = {name: environment.get(name) if value is None else str(value) for name, value in service["environment"].items()}
    return {name: value for name, value in stated.items() if value is not None}


def variables(file: Path, commented: bool = False) -> dict[str, str]:
    """Those of a file like .env; with those behind a #, if asked for."""
    pattern = r"^#?([A-Z_]+)=(.*)$" if commented else r"^([A-Z_]+)=(.*)$"
    return dict(re.findall(pattern, file.read_text(), re.MULTILINE))
