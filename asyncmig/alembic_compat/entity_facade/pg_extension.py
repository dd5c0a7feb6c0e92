"""``alembic_utils.pg_extension``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGExtension"]


class PGExtension(ReplaceableEntity):
    """An extension.

    Args:
        schema: where its objects go.
        signature: its name.
    """

    type_: ClassVar[str] = "extension"

    def __init__(self, schema: str, signature: str) -> None:
        super().__init__(schema, signature, "")
        self.definition = f"{type(self).__name__}: {self.schema} {self.signature}"

    @property
    def identity(self) -> str:
        """Its name: a database has an extension once."""
        return f"{type(self).__name__}: {self.signature}"

    def to_sql_statement_create(self) -> TextClause:
        """CREATE EXTENSION."""
        return text(f'CREATE EXTENSION "{self.signature}" WITH SCHEMA {self.literal_schema}')

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP EXTENSION."""
        return text(f'DROP EXTENSION "{self.signature}"{" CASCADE" if cascade else ""}')

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """There is none."""
        raise NotImplementedError("an extension cannot be replaced")
