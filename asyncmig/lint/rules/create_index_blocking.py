"""CREATE INDEX without CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.suggest import lines, with_concurrently
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["CreateIndexBlocking"]


_ON_PARTITIONS = (
    "-- CREATE INDEX ... ON ONLY the table; CREATE INDEX CONCURRENTLY on each partition; ALTER INDEX ..."
    " ATTACH PARTITION each of them"
)


class CreateIndexBlocking(Rule):
    """Reports an index that is built under a lock that blocks writes."""

    title = "CREATE INDEX without CONCURRENTLY"
    hazards = ("1",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The index is built under SHARE on the table: reads continue, and every INSERT, UPDATE and DELETE"
        " waits until the whole table is read. CREATE INDEX CONCURRENTLY takes longer and blocks neither"
        " reads nor writes. asyncmig gives it a phase of its own, outside of a transaction. A partitioned"
        " table cannot be indexed concurrently: create the index ON ONLY the parent, concurrently on each"
        " partition, and attach those."
    )
    kinds = frozenset({ActionKind.CREATE_INDEX})
    examples = Examples(
        bad=("CREATE INDEX orders_customer_id ON orders (customer_id)",),
        good=("CREATE INDEX CONCURRENTLY orders_customer_id ON orders (customer_id)",),
        claim=Claim(locks={"orders": "ShareLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None:
            return
        known = place.table(table)
        if known is not None and known.kind == "partitioned":
            if action.only:
                return
            partitions = [
                each for each in place.schema.tables.values() if each.partition_of == table
            ]
            if place.schema.complete and not partitions:
                return  # there is nothing to index
            suggestion = safe_text(action, place) if partitions else None
            suggestion = suggestion or _ON_PARTITIONS
        else:
            suggestion = safe_text(action, place) or lines(with_concurrently(place.statement.sql))
        yield Problem(
            message=f"builds an index on {table} while writes to it wait",
            table=table,
            suggestion=suggestion,
        )
