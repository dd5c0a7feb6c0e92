"""A primary key of type integer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["StyleShortKey"]


class StyleShortKey(Rule):
    """Reports a primary key that runs out of numbers."""

    title = "primary key of type integer or smallint"
    hazards = ("36",)
    severity = Severity.NOTE
    style = True
    why = (
        "integer ends at 2,147,483,647, also for rows that were deleted or rolled back; changing the type"
        " later rewrites the table, and those of columns that refer to it. Use bigint."
    )
    kinds = frozenset({ActionKind.CREATE_TABLE})
    examples = Examples(
        bad=("CREATE TABLE items (id integer PRIMARY KEY)",),
        good=("CREATE TABLE items (id bigint PRIMARY KEY)",),
        claim=Claim(
            shows="SELECT atttypid = 'integer'::regtype FROM pg_attribute"
            " WHERE attrelid = 'items'::regclass AND attname = 'id'"
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        del place
        for column in action.definitions:
            alone = any(
                each.kind is ConstraintKind.PRIMARY_KEY and each.columns == (column.name,)
                for each in (*column.constraints, *action.constraints)
            )
            if alone and (column.type or "").lower() in _SHORT:
                yield Problem(
                    message=f"the primary key {action.relation}.{column.name} is {column.type}: use bigint",
                    suggestion=f"{column.name} bigint",
                )


_SHORT = frozenset(
    {"integer", "int", "int4", "smallint", "int2", "serial", "serial4", "smallserial"}
)
