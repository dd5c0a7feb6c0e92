"""``alembic_utils.pg_policy``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import SQLParseFailure
from asyncmig.alembic_compat.entity_facade.on_entity_mixin import OnEntityMixin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGPolicy"]

_CREATE = re.compile(
    r"create\s+policy\s+(?P<signature>.+?)\s+on\s+(?P<table>.+?)\s+(?P<definition>.+)",
    re.IGNORECASE | re.DOTALL,
)


class PGPolicy(OnEntityMixin):
    """A policy of a table's row-level security.

    Args:
        schema: of its table.
        signature: its name.
        definition: from AS, FOR, TO, USING or WITH CHECK on.
        on_entity: its table.
    """

    type_: ClassVar[str] = "policy"

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The policy of a CREATE POLICY statement.

        Raises:
            SQLParseFailure: it is another one.
        """
        found = _CREATE.fullmatch(sql.strip())
        if found is None:
            raise SQLParseFailure(f"no CREATE POLICY name ON table ...: {sql!r}")
        table = found["table"] if "." in found["table"] else f"public.{found['table']}"
        return cls(
            schema=table.partition(".")[0],
            signature=found["signature"],
            definition=found["definition"],
            on_entity=table,
        )

    def to_sql_statement_create(self) -> TextClause:
        """CREATE POLICY."""
        return text(f"CREATE POLICY {self._words} {self.definition}")

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP POLICY."""
        return text(f"DROP POLICY {self._words}{' CASCADE' if cascade else ''}")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """DROP POLICY and CREATE POLICY."""
        yield text(f"DROP POLICY IF EXISTS {self._words}")
        yield self.to_sql_statement_create()

    @property
    def _words(self) -> str:
        # alembic-utils writes the name bare, so PostgreSQL folds it: databases have it so
        is_bare = re.fullmatch(r"[^\W\d][\w$]*", self.signature) is not None
        name = self.signature if is_bare else f'"{self.signature}"'
        return f"{name} ON {self._table}"
