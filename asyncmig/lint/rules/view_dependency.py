"""A change of a column that a view uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["ViewDependency"]


class ViewDependency(Rule):
    """Reports a change of a column that fails because of a view."""

    title = "change of a column that a view uses"
    hazards = ("42",)
    severity = Severity.ERROR
    why = (
        "PostgreSQL refuses to change the type of a column that a view or rule uses (SQLSTATE 0A000), and"
        " to drop it without CASCADE (2BP01), which would drop the view. Drop the view first and create it"
        " again afterwards, in the same transaction. With a database, the views are those of the catalog;"
        " without, those of the history whose columns can be told from their text."
    )
    kinds = frozenset({ActionKind.ALTER_COLUMN_TYPE, ActionKind.DROP_COLUMN})
    examples = Examples(
        setup="CREATE VIEW open_orders AS SELECT id, note FROM orders;",
        bad=("ALTER TABLE orders ALTER COLUMN note TYPE varchar(80)",),
        good=(
            (
                "DROP VIEW open_orders; ALTER TABLE orders ALTER COLUMN note TYPE varchar(80);"
                " CREATE VIEW open_orders AS SELECT id, note FROM orders"
            ),
        ),
        claim=Claim(error="0A000"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        known = place.table(action.relation)
        views = known.views.get(action.column or "", ()) if known else ()
        if known is None or not views:
            return
        names = " and ".join(views)
        if action.kind is ActionKind.DROP_COLUMN and action.cascade:
            message = f"drops {names}, which uses {known.name}.{action.column}, by CASCADE"
        else:
            message = f"fails: {names} uses {known.name}.{action.column}"
        yield Problem(
            message=message,
            table=known.name,
            suggestion=lines(
                *(f"DROP VIEW {view}" for view in views),
                " ".join(place.statement.sql.split()),
                *(f"CREATE VIEW {view} AS ..." for view in views),
            ),
            facts=place.facts,
        )
