"""Errors of PostgreSQL about DDL of the models, as messages about the models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.server_errors import position_of, sqlstate_of
from asyncmig.errors import DatabaseError
from asyncmig.results import RefusedObject
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.model_statement import ModelStatement

__all__ = ["ABSENT", "BuildErrors", "MissingObjects", "is_out_of_locks"]

_USE_SHADOW = 'build the models in another database: shadow_url = "embedded"'

ABSENT = frozenset({"3F000", "42703", "42704", "42883", "42P01"})
"""SQLSTATEs of statements that name an object that does not exist."""

_OPERATOR_CLASS = (
    "name an operator class with postgresql_ops; one that belongs to an extension (gin_trgm_ops: pg_trgm) "
    "needs that extension in the database"
)

_ADVICE = {
    "42P07": "tables, indexes, sequences and views of a schema cannot have the same name: rename one of them",
    "42710": "rename one of them",
    "42830": "add a primary key or a unique constraint to the referenced columns",
    "42501": "grant the privilege to the role that compares, set `role` to one that has it, or "
    f"{_USE_SHADOW}, or the URL of a scratch database",
}

# a keyword at the beginning of a line of CREATE TABLE is in capitals, unlike any unquoted name
_ITEM = re.compile(
    r"""\s*(?P<constraint>CONSTRAINT\s+)?("(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^\sA-Z"(]+))\s"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingObjects:
    """The hints for statements that name a missing object: those of models, and those of entities."""

    models: str
    declared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildErrors:
    """Describes errors of the server in terms of the models, without scratch schemas.

    Attributes:
        scratch: the name of the scratch schema by schema.
        default_schema: the schema that is left out of messages.
        missing: the hint for a statement that names a missing object.
        what: the subject of the message.
    """

    scratch: Mapping[str, str]
    default_schema: str
    missing: str
    what: str = "the models"

    def described(self, error: asyncpg.PostgresError, statement: ModelStatement) -> DatabaseError:
        """Return the error to raise where the server rejects more than one object.

        Returns:
            An error with the facts ``subject``, ``part``, ``sql``, ``position``, ``sqlstate`` and
            ``server_hint`` of ``refused``.
        """
        found = self.refused(error, statement)
        return DatabaseError(
            f"PostgreSQL rejects {self.what}: {found}",
            hint=found.hint,
            subject=found.subject,
            part=found.part,
            sql=found.sql,
            position=found.position,
            sqlstate=found.sqlstate,
            server_hint=found.server_hint,
        )

    def refused(self, error: asyncpg.PostgresError, statement: ModelStatement) -> RefusedObject:
        """Describe a statement that the server rejects; the part (``column price``) as far as it is known."""
        position = position_of(error)
        part = None if statement.part is None else str(statement.part)
        if position is not None:
            part = part or _part(statement.sql, position)
            position = len(self._with_real_schemas(statement.sql[: position - 1])) + 1
        detail = getattr(error, "detail", None)
        hint = getattr(error, "hint", None)
        reason = str(error).partition("\n")[0] + (f" ({detail})" if detail else "")
        return RefusedObject(
            subject=statement.subject,
            part=part,
            reason=self._with_real_schemas(reason),
            hint=self._advice(error),
            sql=self._with_real_schemas(statement.sql),
            position=position,
            sqlstate=sqlstate_of(error),
            server_hint=None if hint is None else self._with_real_schemas(hint),
        )

    def _with_real_schemas(self, text: str) -> str:
        """The text with the real names of schemas."""
        for schema, scratch in self.scratch.items():
            prefix = "" if schema == self.default_schema else f"{identifier(schema)}."
            text = text.replace(f"{scratch}.", prefix).replace(scratch, schema)
        return text

    def _advice(self, error: asyncpg.PostgresError) -> str:
        if is_out_of_locks(error):
            return (
                "so many tables need more locks than fit into the lock table of the server: raise "
                f"max_locks_per_transaction, or {_USE_SHADOW}"
            )
        state = sqlstate_of(error) or ""
        if state == "42704" and "no default operator class" in str(error):
            return _OPERATOR_CLASS
        if state in ABSENT:
            return self.missing
        return _ADVICE.get(state, f"correct {self.what}; the SQL is generated from them")


def is_out_of_locks(error: BaseException | None) -> bool:
    """True if the lock table of the server is full."""
    hint = getattr(error, "hint", None) or ""
    return isinstance(error, asyncpg.OutOfMemoryError) and "max_locks_per_transaction" in hint


def _part(sql: str, position: int) -> str | None:
    """The column or constraint in the line of a CREATE TABLE that the server points to."""
    if not sql.startswith("CREATE TABLE"):
        return None
    begin = sql.rfind("\n", 0, position - 1) + 1
    found = _ITEM.match(sql, begin) if begin else None
    if found is None:
        return None
    name = found["plain"] or found["quoted"].replace('""', '"')
    return f"{'constraint' if found['constraint'] else 'column'} {name}"
