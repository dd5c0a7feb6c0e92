"""Statements whose effect the text does not tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import NOT_ANALYSED, ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.plan.model import Step
    from asyncmig.sql.actions.action import Action

__all__ = ["NotAnalysed", "live"]

_DDL = re.compile(
    r"\b(EXECUTE|PERFORM|ALTER\s+TABLE|CREATE\s+(UNIQUE\s+)?INDEX|DROP\s+(TABLE|INDEX)|TRUNCATE"
    r"|UPDATE|DELETE\s+FROM|INSERT\s+INTO|REINDEX|CLUSTER|REFRESH|LOCK)\b",
    re.IGNORECASE,
)


class NotAnalysed(Rule):
    """Reports what the linter cannot look into."""

    title = "statement that cannot be analysed: DO, CALL, EXECUTE, unknown SQL, a script that reads"
    hazards = ("45",)
    severity = Severity.WARNING
    why = (
        "What a DO block, a procedure, a prepared statement or a script that reads from the database"
        " executes is known only when it runs. It may hold any of the hazards above, so it is reported and"
        " not passed over. Look at it yourself, and allow it with a reason. A DO block without a command"
        " that changes tables or rows is a note."
    )
    kinds = NOT_ANALYSED
    examples = Examples(
        bad=("DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD CHECK (total >= 0)'; END $$",),
        good=("ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0) NOT VALID",),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        text = place.statement.sql
        match action.kind:
            case ActionKind.DO if not _DDL.search(text):
                yield Problem(message="a DO block is not analysed", severity=Severity.NOTE)
            case ActionKind.DO:
                found = _DDL.search(text)
                word = " ".join(found[0].upper().split()) if found else ""
                yield Problem(message=f"a DO block is not analysed; it has {word}")
            case ActionKind.CALL:
                yield Problem(message=f"what the procedure {action.object} does is not analysed")
            case ActionKind.EXECUTE:
                yield Problem(message=f"the prepared statement {action.object} is not analysed")
            case _:
                shown = " ".join((action.words or text).split())
                shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
                yield Problem(message=f"not understood, so not analysed: {shown}")


def live(step: Step) -> Iterator[Problem]:
    """The finding about a script whose later statements are known only when it runs."""
    where = (step.live_origin or "").rpartition(":")[2]
    line = f" in line {where}" if where.isdecimal() else ""
    yield Problem(
        message=f"the script reads from the database{line}: statements that depend on it are not analysed",
        origin=step.live_origin,
        revision=step.revision,
    )
