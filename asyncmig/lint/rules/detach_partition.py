"""DETACH PARTITION without CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.suggest import lines
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DetachPartition"]


class DetachPartition(Rule):
    """Reports a partition that is detached under a lock on its parent."""

    title = "DETACH PARTITION without CONCURRENTLY"
    hazards = ("28",)
    severity = Severity.WARNING
    why = (
        "ACCESS EXCLUSIVE is taken on the partitioned table and on the partition: all queries of all"
        " partitions that go through the parent wait. DETACH PARTITION ... CONCURRENTLY takes SHARE UPDATE"
        " EXCLUSIVE; asyncmig gives it a phase of its own. It cannot be used while there is a DEFAULT"
        " partition."
    )
    kinds = frozenset({ActionKind.DETACH_PARTITION})
    examples = Examples(
        setup="CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);"
        " CREATE TABLE events_2026 PARTITION OF events"
        " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        bad=("ALTER TABLE events DETACH PARTITION events_2026",),
        good=("ALTER TABLE events DETACH PARTITION events_2026 CONCURRENTLY",),
        claim=Claim(locks={"events": "AccessExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None:
            return
        yield Problem(
            message=f"blocks reads and writes of {table} and all of its partitions",
            table=table,
            suggestion=safe_text(action, place)
            or lines(f"{' '.join(place.statement.sql.split())} CONCURRENTLY"),
        )
