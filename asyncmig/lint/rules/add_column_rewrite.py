"""ADD COLUMN with a sequence, an identity, or a stored expression."""

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
    from asyncmig.sql.actions.action import Action, ColumnDefinition

__all__ = ["AddColumnRewrite"]

_PLAIN = {
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}


class AddColumnRewrite(Rule):
    """Reports a column whose value PostgreSQL computes for each existing row."""

    title = "ADD COLUMN that is serial, an identity, or a stored generated column"
    hazards = ("6",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "Each existing row needs a value, so the table is rewritten under ACCESS EXCLUSIVE. Add a plain"
        " column, let a default or a trigger fill new rows, fill the old rows in batches, and attach the"
        " sequence or identity at the end. A virtual generated column (PostgreSQL 18) rewrites nothing."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN number bigserial",),
        good=(
            "CREATE SEQUENCE orders_number_seq",
            "ALTER TABLE orders ADD COLUMN number bigint",
            "ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('orders_number_seq')",
            "ALTER SEQUENCE orders_number_seq OWNED BY orders.number",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, rewrites=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        column = action.new_column
        if table is None or column is None:
            return
        what = _what(column)
        if what is None:
            return
        yield Problem(
            message=f"rewrites {table}: {column.name} is {what}",
            table=table,
            suggestion=_suggestion(column, relation_sql(action.relation), action),
        )


def _what(column: ColumnDefinition) -> str | None:
    if column.serial:
        return f"{(column.type or '').lower()}, so each row gets a number"
    if column.identity is not None:
        return "an identity column, so each row gets a number"
    if column.generated is not None and column.generation == "stored":
        return "generated and stored"
    return None


def _suggestion(column: ColumnDefinition, table: str, action: Action) -> str:
    name = identifier(column.name)
    type_ = (column.type or "").lower()
    plain = _PLAIN.get(type_, "integer" if column.serial else column.type or "")
    alter = f"ALTER TABLE {table}"
    if column.generated is not None:
        return lines(
            f"{alter} ADD COLUMN {name} {plain}",
            f"-- a trigger sets {name} = {column.generated} in new rows; then fill the old ones in batches",
        )
    base = action.relation.name if action.relation else "table"
    sequence = identifier(f"{base}_{column.name}_seq")
    return lines(
        f"CREATE SEQUENCE {sequence} AS {plain}",
        f"{alter} ADD COLUMN {name} {plain}",
        f"{alter} ALTER COLUMN {name} SET DEFAULT nextval('{sequence}')",
        f"ALTER SEQUENCE {sequence} OWNED BY {table}.{name}",
        f"-- fill the old rows in batches: UPDATE {table} SET {name} = DEFAULT WHERE {name} IS NULL",
    )
