"""DROP INDEX without CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.suggest import lines
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DropIndexBlocking"]


class DropIndexBlocking(Rule):
    """Reports an index that is dropped under a lock that blocks reads and writes."""

    title = "DROP INDEX without CONCURRENTLY"
    hazards = ("2",)
    severity = Severity.WARNING
    why = (
        "DROP INDEX takes ACCESS EXCLUSIVE on the index and on its table. It is quick, but it waits for"
        " every query that uses the table, and all later queries wait behind it; the lock is then held"
        " until the transaction ends. DROP INDEX CONCURRENTLY waits without blocking."
    )
    kinds = frozenset({ActionKind.DROP_INDEX})
    examples = Examples(
        bad=("DROP INDEX orders_status",),
        good=("DROP INDEX CONCURRENTLY orders_status",),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        if action.index is None:
            return
        table = place.schema.table_of_index(action.index)
        if table is not None and (place.is_new(table.name) or table.kind == "partitioned"):
            return  # an index of a partitioned table cannot be dropped concurrently
        if table is None and place.schema.complete and action.if_exists:
            return  # there is no such index
        exists = "IF EXISTS " if action.if_exists else ""
        on = f" of {table.name}" if table else ""
        yield Problem(
            message=f"drops the index {action.index}{on} while reads and writes of its table wait",
            table=table.name if table else None,
            suggestion=safe_text(action, place)
            or lines(f"DROP INDEX CONCURRENTLY {exists}{action.index.sql}"),
            facts=place.facts if table else "sql",
        )
