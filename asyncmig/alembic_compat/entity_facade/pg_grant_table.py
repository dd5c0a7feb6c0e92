"""``alembic_utils.pg_grant_table``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import BadInputException
from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity
from asyncmig.alembic_compat.entity_facade.statement import coerce_to_quoted, coerce_to_unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGGrantTable", "PGGrantTableChoice"]


class PGGrantTableChoice(StrEnum):
    """What is granted: the first four on columns, the others on the table."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    REFERENCES = "REFERENCES"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"
    TRIGGER = "TRIGGER"

    def __repr__(self) -> str:
        return repr(self.value)


_OF_COLUMNS = frozenset(list(PGGrantTableChoice)[:4])


class PGGrantTable(ReplaceableEntity):
    """A right on a table or on some of its columns.

    Args:
        schema: of the table.
        table: its name.
        role: who gets it.
        grant: which right.
        columns: on which columns; for SELECT, INSERT, UPDATE and REFERENCES, and only for these.
        with_grant_option: the role may hand it on.

    Raises:
        BadInputException: columns are missing, or not allowed.
    """

    type_: ClassVar[str] = "grant_table"

    def __init__(
        self,
        schema: str,
        table: str,
        role: str,
        grant: PGGrantTableChoice | str,
        columns: Sequence[str] | None = None,
        with_grant_option: bool = False,
    ) -> None:
        self.schema = coerce_to_unquoted(schema)
        self.table = coerce_to_unquoted(table)
        self.role = coerce_to_unquoted(role)
        self.grant = PGGrantTableChoice(grant)
        self.columns = sorted(columns or ())
        self.with_grant_option = with_grant_option
        self.signature = self.identity
        if bool(self.columns) is not (self.grant in _OF_COLUMNS):
            need = "needs columns" if self.grant in _OF_COLUMNS else "is of tables, not of columns"
            raise BadInputException(f"{self.grant} on {self.schema}.{self.table} {need}")
        self.definition = repr(self)

    def __repr__(self) -> str:
        names = ("schema", "table", "columns", "role", "grant", "with_grant_option")
        return f"PGGrantTable({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PGGrantTable) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def identity(self) -> str:
        """What tells it from all others."""
        return f"{type(self).__name__}: {self.schema}.{self.table}.{self.role}.{self.grant}"

    def to_variable_name(self) -> str:
        """A name for it in a script."""
        return f"{self.schema}_{self.table}_{self.role}_{self.grant}".lower()

    def to_sql_statement_create(self) -> TextClause:
        """GRANT."""
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        option = " WITH GRANT OPTION" if self.with_grant_option else ""
        return text(
            f"GRANT {self.grant}{columns} ON {self._on} TO {coerce_to_quoted(self.role)}{option}"
        )

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """REVOKE: on the table and on all of its columns."""
        del cascade
        return text(f"REVOKE {self.grant} ON {self._on} FROM {coerce_to_quoted(self.role)}")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """REVOKE and GRANT."""
        yield self.to_sql_statement_drop()
        yield self.to_sql_statement_create()

    @property
    def _on(self) -> str:
        return f"{self.literal_schema}.{coerce_to_quoted(self.table)}"
