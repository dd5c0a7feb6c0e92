"""ADD EXCLUDE."""

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

__all__ = ["AddExclude"]


class AddExclude(Rule):
    """Reports an exclusion constraint on an existing table."""

    title = "ADD EXCLUDE"
    hazards = ("19",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The index is built and every row is checked under ACCESS EXCLUSIVE, and PostgreSQL has neither"
        " NOT VALID nor USING INDEX for exclusion constraints. There is no way to add one to a large table"
        " without a time in which it cannot be used: create a new table with the constraint and move the"
        " rows, or take a maintenance window."
    )
    kinds = frozenset({ActionKind.ADD_EXCLUDE})
    examples = Examples(
        setup="CREATE TABLE bookings (id bigint PRIMARY KEY, during int8range);",
        rows="INSERT INTO bookings SELECT n, int8range(n, n + 1) FROM generate_series(1, 2000) AS n;",
        bad=("ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)",),
        good=(
            (
                "CREATE TABLE bookings_new (id bigint PRIMARY KEY, during int8range,"
                " CONSTRAINT no_overlap_new EXCLUDE USING gist (during WITH &&))"
            ),
        ),
        claim=Claim(locks={"bookings": "AccessExclusiveLock"}, scans=("bookings",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is not None:
            yield Problem(
                message=f"blocks reads and writes of {table} while it builds the index of EXCLUDE",
                table=table,
                suggestion=f"-- a new table with the constraint, filled in batches, in place of "
                f"{relation_sql(action.relation)}; or a maintenance window",
            )
