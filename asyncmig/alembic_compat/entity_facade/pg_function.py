"""``alembic_utils.pg_function``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import SQLParseFailure
from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity
from asyncmig.alembic_compat.entity_facade.statement import (
    escape_colon_for_plpgsql,
    escape_colon_for_sql,
    normalize_whitespace,
    without_defaults,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGFunction"]

_CREATE = re.compile(
    r"create\s+(?:or\s+replace\s+)?function\s+(?P<schema>.+?)\.(?P<signature>.+?)\s+"
    r"(?P<definition>returns\s.+)",
    re.IGNORECASE | re.DOTALL,
)


class PGFunction(ReplaceableEntity):
    """A function.

    Args:
        schema: of the function.
        signature: its name and arguments: ``one(a integer, b text DEFAULT 'x')``.
        definition: from RETURNS on.
    """

    type_: ClassVar[str] = "function"

    def _kept(self, definition: str) -> str:
        words = normalize_whitespace(definition).lower().replace("'", "")
        escape = escape_colon_for_sql
        if "language plpgsql" in words:  # where := assigns
            escape = escape_colon_for_plpgsql
        return escape(definition)

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The function of a CREATE FUNCTION statement.

        Raises:
            SQLParseFailure: it is another one, or names no schema.
        """
        found = _CREATE.fullmatch(sql.strip())
        if found is None:
            raise SQLParseFailure(f"no CREATE FUNCTION schema.name(...) RETURNS ...: {sql!r}")
        return cls(found["schema"], found["signature"], found["definition"])

    @property
    def literal_signature(self) -> str:
        """Its name in quotes, and its arguments."""
        name, _, rest = self.signature.partition("(")
        return f'"{name.strip()}"({rest}'

    def to_sql_statement_create(self) -> TextClause:
        """CREATE FUNCTION."""
        return text(f"CREATE FUNCTION {self._words}")

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP FUNCTION."""
        name, _, rest = self.signature.partition("(")
        arguments = without_defaults(rest.rpartition(")")[0])
        function = f'{self.literal_schema}."{name.strip()}"({arguments})'
        return text(f"DROP FUNCTION {function}{' CASCADE' if cascade else ''}")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """CREATE OR REPLACE FUNCTION."""
        yield text(f"CREATE OR REPLACE FUNCTION {self._words}")

    @property
    def _words(self) -> str:
        return f"{self.literal_schema}.{self.literal_signature} {self.definition}"
