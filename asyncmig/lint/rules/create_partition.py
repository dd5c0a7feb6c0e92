"""CREATE TABLE ... PARTITION OF."""

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

__all__ = ["CreatePartition"]


class CreatePartition(Rule):
    """Reports a partition that is created under a lock on its parent."""

    title = "CREATE TABLE ... PARTITION OF an existing table"
    hazards = ("28",)
    severity = Severity.WARNING
    why = (
        "ACCESS EXCLUSIVE is taken on the partitioned table, so that all queries that go through it wait."
        " Create the table by itself, with the columns and constraints of the parent, and attach it:"
        " ATTACH PARTITION takes SHARE UPDATE EXCLUSIVE on the parent."
    )
    kinds = frozenset({ActionKind.CREATE_PARTITION})
    examples = Examples(
        setup="CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);",
        bad=(
            (
                "CREATE TABLE events_2026 PARTITION OF events"
                " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
            ),
        ),
        good=(
            "CREATE TABLE events_2026 (LIKE events INCLUDING ALL)",
            (
                "ALTER TABLE events ATTACH PARTITION events_2026"
                " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
            ),
        ),
        claim=Claim(locks={"events": "AccessExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        parent = place.existing(action.partition)
        if parent is None:
            return
        child, whole = relation_sql(action.relation), relation_sql(action.partition)
        yield Problem(
            message=f"blocks reads and writes of {parent} and all of its partitions",
            table=parent,
            suggestion=lines(
                f"CREATE TABLE {child} (LIKE {whole} INCLUDING ALL)",
                f"ALTER TABLE {whole} ATTACH PARTITION {child} {action.expression or ''}".rstrip(),
            ),
        )
