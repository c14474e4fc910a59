#!/usr/bin/env python3
"""Writes the lower part of the upgrade script of the version in development: the tables, functions, rights and comments that a
new installation has and the release before it has not. Its upper part, up to the line below, is written by hand: it changes what
is there already. Run after scripts/install.sh; tests/python/test_upgrade.py compares what comes out with a new installation.

    scripts/upgrade-script.py
"""

from __future__ import annotations

import re
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
GENERATED = "-- From here on written by scripts/upgrade-script.py.\n"
FUNCTION = re.compile(
    r'CREATE +FUNCTION (?:booking\.)?"?(\w+)"?\((?:(?!CREATE ).)*?\n *AS \'MODULE_PATHNAME\', \'\w+\';\n', re.DOTALL)
TABLE = re.compile(r'extension_sql_file!\(\s*"\.\./sql/tables/(\w+)\.sql"')
PINNED = re.compile(r"/\*.*?\*/")


def version() -> str:
    return re.search(r'^version = "(.*)"', (TREE / "Cargo.toml").read_text(), re.MULTILINE)[1]


def released() -> Path:
    return max((TREE / "sql/released").glob("*.sql"), key=lambda path: [int(part) for part in path.stem.split("--")[1].split(".")])


def schema() -> str:
    return next((TREE / "target/release").glob(f"pg_booking-pg*/**/pg_booking--{version()}.sql")).read_text()


def new_tables(before: str) -> list[str]:
    tables = TABLE.findall((TREE / "src/lib.rs").read_text())
    return [(TREE / f"sql/tables/{table}.sql").read_text() for table in tables if f"CREATE TABLE booking.{table} (" not in before]


def new_functions(before: str) -> dict[str, str]:
    known = {match[1] for match in FUNCTION.finditer(before)}
    found = {match[1]: match[0] for match in FUNCTION.finditer(schema()) if match[1] not in known}
    return {name: one_function(name, text) for name, text in sorted(found.items())}


def one_function(name: str, text: str) -> str:
    text = PINNED.sub("", text).replace(f'CREATE  FUNCTION "{name}"', f"CREATE FUNCTION booking.{name}")
    lines = [line.replace("\t", "    ").rstrip() for line in text.splitlines()]
    return "\n".join(re.sub(r" +,", ",", line) for line in lines if line.strip()) + "\n"


def main() -> None:
    old = released()
    before = old.read_text()
    target = TREE / f"sql/pg_booking--{old.stem.split('--')[1]}--{version()}.sql"
    by_hand = target.read_text().partition(GENERATED)[0]
    functions = new_functions(before)
    tables = new_tables(before)
    withheld = [*functions, *re.findall(r"^CREATE FUNCTION booking\.(\w+)", "".join(tables), re.MULTILINE)]
    for_everybody = re.search(r"^GRANT EXECUTE ON FUNCTION [^;]*;\n", (TREE / "sql/rights.sql").read_text(), re.MULTILINE)[0]
    grants = (TREE / "sql/functions/grants.sql").read_text().replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    parts = [
        *tables,
        *functions.values(),
        "REVOKE ALL ON FUNCTION\n    " + ",\n    ".join(f"booking.{name}" for name in withheld) + "\n    FROM PUBLIC;\n" + for_everybody,
        grants,
        (TREE / "sql/comments.sql").read_text(),
    ]
    target.write_text(by_hand + GENERATED + "\n" + "\n".join(parts))


if __name__ == "__main__":
    main()
