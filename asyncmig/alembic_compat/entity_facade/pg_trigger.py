"""``alembic_utils.pg_trigger``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import SQLParseFailure
from asyncmig.alembic_compat.entity_facade.on_entity_mixin import OnEntityMixin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = ["PGTrigger"]

_DEFINITION = re.compile(
    r"(?P<event>.+?)\s+on\s+(?P<table>.+?)\s+(?P<action>.+)", re.IGNORECASE | re.DOTALL
)
_CREATE = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?P<constraint>constraint\s+)?trigger\s+(?P<signature>.+?)\s+"
    + _DEFINITION.pattern,
    re.IGNORECASE | re.DOTALL,
)


class PGTrigger(OnEntityMixin):
    """A trigger.

    Args:
        schema: of its table.
        signature: its name.
        definition: from BEFORE, AFTER or INSTEAD OF on.
        on_entity: its table.
        is_constraint: it is a constraint trigger.
    """

    type_: ClassVar[str] = "trigger"

    def __init__(
        self,
        schema: str,
        signature: str,
        definition: str,
        on_entity: str,
        is_constraint: bool = False,
    ) -> None:
        super().__init__(schema, signature, definition, on_entity)
        self.is_constraint = is_constraint

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The trigger of a CREATE TRIGGER statement.

        Raises:
            SQLParseFailure: it is another one.
        """
        found = _CREATE.fullmatch(sql.strip())
        if found is None:
            raise SQLParseFailure(f"no CREATE TRIGGER name ... ON table ...: {sql!r}")
        table = found["table"] if "." in found["table"] else f"public.{found['table']}"
        return cls(
            schema=table.partition(".")[0],
            signature=found["signature"],
            definition=f"{found['event']} ON {table} {found['action']}",
            on_entity=table,
            is_constraint=found["constraint"] is not None,
        )

    @property
    def identity(self) -> str:
        """What tells it from all others."""
        return (
            f"{type(self).__name__}: {self.schema}.{self.signature} "
            f"{self.is_constraint} {self.on_entity}"
        )

    def to_sql_statement_create(self) -> TextClause:
        """CREATE TRIGGER, on the table of that name in the trigger's schema."""
        found = _DEFINITION.fullmatch(self.definition)
        if found is None:
            raise SQLParseFailure(f"no ... ON table ... in {self.definition!r}")
        table = found["table"].rpartition(".")[2]
        kind = "CONSTRAINT TRIGGER" if self.is_constraint else "TRIGGER"
        return text(
            f'CREATE {kind} "{self.signature}" {found["event"]} ON {self._schema}.{table} '
            + found["action"]
        )

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """DROP TRIGGER."""
        return text(
            f'DROP TRIGGER "{self.signature}" ON {self._table}{" CASCADE" if cascade else ""}'
        )

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """DROP TRIGGER and CREATE TRIGGER."""
        yield text(f'DROP TRIGGER IF EXISTS "{self.signature}" ON {self._table}')
        yield self.to_sql_statement_create()

    @property
    def _schema(self) -> str:
        return self.schema if re.fullmatch(r"\w+", self.schema) else self.literal_schema
