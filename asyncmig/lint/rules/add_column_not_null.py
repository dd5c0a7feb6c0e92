"""ADD COLUMN NOT NULL without a default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddColumnNotNull"]


class AddColumnNotNull(Rule):
    """Reports a column that existing rows have no value for."""

    title = "ADD COLUMN NOT NULL without a default"
    hazards = ("7",)
    severity = Severity.ERROR
    why = (
        "In a table with rows it fails: PostgreSQL has no value for them (SQLSTATE 23502). In an empty"
        " table it works, which is why it passes on a developer's database and fails in production. Give"
        " the column a constant default, which is stored once and writes no row; or add it as nullable,"
        " fill it in batches, and set NOT NULL later."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN channel text NOT NULL",),
        good=("ALTER TABLE orders ADD COLUMN channel text DEFAULT 'web' NOT NULL",),
        claim=Claim(error="23502"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        column = action.new_column
        if table is None or column is None:
            return
        demands = column.not_null or column.constraint(ConstraintKind.PRIMARY_KEY) is not None
        has_value = (
            (column.default is not None and column.default.upper() != "NULL")
            or column.serial
            or column.identity is not None
            or column.generated is not None
        )
        if not demands or has_value:
            return
        known = place.table(table)
        is_empty = known is not None and known.rows == 0
        name = identifier(column.name)
        alter = f"ALTER TABLE {relation_sql(action.relation)}"
        yield Problem(
            message=f"fails if {table} has rows: {column.name} is NOT NULL and has no default",
            table=table,
            severity=Severity.NOTE if is_empty else None,
            suggestion=lines(
                f"{alter} ADD COLUMN {name} {column.type}",
                f"-- fill it in batches, then (PostgreSQL 18: NOT NULL {name} NOT VALID):",
                f"{alter} ADD CONSTRAINT {column.name}_present CHECK ({name} IS NOT NULL) NOT VALID",
                f"{alter} VALIDATE CONSTRAINT {column.name}_present",
                f"{alter} ALTER COLUMN {name} SET NOT NULL",
            ),
        )
