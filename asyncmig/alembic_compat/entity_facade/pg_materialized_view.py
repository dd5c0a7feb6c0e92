"""``alembic_utils.pg_materialized_view``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import SQLParseFailure
from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity
from asyncmig.alembic_compat.entity_facade.statement import (
    parameter_escaped,
    strip_terminating_semicolon,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGMaterializedView"]

_CREATE = re.compile(
    r"create\s(?:.*?\s)?materialized\s+view\s+(?P<schema>.+?)\.(?P<signature>.+?)\s+as\s+"
    r"(?P<definition>.+?)(?:\s+with(?P<no>\s+no)?\s+data)?",
    re.IGNORECASE | re.DOTALL,
)


class PGMaterializedView(ReplaceableEntity):
    """A materialized view.

    Args:
        schema: of the view.
        signature: its name.
        definition: its query.
        with_data: fill it when it is created.
    """

    type_: ClassVar[str] = "materialized_view"

    def __init__(
        self, schema: str, signature: str, definition: str, with_data: bool = True
    ) -> None:
        super().__init__(schema, signature, definition)
        self.with_data = with_data

    def _kept(self, definition: str) -> str:
        return definition

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The view of a CREATE MATERIALIZED VIEW statement; names of columns are left out.

        Raises:
            SQLParseFailure: it is another one, or names no schema.
        """
        found = _CREATE.fullmatch(strip_terminating_semicolon(sql))
        if found is None:
            raise SQLParseFailure(f"no CREATE MATERIALIZED VIEW schema.name AS ...: {sql!r}")
        return cls(
            found["schema"],
            found["signature"].partition("(")[0],
            found["definition"],
            with_data=found["no"] is None,
        )

    def to_sql_statement_create(self) -> TextClause:
        """CREATE MATERIALIZED VIEW."""
        filled = "WITH DATA" if self.with_data else "WITH NO DATA"
        definition = parameter_escaped(self.definition)
        return text(f"CREATE MATERIALIZED VIEW {self.qualified} AS {definition} {filled}")

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP MATERIALIZED VIEW."""
        return text(f"DROP MATERIALIZED VIEW {self.qualified}{' CASCADE' if cascade else ''}")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """DROP MATERIALIZED VIEW, which takes its indexes along, and CREATE."""
        yield text(f"DROP MATERIALIZED VIEW IF EXISTS {self.qualified}")
        yield self.to_sql_statement_create()
