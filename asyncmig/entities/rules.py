"""Rewrite rules."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule(DeclaredEntity):
    """A rewrite rule of a table or view.

    Args:
        name: of the rule.
        table: or view.
        event: the statement that is rewritten.
        action: a statement, several in parentheses, or ``nothing``.
        schema: of the table.
        instead: of the original statement, not in addition to it.
        where: a condition.
        fires: ``origin``, the default; ``disabled``; ``replica`` or ``always``, which depend on
            ``session_replication_role``.
        comment: of the rule.

    Example::

        Rule("kept", "ledger", "delete", "nothing", instead=True)
    """

    kind: ClassVar[str] = "rule"
    name: str
    table: str
    event: Literal["insert", "update", "delete"]
    action: str
    _: KW_ONLY
    schema: str | None = None
    instead: bool = False
    where: str | None = None
    fires: Literal["origin", "disabled", "replica", "always"] = "origin"
    comment: str | None = None

    def _create(self) -> Iterator[str]:
        table, rule = qualified(self.schema, self.table), identifier(self.name)
        where = f" WHERE {self.where}" if self.where else ""
        do = "INSTEAD" if self.instead else "ALSO"
        yield (
            f"CREATE RULE {rule} AS ON {self.event.upper()} TO {table}{where} DO {do} {self.action}"
        )
        if self.fires != "origin":
            yield f"ALTER TABLE {table} {FIRING[self.fires]} RULE {rule}"

    def _label(self) -> str:
        return f"{identifier(self.name)} ON {qualified(self.schema, self.table)}"
