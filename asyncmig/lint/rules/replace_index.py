"""An index that is dropped before its successor exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.schema.tables import key_of
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Revisions
    from asyncmig.lint.schema.tables import KnownTable

__all__ = ["ReplaceIndex"]


class ReplaceIndex(Rule):
    """Reports an index that is dropped before another one takes its place."""

    title = "index dropped before the one that replaces it is built"
    hazards = ("39",)
    severity = Severity.WARNING
    by_size = True
    why = (
        "Until the new index is there, queries that used the old one read the whole table. Build the new"
        " index first, under another name, then drop the old one. Reported where both are in the plan, and"
        " where a dropped index was the last one on the columns of a foreign key."
    )
    examples = Examples(
        bad=(
            "DROP INDEX CONCURRENTLY orders_status",
            "CREATE INDEX CONCURRENTLY orders_status_total ON orders (status, total)",
        ),
        good=(
            "CREATE INDEX CONCURRENTLY orders_status_total ON orders (status, total)",
            "DROP INDEX CONCURRENTLY orders_status",
        ),
        claim=Claim(
            between="SELECT NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 'orders'::regclass"
            " AND indkey[0] = (SELECT attnum FROM pg_attribute"
            " WHERE attrelid = 'orders'::regclass AND attname = 'status'))"
        ),
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        for number, place in enumerate(revisions.places):
            for table, index, columns in place.dropped_indexes:
                if place.is_new(table):
                    continue
                successor = _built_later(revisions, number, table, columns)
                left = revisions.schema.table(table)
                if successor is not None:
                    message = f"drops {index} of {table} before {successor} takes its place"
                elif left is not None and (key := _bare_key(left, columns)):
                    message = f"drops {index}, the last index of {table} for the foreign key {key}"
                else:
                    continue
                yield Problem(
                    message=message,
                    table=table,
                    suggestion="-- build the new index first, under another name, then drop the old one",
                    facts=revisions.schema.source,
                    origin=place.statement.origin,
                    revision=place.step.revision,
                )


def _built_later(
    revisions: Revisions, number: int, table: str, columns: tuple[str, ...]
) -> str | None:
    if not columns:
        return None
    for place in revisions.places[number + 1 :]:
        for action in place.actions:
            if (
                action.kind in (ActionKind.CREATE_INDEX, ActionKind.CREATE_INDEX_CONCURRENTLY)
                and action.relation is not None
                and key_of(action.relation) == table
                and action.columns[:1] == columns[:1]
            ):
                return str(action.index.name) if action.index else "the new index"
    return None


def _bare_key(table: KnownTable, columns: tuple[str, ...]) -> str | None:
    for constraint in table.constraints.values():
        if (
            constraint.kind is ConstraintKind.FOREIGN_KEY
            and set(constraint.columns) <= set(columns[: len(constraint.columns)])
            and constraint.columns
            and table.covering_index(constraint.columns) is None
        ):
            return constraint.name
    return None
