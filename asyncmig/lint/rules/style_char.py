"""A column of type char or varchar with a length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["StyleChar"]


class StyleChar(Rule):
    """Reports text columns whose type limits their length."""

    title = "column of type char, or of varchar with a length"
    hazards = ("36",)
    severity = Severity.NOTE
    style = True
    why = (
        "char pads with blanks. A length of varchar is not faster, and to shorten it later rewrites the"
        " table. Use text, with a CHECK on length() where a limit is wanted: that can be changed without a"
        " rewrite."
    )
    kinds = frozenset(
        {ActionKind.CREATE_TABLE, ActionKind.ADD_COLUMN, ActionKind.ALTER_COLUMN_TYPE}
    )
    examples = Examples(
        bad=("CREATE TABLE items (name varchar(40))",),
        good=("CREATE TABLE items (name text CHECK (length(name) <= 40))",),
        claim=Claim(
            shows="SELECT atttypid = 'varchar'::regtype FROM pg_attribute"
            " WHERE attrelid = 'items'::regclass AND attname = 'name'"
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        del place
        for name, type_ in action.column_types:
            if type_ is not None and _LIMITED.match(type_):
                yield Problem(
                    message=f"{action.relation}.{name} is {type_}: use text",
                    suggestion=f"{name} text",
                )


_LIMITED = re.compile(r"(?:character|char|bpchar)\b(?!\s+varying\s*$)|varchar\s*\(", re.IGNORECASE)
