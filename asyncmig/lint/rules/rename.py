"""RENAME and SET SCHEMA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.schema.tables import key_of
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["Rename"]

_WHAT = {
    ActionKind.RENAME_COLUMN: "column",
    ActionKind.RENAME_TABLE: "table",
    ActionKind.RENAME_VIEW: "view",
    ActionKind.RENAME_MATERIALIZED_VIEW: "materialized view",
    ActionKind.RENAME_SCHEMA: "schema",
}


class Rename(Rule):
    """Reports a new name for what running code knows by the old one."""

    title = "RENAME of a column, table, view or schema, and SET SCHEMA"
    hazards = ("22",)
    severity = Severity.ERROR
    why = (
        "It is quick, under ACCESS EXCLUSIVE, and there is no moment at which old and new code both work:"
        " one of them does not find its name. Add a column under the new name, write to both, fill it,"
        " read from the new one, and drop the old one; for a table, leave a view under the old name in the"
        " same transaction."
    )
    kinds = frozenset({*_WHAT, ActionKind.SET_SCHEMA})
    examples = Examples(
        bad=("ALTER TABLE orders RENAME COLUMN status TO state",),
        good=("ALTER TABLE orders ADD COLUMN state text",),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, breaks="SELECT status FROM orders"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        if action.kind is ActionKind.RENAME_SCHEMA:
            old, table = str(action.object or ""), None
        elif (table := place.existing(action.relation)) is None:
            return
        else:
            old = f"{table}.{action.column}" if action.column else table
        if table is not None and _leaves_view(action, place):
            return
        what = _WHAT.get(action.kind)
        new = action.new_name or ""
        message = (
            f"renames the {what} {old} to {new}: running code that uses the old name fails"
            if what
            else f"moves {old} to the schema {new}: running code that uses the old name fails"
        )
        yield Problem(message=message, table=table, suggestion=_suggestion(action, place))


def _leaves_view(action: Action, place: Place) -> bool:
    """Whether the same transaction makes a view under the old name of a table."""
    if action.kind not in (ActionKind.RENAME_TABLE, ActionKind.SET_SCHEMA):
        return False
    position = place.phase.statements.index(place.statement)
    in_transaction = len(place.phase.statements) - position - 1
    return any(
        each.kind in (ActionKind.CREATE_VIEW, ActionKind.REPLACE_VIEW)
        and each.relation is not None
        and action.relation is not None
        and key_of(each.relation) == key_of(action.relation)
        for _, actions in place.later[:in_transaction]
        for each in actions
    )


def _suggestion(action: Action, place: Place) -> str:
    relation = relation_sql(action.relation)
    new = identifier(action.new_name or "")
    if action.kind is ActionKind.RENAME_COLUMN and action.column:
        known = place.table(action.relation)
        column = known.columns.get(action.column) if known else None
        type_ = column.type if column and column.type else "..."
        return lines(
            f"ALTER TABLE {relation} ADD COLUMN {new} {type_}",
            f"-- write to both, fill {new} in batches, read from {new}; in a later deployment:",
            f"ALTER TABLE {relation} DROP COLUMN {identifier(action.column)}",
        )
    if action.kind is ActionKind.RENAME_TABLE:
        return lines(
            f"ALTER TABLE {relation} RENAME TO {new}",
            f"CREATE VIEW {relation} AS SELECT * FROM {new}",
            "-- both in one transaction; drop the view when no running code uses it any more",
        )
    return "-- deploy code that finds both names first"
