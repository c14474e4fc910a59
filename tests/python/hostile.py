"""Inputs that nobody means, and what became of a call that got one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest

MEGABYTE = 1_000_000
HUGE_INT, TINY_INT = 2_147_483_647, -2_147_483_648

# Wrong wherever a text is read: as a name, a phone, an address, a service, a key, a zone or a region.
TEXTS = {
    "a megabyte": "x" * MEGABYTE,
    "a megabyte of combining marks": "e" + "\u0301" * (MEGABYTE // 2),
    "a bell": "Ann\x07Lee",
    "an escape sequence": "\x1b[2J\x1b[31mAnn",
    "a delete": "Ann\x7f",
    "a C1 control": "Ann\u0085\u009bLee",
    "a line break": "Ann\nBcc: all@example.com",
    "right-to-left marks": "\u200f\u202eAnn\u2066",
    "a byte-order mark": "Ann\ufeffLee",
    "zero-width spaces": "\u200b\u200b\u200b",
}
BLANKS = {"nothing": "", "a space": " ", "white space": " \t\r\n\u00a0\u2003\u3000 ", "a megabyte of spaces": " " * MEGABYTE}

NO_DURATIONS = [0, -1, -30, 1441, HUGE_INT, TINY_INT]
TOO_FAR = ["294276-12-31 12:00+00", "262145-01-01 00:00+00", "9999-12-31 00:00+00"]
LONG_AGO = ["4713-01-01 00:00+00 BC", "0044-03-15 12:00+00 BC", "0001-01-01 00:00+00", "1899-12-31 00:00+00"]
FOREVER = ["infinity", "-infinity"]

NOBODY = str(uuid4())

TABLES = """
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"""
READABLE_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
      AND has_column_privilege(attrelid, attnum, 'SELECT')"""


def by_name(texts: dict[str, str]) -> list:
    """The texts as parameters of a test, under their names."""
    return [pytest.param(text, id=name) for name, text in texts.items()]


@dataclass(frozen=True)
class Outcome:
    """The refusal's code or the error's SQLSTATE; `value` where there was neither."""

    code: str | None
    message: str
    hint: str
    value: Any = None


def call(session: psycopg.Connection, sql: str, parameters: object = None) -> Outcome:
    """What a statement that returns one value made of its input."""
    try:
        row = session.execute(sql, parameters).fetchone()
    except psycopg.Error as error:
        return Outcome(error.sqlstate, error.diag.message_primary or "", error.diag.message_hint or "")
    value = row and row[0]
    answer = value.get("result", value) if isinstance(value, dict) else None
    if isinstance(answer, dict) and answer.get("success") is False:
        return Outcome(answer["error"], answer["message"], answer.get("hint", ""), value)
    return Outcome(None, "", "", value)


def assert_refused(outcome: Outcome, code: str) -> None:
    """Refused as expected, in words that fit a log line and with a way out where the words are ours."""
    assert outcome.code == code, outcome
    assert outcome.message.strip(), outcome
    assert len(outcome.message) < 1000, outcome.message
    assert not any(ord(character) < 32 for character in outcome.message), repr(outcome.message)
    if code == "22023" or code.islower():
        assert outcome.hint.strip() or code in ("date_in_past", "slot_unavailable"), outcome


def row_counts(session: psycopg.Connection) -> dict[str, int]:
    """How many rows every table of the extension has."""
    tables = [row[0] for row in session.execute(TABLES)]
    counts = session.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
    return dict(counts.fetchall())


def everything(session: psycopg.Connection, org_id: str) -> dict[str, list[str]]:
    """Every row that an organization has in any table of the extension, to the last column that has a value.

    Of a table that keeps some columns from the reader (sealed secrets), the others."""
    tables = [row[0] for row in session.execute(TABLES)]
    return {table: rows_of(session, table, org_id) for table in tables}


def rows_of(session: psycopg.Connection, table: str, org_id: str) -> list[str]:
    columns = session.execute(READABLE_COLUMNS, [table]).fetchone()[0]
    rows = f"SELECT jsonb_strip_nulls(to_jsonb(t))::text FROM (SELECT {columns} FROM {table} WHERE org_id = %s) AS t"
    return sorted(row[0] for row in session.execute(rows, [org_id]))
