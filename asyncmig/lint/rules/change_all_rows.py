"""UPDATE or DELETE of all rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.cursor import Cursor
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.backfills.parse import parse_backfill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["ChangeAllRows"]

_WORDS = {ActionKind.UPDATE: "changes", ActionKind.DELETE: "deletes"}


class ChangeAllRows(Rule):
    """Reports a change of every row of an existing table in one statement."""

    title = "UPDATE or DELETE without WHERE"
    hazards = ("33",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "Every row is locked until the transaction ends, every UPDATE writes a second version of its row,"
        " and the table grows by as much; vacuum cannot clean up before the end. Change rows in batches,"
        " each with its own transaction: op.backfill does. Of a statement with a WHERE it is not known how"
        " many rows it changes, so nothing is said."
    )
    kinds = frozenset(_WORDS)
    examples = Examples(
        bad=("UPDATE orders SET status = 'old'",),
        good=("UPDATE orders SET status = 'old' WHERE id BETWEEN 1 AND 1000",),
        claim=Claim(shows="SELECT count(*) = 2000 FROM orders WHERE status = 'old'"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or (action.where and not _is_always(action.expression)):
            return
        yield Problem(
            message=f"{_WORDS[action.kind]} every row of {table} in one transaction",
            table=table,
            suggestion=_suggestion(action, place.statement.sql),
        )


def _is_always(condition: str | None) -> bool:
    text = "".join((condition or "").lower().split())
    return text in ("true", "1=1", "(true)")


def _suggestion(action: Action, sql: str) -> str:
    table = relation_sql(action.relation)
    if action.kind is ActionKind.UPDATE:
        values = _values(sql) or dict.fromkeys(action.columns, "...")
        return f'op.backfill({json.dumps(table)}, {json.dumps(values, ensure_ascii=False)}, where="...")'
    return f"-- in batches: DELETE FROM {table} WHERE id BETWEEN ... AND ...;"


def _values(sql: str) -> dict[str, str]:
    """The new value of each column; empty where the statement cannot be divided."""
    try:
        definition = parse_backfill("", sql)
    except ScriptError:
        return {}
    found: dict[str, str] = {}
    cursor = Cursor(definition.assignments)
    while not cursor.at_end:
        column = cursor.identifier()
        if column is None or not cursor.take("=") or definition.source is not None:
            return {}  # (a, b) = (x, y), or values of another table
        found[column] = " ".join(cursor.until(frozenset({","})).split())
        cursor.take(",")
    return found
