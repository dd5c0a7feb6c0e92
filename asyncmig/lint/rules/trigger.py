"""CREATE, ENABLE, DISABLE and DROP TRIGGER."""

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

__all__ = ["Trigger"]

_WORDS = {
    ActionKind.CREATE_TRIGGER: "creates a trigger on",
    ActionKind.ENABLE_TRIGGER: "enables a trigger of",
    ActionKind.DISABLE_TRIGGER: "disables a trigger of",
    ActionKind.DROP_TRIGGER: "drops a trigger of",
    ActionKind.RENAME_TRIGGER: "renames a trigger of",
}
_READS_TOO = frozenset({ActionKind.DROP_TRIGGER, ActionKind.RENAME_TRIGGER})


class Trigger(Rule):
    """Reports a change of the triggers of an existing table."""

    title = "CREATE, ENABLE, DISABLE, RENAME or DROP TRIGGER on an existing table"
    hazards = ("26",)
    severity = Severity.NOTE
    why = (
        "SHARE ROW EXCLUSIVE, which blocks writes, or ACCESS EXCLUSIVE for DROP and RENAME, which block"
        " reads too. It is quick; lock_timeout, which asyncmig sets, keeps it from waiting at the head of"
        " a queue. Keep it apart from statements that take long."
    )
    kinds = frozenset(_WORDS)
    examples = Examples(
        setup="CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$;",
        bad=(
            (
                "CREATE TRIGGER orders_touch BEFORE UPDATE ON orders"
                " FOR EACH ROW EXECUTE FUNCTION touch()"
            ),
        ),
        good=(
            (
                "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN NEW.created_at := now(); RETURN NEW; END $$"
            ),
        ),
        claim=Claim(locks={"orders": "ShareRowExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None:
            return
        known = place.table(table)
        if known is not None and known.kind == "view":
            return
        what = "reads and writes" if action.kind in _READS_TOO else "writes"
        yield Problem(
            message=f"{_WORDS[action.kind]} {table}: {what} wait until the transaction ends",
            table=table,
            suggestion="-- change the function of the trigger instead, where that is enough",
        )
