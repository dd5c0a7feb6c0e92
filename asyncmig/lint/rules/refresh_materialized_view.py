"""REFRESH MATERIALIZED VIEW without CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.suggest import lines, name_for, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["RefreshMaterializedView"]


class RefreshMaterializedView(Rule):
    """Reports a materialized view that cannot be read while it is filled."""

    title = "REFRESH MATERIALIZED VIEW without CONCURRENTLY"
    hazards = ("29",)
    severity = Severity.WARNING
    why = (
        "ACCESS EXCLUSIVE on the view is held until its query has run. With CONCURRENTLY it is EXCLUSIVE,"
        " and readers see the old rows until then. That needs a unique index on plain columns, without a"
        " WHERE, and a view that has been filled once."
    )
    kinds = frozenset({ActionKind.REFRESH_MATERIALIZED_VIEW})
    examples = Examples(
        setup="CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id, 2 AS total;"
        " CREATE UNIQUE INDEX totals_id ON totals (id);",
        bad=("REFRESH MATERIALIZED VIEW totals",),
        good=("REFRESH MATERIALIZED VIEW CONCURRENTLY totals",),
        claim=Claim(locks={"totals": "AccessExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        view = place.existing(action.relation)
        if view is None or "NO DATA" in action.words.upper():
            return
        known = place.table(view)
        unique = known is not None and any(
            index.unique and index.columns for index in known.indexes.values()
        )
        refresh = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {relation_sql(action.relation)}"
        index = (
            f"CREATE UNIQUE INDEX CONCURRENTLY {name_for(action.relation, 'key')} ON {view} (...)"
        )
        yield Problem(
            message=f"blocks reads of {view} while its query runs",
            table=view,
            suggestion=safe_text(action, place)
            or (lines(refresh) if unique else lines(index, refresh)),
        )
