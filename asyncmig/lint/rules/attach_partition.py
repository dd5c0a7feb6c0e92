"""ATTACH PARTITION without a CHECK that proves its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AttachPartition"]


class AttachPartition(Rule):
    """Reports a partition whose rows PostgreSQL has to look at."""

    title = "ATTACH PARTITION of a table without a matching CHECK"
    hazards = ("27",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The table that becomes a partition is read under ACCESS EXCLUSIVE, to find rows that do not"
        " belong there, unless a valid CHECK proves that there are none. Add a CHECK with the bounds as"
        " NOT VALID, validate it, attach, and drop it. If the parent has a DEFAULT partition, that is read"
        " as well, unless it has a CHECK that excludes the bounds."
    )
    kinds = frozenset({ActionKind.ATTACH_PARTITION})
    examples = Examples(
        setup="CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);"
        " CREATE TABLE events_2026 (id bigint, at date NOT NULL);",
        rows="INSERT INTO events_2026 SELECT n, '2026-05-05' FROM generate_series(1, 2000) AS n;",
        bad=(
            (
                "ALTER TABLE events ATTACH PARTITION events_2026"
                " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
            ),
        ),
        good=(
            (
                "ALTER TABLE events_2026 ADD CONSTRAINT events_2026_bounds"
                " CHECK (at >= '2026-01-01' AND at < '2027-01-01') NOT VALID"
            ),
            "ALTER TABLE events_2026 VALIDATE CONSTRAINT events_2026_bounds",
            (
                "ALTER TABLE events ATTACH PARTITION events_2026"
                " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
            ),
            "ALTER TABLE events_2026 DROP CONSTRAINT events_2026_bounds",
        ),
        claim=Claim(locks={"events_2026": "AccessExclusiveLock"}, scans=("events_2026",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.partition)
        if table is None or action.relation is None:
            return
        known = place.table(table)
        if known is not None and any(
            each.valid and each.kind is ConstraintKind.CHECK and _is_about_bounds(each.expression)
            for each in known.constraints.values()
        ):
            return
        yield Problem(
            message=f"blocks reads and writes of {table} while it looks for rows outside of the bounds",
            table=table,
            suggestion=safe_text(action, place)
            or "-- a CHECK of the bounds as NOT VALID; VALIDATE it; ATTACH PARTITION; DROP the CHECK",
            facts=place.facts if known else "sql",
        )


def _is_about_bounds(expression: str | None) -> bool:
    """Whether a CHECK compares: one that does is taken to match, as the server alone can tell."""
    return any(sign in (expression or "") for sign in "<>=")
