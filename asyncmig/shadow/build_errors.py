"""A statement of the models that a server refuses, told in the words of the models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.server_errors import position_of, sqlstate_of
from asyncmig.errors import DatabaseError
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.models import ModelStatement

__all__ = ["BuildErrors", "MissingObjects", "is_out_of_locks"]

_ELSEWHERE = 'build the models elsewhere: shadow_url = "embedded"'

_ABSENT = frozenset({"3F000", "42703", "42704", "42883", "42P01"})
"""SQLSTATEs of statements that name what is not there."""

_ADVICE = {
    "42P07": "tables, indexes, sequences and views of a schema share their names: give one of them another",
    "42710": "give one of them another name",
    "42830": "give the columns that it leads to a primary key or a unique constraint",
    "42501": "grant the privilege to the role that compares, set `role` to one that has it, or "
    f"{_ELSEWHERE}, or the URL of a scratch database",
}

# a keyword that begins a line of CREATE TABLE is in capitals, as no name without quotes is
_ITEM = re.compile(
    r"""\s*(?P<constraint>CONSTRAINT\s+)?("(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^\sA-Z"(]+))\s"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingObjects:
    """The ways out where a statement names what is not there: one of the models', and a declared one."""

    models: str
    declared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildErrors:
    """Tells what a server says to somebody who knows the models, and nothing of scratch schemas.

    Attributes:
        scratch: the name of each schema's scratch schema in what is sent.
        default_schema: left out of what is shown.
        missing: the way out where a statement names what is not there.
        what: who is refused.
    """

    scratch: Mapping[str, str]
    default_schema: str
    missing: str
    what: str = "the models"

    def described(
        self, error: asyncpg.PostgresError, statement: ModelStatement, *, before: str = ""
    ) -> DatabaseError:
        """The error to raise.

        Args:
            error: what the server answered.
            statement: to what.
            before: what stood before it in the same message.

        Returns:
            Its facts are ``subject``, ``part`` (``column price``; None where the server does not say),
            ``sql``, ``position`` (1-based character in it), ``sqlstate`` and ``server_hint``.
        """
        position = position_of(error)
        part = statement.part
        if position is not None:
            position -= len(before)
            part = part or _part(statement.sql, position)
            position = len(self._quoted_source(statement.sql[: position - 1])) + 1
        detail = getattr(error, "detail", None)
        hint = getattr(error, "hint", None)
        reason = str(error).partition("\n")[0] + (f" ({detail})" if detail else "")
        subject = f"{statement.subject}, {part}" if part else statement.subject
        return DatabaseError(
            f"PostgreSQL refuses {self.what}: {subject}: {self._quoted_source(reason)}",
            hint=self._advice(error),
            subject=statement.subject,
            part=part,
            sql=self._quoted_source(statement.sql),
            position=position,
            sqlstate=sqlstate_of(error),
            server_hint=None if hint is None else self._quoted_source(hint),
        )

    def _quoted_source(self, text: str) -> str:
        """With the schemas' own names."""
        for schema, scratch in self.scratch.items():
            prefix = "" if schema == self.default_schema else f"{identifier(schema)}."
            text = text.replace(f"{scratch}.", prefix).replace(scratch, schema)
        return text

    def _advice(self, error: asyncpg.PostgresError) -> str:
        if is_out_of_locks(error):
            return (
                "so many tables take more locks than the server has room for: raise "
                f"max_locks_per_transaction, or {_ELSEWHERE}"
            )
        state = sqlstate_of(error) or ""
        if state in _ABSENT:
            return self.missing
        return _ADVICE.get(state, f"correct {self.what}: the SQL is what becomes of them")


def is_out_of_locks(error: BaseException | None) -> bool:
    """True when the server has no room for another lock."""
    hint = getattr(error, "hint", None) or ""
    return isinstance(error, asyncpg.OutOfMemoryError) and "max_locks_per_transaction" in hint


def _part(sql: str, position: int) -> str | None:
    """What the line of a CREATE TABLE is about that the server points to."""
    if not sql.startswith("CREATE TABLE"):
        return None
    begin = sql.rfind("\n", 0, position - 1) + 1
    found = _ITEM.match(sql, begin) if begin else None
    if found is None:
        return None
    name = found["plain"] or found["quoted"].replace('""', '"')
    return f"{'constraint' if found['constraint'] else 'column'} {name}"
