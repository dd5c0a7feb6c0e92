"""ALTER TYPE ... RENAME VALUE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["EnumRename"]


class EnumRename(Rule):
    """Reports a label of an enum that gets another name."""

    title = "RENAME VALUE of an enum"
    hazards = ("24",)
    severity = Severity.ERROR
    why = (
        "No table is locked or written. Running code that still writes or compares the old label fails at"
        " once (SQLSTATE 22P02). Add the new label, deploy code that understands both, change the rows in"
        " batches; a label cannot be dropped, so the old one stays unused."
    )
    kinds = frozenset({ActionKind.RENAME_ENUM_VALUE})
    examples = Examples(
        setup="CREATE TYPE mood AS ENUM ('sad', 'happy');",
        bad=("ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'",),
        good=("ALTER TYPE mood ADD VALUE 'glad' AFTER 'happy'",),
        claim=Claim(breaks="SELECT 'happy'::mood"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        if action.object is None or action.new_name is None or place.is_new(action.object):
            return
        yield Problem(
            message=f"renames '{action.expression}' of {action.object} to '{action.new_name}': "
            "running code that uses the old label fails",
            suggestion=lines(
                f"ALTER TYPE {relation_sql(action.object)} ADD VALUE '{action.new_name}' "
                f"AFTER '{action.expression}'",
                "-- then change the rows in batches",
            ),
        )
