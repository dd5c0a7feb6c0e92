"""ALTER COLUMN TYPE that changes the collation only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, name_for, relation_sql
from asyncmig.lint.types import TypeChange, change_of_type
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AlterTypeCollation"]


class AlterTypeCollation(Rule):
    """Reports a new collation, for which indexes are built again."""

    title = "ALTER COLUMN TYPE with a collation, of an indexed column"
    hazards = ("11b",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "A new collation leaves the rows as they are, and sorts them otherwise: each index with the"
        " column is built again under ACCESS EXCLUSIVE on the table. Create an index with the collation"
        " concurrently, drop the old one concurrently, and then change the column."
    )
    kinds = frozenset({ActionKind.ALTER_COLUMN_TYPE})
    examples = Examples(
        bad=('ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE "C"',),
        good=(
            'CREATE INDEX CONCURRENTLY orders_status_c ON orders (status COLLATE "C")',
            "DROP INDEX CONCURRENTLY orders_status",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or action.column is None or not action.words.startswith("COLLATE"):
            return
        known = place.table(table)
        column = known.columns.get(action.column) if known else None
        if known is None or column is None or column.type is None:
            return  # alter-type-rewrite says that the type is not known
        if change_of_type(column.type, action.type) not in (TypeChange.SAME, TypeChange.FREE):
            return
        indexes = [each.name for each in known.indexes.values() if action.column in each.columns]
        if not indexes:
            return
        new = name_for(action.relation, action.column, "new")
        yield Problem(
            message=f"builds {', '.join(indexes)} again while reads and writes of {table} wait",
            table=table,
            suggestion=lines(
                f"CREATE INDEX CONCURRENTLY {new} ON {relation_sql(action.relation)} "
                f"({identifier(action.column)} {action.words})",
                *(f"DROP INDEX CONCURRENTLY {identifier(index)}" for index in indexes),
                f"ALTER TABLE {relation_sql(action.relation)} ALTER COLUMN {identifier(action.column)} "
                f"TYPE {action.type} {action.words}",
            ),
            facts=place.facts,
        )
