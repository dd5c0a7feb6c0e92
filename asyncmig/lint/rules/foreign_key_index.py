"""A foreign key whose columns have no index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import column_list, lines, name_for, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Revisions
    from asyncmig.sql.actions.action import Action

__all__ = ["ForeignKeyIndex"]


class ForeignKeyIndex(Rule):
    """Reports a foreign key of an existing table that no index covers."""

    title = "foreign key without an index on its columns"
    hazards = ("34",)
    severity = Severity.WARNING
    why = (
        "PostgreSQL indexes the referenced columns and not the referencing ones. Without an index every"
        " DELETE in the referenced table, and every UPDATE of its key, reads this whole table, under"
        " locks. Create the index concurrently, before the key. Only tables whose columns and indexes are"
        " known are reported: with a database, or where the history creates them."
    )
    examples = Examples(
        bad=(
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey"
                " FOREIGN KEY (customer_id) REFERENCES customers NOT VALID"
            ),
        ),
        good=(
            "CREATE INDEX CONCURRENTLY orders_customer_id ON orders (customer_id)",
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey"
                " FOREIGN KEY (customer_id) REFERENCES customers NOT VALID"
            ),
        ),
        claim=Claim(
            shows="SELECT NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 'orders'::regclass"
            " AND indkey[0] = (SELECT attnum FROM pg_attribute"
            " WHERE attrelid = 'orders'::regclass AND attname = 'customer_id'))"
        ),
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        for place in revisions.places:
            for action in place.actions:
                table = place.existing(action.relation)
                columns = _columns(action)
                known = revisions.schema.table(table)
                if table is None or not columns or known is None or not known.complete:
                    continue
                if known.covering_index(columns) is not None:
                    continue
                index = name_for(action.relation, *columns, "idx")
                yield Problem(
                    message=f"no index of {table} covers the foreign key on {', '.join(columns)}",
                    table=table,
                    suggestion=lines(
                        f"CREATE INDEX CONCURRENTLY {index} ON {relation_sql(action.relation)} "
                        f"({column_list(columns)})"
                    ),
                    facts=revisions.schema.source,
                    origin=place.statement.origin,
                    revision=place.step.revision,
                )


def _columns(action: Action) -> tuple[str, ...]:
    if action.kind is ActionKind.ADD_FOREIGN_KEY and action.new_constraint is not None:
        return action.new_constraint.columns
    if action.kind is ActionKind.ADD_COLUMN and action.new_column is not None:
        return (action.new_column.name,) if action.new_column.references else ()
    return ()
