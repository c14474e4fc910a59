"""A Debian package, as dpkg-deb sees it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    path: Path

    @classmethod
    def only(cls, directory: Path, name: str) -> Package:
        """The one of that name in a directory."""
        found = list(directory.glob(f"{name}_*.deb"))
        assert len(found) == 1, f"{directory} has {len(found)} packages {name}, and not one"
        return cls(found[0])

    @property
    def inside(self) -> str:
        """Where a test's machine has it."""
        return f"/packages/{self.path.name}"

    def field(self, name: str) -> str:
        return self._deb("--field", str(self.path), name).strip()

    def modes(self) -> dict[str, str]:
        """Files, without directories, and what `ls -l` would say of them: {path: "-rw-r--r-- root/root"}."""
        listed = [line.split(maxsplit=5) for line in self._deb("--contents", str(self.path)).splitlines()]
        return {path[1:]: f"{mode} {owner}" for mode, owner, _, _, _, path in listed if not mode.startswith("d")}

    def unpack(self, directory: Path) -> Path:
        self._deb("--extract", str(self.path), str(directory))
        return directory

    @staticmethod
    def _deb(*arguments: str) -> str:
        return subprocess.run(["dpkg-deb", *arguments], text=True, capture_output=True, check=True).stdout
