"""TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["Truncate"]


class Truncate(Rule):
    """Reports an existing table that is emptied."""

    title = "TRUNCATE of an existing table"
    hazards = ("23",)
    severity = Severity.ERROR
    why = (
        "All rows are gone, and ACCESS EXCLUSIVE is held on the table until the transaction ends; with"
        " CASCADE every table that refers to it is emptied and locked as well, and so on. Delete rows in"
        " batches where the table is in use."
    )
    kinds = frozenset({ActionKind.TRUNCATE})
    examples = Examples(
        bad=("TRUNCATE orders",),
        good=("DELETE FROM orders WHERE id BETWEEN 1 AND 1000",),
        claim=Claim(
            locks={"orders": "AccessExclusiveLock"},
            shows="SELECT NOT EXISTS (SELECT FROM orders)",
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None:
            return
        known = place.table(table)
        is_empty = known is not None and known.rows == 0 and not action.cascade
        others = _emptied_too(table, place) if action.cascade else []
        also = f", and by CASCADE {' and '.join(others)}" if others else ""
        if action.cascade and not others and known is None:
            also = ", and by CASCADE every table that refers to it"
        yield Problem(
            message=f"deletes all rows of {table}{also}, under a lock against reads and writes",
            table=table,
            severity=Severity.NOTE if is_empty else None,
            suggestion=f"-- in batches: DELETE FROM {relation_sql(action.relation)} WHERE ... ",
            facts=place.facts if others else "sql",
        )


def _emptied_too(table: str, place: Place) -> list[str]:
    found: dict[str, None] = {}
    waiting = [table]
    while waiting:
        for other in place.schema.referencing(waiting.pop()):
            if other.name not in found and other.name != table:
                found[other.name] = None
                waiting.append(other.name)
    return list(found)
