"""ALTER TYPE ... ADD VALUE without a position."""

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

__all__ = ["EnumPosition"]


class EnumPosition(Rule):
    """Reports a label whose place in the order of its enum is not said."""

    title = "ADD VALUE of an enum without BEFORE or AFTER"
    hazards = ("24",)
    severity = Severity.NOTE
    why = (
        "Labels are ordered, for ORDER BY, comparisons, min() and max(); a label without a position sorts"
        " last, and no later statement moves it. Say where it belongs, also when that is the end. A label"
        " that is used in the script that adds it is no problem here: asyncmig commits it first."
    )
    kinds = frozenset({ActionKind.ADD_ENUM_VALUE})
    examples = Examples(
        setup="CREATE TYPE level AS ENUM ('low', 'high');",
        bad=("ALTER TYPE level ADD VALUE 'middle'",),
        good=("ALTER TYPE level ADD VALUE 'middle' BEFORE 'high'",),
        claim=Claim(shows="SELECT 'middle'::level > 'high'::level"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        if action.object is None or action.expression is None or action.words.strip():
            return
        if place.is_new(action.object):
            return
        yield Problem(
            message=f"'{action.expression}' sorts behind all other labels of {action.object}",
            suggestion=f"ALTER TYPE {relation_sql(action.object)} ADD VALUE '{action.expression}' "
            "AFTER '...';",
        )
