"""A column of type timestamp without time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["StyleTimestamp"]


class StyleTimestamp(Rule):
    """Reports times without a zone."""

    title = "column of type timestamp without time zone"
    hazards = ("36",)
    severity = Severity.NOTE
    style = True
    why = (
        "timestamp stores the reading of a clock without its zone: now() depends on the TimeZone of the"
        " session that inserts. timestamptz stores the moment. To change it later rewrites the table."
    )
    kinds = frozenset(
        {ActionKind.CREATE_TABLE, ActionKind.ADD_COLUMN, ActionKind.ALTER_COLUMN_TYPE}
    )
    examples = Examples(
        bad=("CREATE TABLE items (made timestamp)",),
        good=("CREATE TABLE items (made timestamptz)",),
        claim=Claim(
            shows="SELECT atttypid = 'timestamp'::regtype FROM pg_attribute"
            " WHERE attrelid = 'items'::regclass AND attname = 'made'"
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        del place
        for name, type_ in action.column_types:
            words = (type_ or "").lower().split("(")[0].split()
            if words[:1] == ["timestamp"] and "with time zone" not in (type_ or "").lower():
                yield Problem(
                    message=f"{action.relation}.{name} is {type_}: use timestamptz",
                    suggestion=f"{name} timestamptz",
                )
