"""REINDEX without CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, with_concurrently
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["ReindexBlocking"]


class ReindexBlocking(Rule):
    """Reports an index that is built again under locks that block writes, and reads by it."""

    title = "REINDEX without CONCURRENTLY"
    hazards = ("3",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on the index: writes wait until the index"
        " is built, and so does every query that would be planned with the index. REINDEX CONCURRENTLY"
        " builds a second index and swaps them."
    )
    kinds = frozenset({ActionKind.REINDEX})
    examples = Examples(
        bad=("REINDEX INDEX orders_status",),
        good=("REINDEX INDEX CONCURRENTLY orders_status",),
        claim=Claim(
            locks={"orders": "ShareLock", "orders_status": "AccessExclusiveLock"},
            scans=("orders",),
            rewrites=("orders_status",),
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        if action.target == "SYSTEM":
            return  # it cannot be done concurrently
        table = place.existing(action.relation)
        if action.index is not None:
            known = place.schema.table_of_index(action.index)
            if known is not None and place.is_new(known.name):
                return
            table = known.name if known else None
        elif action.relation is not None and table is None:
            return
        what = table or (
            f"the table of {action.index}"
            if action.index
            else f"all tables of a {action.target.lower()}"
        )
        yield Problem(
            message=f"builds an index of {what} again while writes wait",
            table=table,
            suggestion=lines(with_concurrently(place.statement.sql, action.target)),
        )
