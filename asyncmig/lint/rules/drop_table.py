"""DROP TABLE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DropTable"]


class DropTable(Rule):
    """Reports an existing table that is dropped."""

    title = "DROP TABLE of an existing table"
    hazards = ("21",)
    severity = Severity.WARNING
    why = (
        "The rows are gone, code that still runs and uses the table fails, and ACCESS EXCLUSIVE is taken"
        " on every table that it refers to by a foreign key, which the statement does not name. Deploy"
        " code that does not use the table first; drop its foreign keys before it, one a transaction."
    )
    kinds = frozenset({ActionKind.DROP_TABLE})
    examples = Examples(
        setup="CREATE TABLE notes (id bigint PRIMARY KEY, order_id bigint CONSTRAINT notes_order_id_fkey"
        " REFERENCES orders);",
        bad=("DROP TABLE notes",),
        good=("ALTER TABLE notes RENAME TO notes_to_drop",),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or action.temporary:
            return
        known = place.table(table)
        if known is None and place.schema.complete and action.if_exists:
            return  # there is none
        others = place.schema.referenced(table)
        locked = f", and locks {' and '.join(others)} against reads and writes" if others else ""
        keys = [
            each.name
            for each in (known.constraints.values() if known else ())
            if each.kind is ConstraintKind.FOREIGN_KEY
        ]
        relation = relation_sql(action.relation)
        yield Problem(
            message=f"drops {table} with its rows{locked}",
            table=table,
            suggestion=lines(
                "-- when no running code uses it any more:",
                *(f"ALTER TABLE {relation} DROP CONSTRAINT {identifier(key)}" for key in keys),
                f"DROP TABLE {relation}",
            ),
            facts=place.facts if known else "sql",
        )
