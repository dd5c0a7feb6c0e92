"""A slow statement behind a strong lock, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.lock_levels import READS
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place

__all__ = ["LongLock"]

_CHANGES = frozenset({ActionKind.UPDATE, ActionKind.DELETE, ActionKind.MERGE, ActionKind.COPY_FROM})
_SCANS = frozenset(
    {ActionKind.CREATE_INDEX, ActionKind.ADD_CHECK, ActionKind.ADD_UNIQUE, ActionKind.ADD_EXCLUDE}
    | {
        ActionKind.VALIDATE_CONSTRAINT,
        ActionKind.ADD_FOREIGN_KEY,
        ActionKind.REFRESH_MATERIALIZED_VIEW,
    }
)


class LongLock(Rule):
    """Reports a statement that takes long while an earlier one has locked another table, or the same."""

    title = "a slow statement after a strong lock, in one transaction"
    hazards = ("32",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "Locks are held until the transaction ends: what comes after ALTER TABLE in the same transaction"
        " runs while no other session can use that table. Move statements that read or change many rows to"
        " a revision of their own, before the lock or after it. Each statement that scans under its own"
        " lock is reported by the rule for it; this rule is about the lock of an earlier one."
    )
    examples = Examples(
        bad=(
            (
                "ALTER TABLE customers ADD COLUMN vip boolean;"
                " UPDATE orders SET status = 'old' WHERE created_at < now()"
            ),
        ),
        good=(
            "ALTER TABLE customers ADD COLUMN vip boolean",
            "UPDATE orders SET status = 'old' WHERE created_at < now()",
        ),
        claim=Claim(locks={"customers": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check_statement(self, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        slow = _slow_table(place)
        if slow is None:
            return
        locked: dict[str, str] = {}
        since_line: dict[str, str] = {}
        for earlier in place.earlier:
            for table, blocked in earlier.locks:
                if locked.get(table) not in {READS, blocked}:
                    locked[table] = blocked
                    since_line[table] = earlier.statement.origin or ""
        if not locked or (set(locked) == {slow} and not _changes_rows(place)):
            return  # the rule for the statement itself says how to do it without a scan under a lock
        blocked = READS if READS in locked.values() else next(iter(locked.values()))
        tables = [table for table, what in locked.items() if what == blocked]
        line = since_line[tables[0]].rpartition(":")[2]
        since = f" since line {line}" if line else ""
        yield Problem(
            message=f"blocks {blocked} of {' and '.join(tables)}{since} while it reads {slow}",
            table=slow,
            suggestion="-- in a revision of its own, or behind a COMMIT",
        )


def _changes_rows(place: Place) -> bool:
    return any(action.kind in _CHANGES | {ActionKind.INSERT} for action in place.actions)


def _slow_table(place: Place) -> str | None:
    """The existing table that a statement reads from beginning to end, if it does."""
    for action in place.actions:
        table = place.existing(action.relation)
        if table is None:
            continue
        if action.kind in _CHANGES:
            return table
        if action.kind is ActionKind.INSERT and "SELECT" in place.statement.sql.upper():
            return table
        new = action.new_constraint
        if action.kind in _SCANS and not (
            new is not None and (new.not_valid or new.not_enforced or new.index is not None)
        ):
            return table
    return None
