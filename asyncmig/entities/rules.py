"""Rewrite rules."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Rule"]

_FIRING = {"disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


@dataclass(frozen=True)
class Rule:
    """A rewrite rule of a table or view.

    Args:
        name: of the rule.
        table: or view.
        event: what is rewritten.
        action: what is done: a statement, several in parentheses, or ``nothing``.
        schema: of the table.
        instead: of what was asked, not beside it.
        where: a condition.
        fires: ``origin``, the default; ``disabled``; ``replica`` or ``always``, which heed
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

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        table, rule = qualified(self.schema, self.table), qualified(None, self.name)
        where = f" WHERE {self.where}" if self.where else ""
        do = "INSTEAD" if self.instead else "ALSO"
        create = (
            f"CREATE RULE {rule} AS ON {self.event.upper()} TO {table}{where} DO {do} {self.action}"
        )
        operations: list[MigrateOperation] = [ExecuteSQLOp(create.replace("\\:", "\\\\:"))]
        if self.fires != "origin":
            operations.append(
                ExecuteSQLOp(f"ALTER TABLE {table} {_FIRING[self.fires]} RULE {rule}")
            )
        return compiled([*operations, *comment_on("RULE", f"{rule} ON {table}", self.comment)])
