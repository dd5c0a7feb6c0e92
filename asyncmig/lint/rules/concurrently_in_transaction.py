"""CONCURRENTLY where PostgreSQL refuses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place

__all__ = ["ConcurrentlyInTransaction"]

_IN_BODY = re.compile(
    r"\b(?:(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX|REINDEX\s+\w+|DETACH\s+PARTITION\s+\S+)\s+CONCURRENTLY\b",
    re.IGNORECASE,
)


class ConcurrentlyInTransaction(Rule):
    """Reports CONCURRENTLY inside of a block, and in forms that PostgreSQL does not have."""

    title = "CONCURRENTLY where PostgreSQL refuses it"
    hazards = ("4",)
    severity = Severity.ERROR
    why = (
        "CREATE INDEX, DROP INDEX, REINDEX and DETACH PARTITION with CONCURRENTLY cannot run in a"
        " transaction (SQLSTATE 25001). asyncmig gives them a phase of their own, whatever the script"
        " says; what it cannot take out of is a DO block. Nor is there DROP INDEX CONCURRENTLY of several"
        " indexes or with CASCADE, or CREATE INDEX CONCURRENTLY on a partitioned table (0A000)."
    )
    examples = Examples(
        bad=("DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY i ON orders (code)'; END $$",),
        good=("CREATE INDEX CONCURRENTLY i ON orders (code)",),
        claim=Claim(error="25001"),
    )

    def check_statement(self, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        actions = place.actions
        if actions and actions[0].kind is ActionKind.DO and _IN_BODY.search(place.statement.sql):
            yield Problem(
                message="fails: CONCURRENTLY cannot run in a DO block, which is a transaction",
                suggestion="-- write the statement by itself",
            )
        drops = [each for each in actions if each.kind is ActionKind.DROP_INDEX_CONCURRENTLY]
        if len(drops) > 1 or (drops and drops[0].cascade):
            what = "several indexes" if len(drops) > 1 else "CASCADE"
            yield Problem(
                message=f"fails: DROP INDEX CONCURRENTLY does not support {what}",
                suggestion=lines(
                    *(
                        f"DROP INDEX CONCURRENTLY {each.index.sql}"
                        for each in drops
                        if each.index is not None
                    )
                ),
            )
        for action in actions:
            known = place.table(action.relation)
            if (
                action.kind is ActionKind.CREATE_INDEX_CONCURRENTLY
                and known is not None
                and known.kind == "partitioned"
                and not action.only
            ):
                yield Problem(
                    message=f"fails: {known.name} is partitioned, and cannot be indexed concurrently",
                    table=known.name,
                    suggestion="-- ON ONLY the parent, concurrently on each partition, then ATTACH",
                    facts=place.facts,
                )
