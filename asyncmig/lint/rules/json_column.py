"""A column of type json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["JsonColumn"]


_AS_JSONB = {
    ActionKind.ADD_COLUMN: "ADD COLUMN {0} jsonb",
    ActionKind.ALTER_COLUMN_TYPE: "ALTER COLUMN {0} TYPE jsonb USING to_jsonb({0})",
}


class JsonColumn(Rule):
    """Reports a column of type json in an existing table."""

    title = "column of type json"
    hazards = ("35",)
    severity = Severity.WARNING
    why = (
        "json has no equality: SELECT DISTINCT, GROUP BY and UNION fail for every query that selects the"
        " column (SQLSTATE 42883). jsonb has, can be indexed, and is faster to read."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN, ActionKind.ALTER_COLUMN_TYPE})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN data json",),
        good=("ALTER TABLE orders ADD COLUMN data jsonb",),
        claim=Claim(breaks="SELECT DISTINCT * FROM orders"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or (action.type or "").lower() != "json":
            return
        column = action.column or ""
        change = _AS_JSONB[action.kind].format(identifier(column))
        yield Problem(
            message=f"{table}.{column} is json: DISTINCT, GROUP BY and UNION fail with it",
            table=table,
            suggestion=lines(f"ALTER TABLE {relation_sql(action.relation)} {change}"),
        )
