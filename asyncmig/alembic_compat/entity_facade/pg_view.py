"""``alembic_utils.pg_view``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import SQLParseFailure
from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity
from asyncmig.alembic_compat.entity_facade.statement import parameter_escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGView"]

_CREATE = re.compile(
    r"create\s(?:.*?\s)?view\s+(?P<schema>.+?)\.(?P<signature>.+?)\s+as\s+(?P<definition>.+)",
    re.IGNORECASE | re.DOTALL,
)


class PGView(ReplaceableEntity):
    """A view.

    Args:
        schema: of the view.
        signature: its name.
        definition: its query.
    """

    type_: ClassVar[str] = "view"

    def _kept(self, definition: str) -> str:
        return definition

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The view of a CREATE VIEW statement; names of columns are left out.

        Raises:
            SQLParseFailure: it is another one, or names no schema.
        """
        found = _CREATE.fullmatch(sql.strip())
        if found is None:
            raise SQLParseFailure(f"no CREATE VIEW schema.name AS ...: {sql!r}")
        return cls(found["schema"], found["signature"].partition("(")[0], found["definition"])

    def to_sql_statement_create(self) -> TextClause:
        """CREATE VIEW."""
        return text(f"CREATE VIEW {self._words}")

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP VIEW."""
        return text(f"DROP VIEW {self.qualified}{' CASCADE' if cascade else ''}")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """CREATE OR REPLACE VIEW, and where PostgreSQL refuses that, DROP VIEW and CREATE VIEW."""
        yield text(
            "DO $asyncmig$\n"
            "BEGIN\n"
            f"    CREATE OR REPLACE VIEW {self._words};\n"
            "EXCEPTION WHEN OTHERS THEN\n"
            f"    DROP VIEW IF EXISTS {self.qualified};\n"
            f"    CREATE VIEW {self._words};\n"
            "END\n"
            "$asyncmig$"
        )

    @property
    def _words(self) -> str:
        return f"{self.qualified} AS {parameter_escaped(self.definition)}"
