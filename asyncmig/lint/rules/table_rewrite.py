"""Commands that rewrite a whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["TableRewrite"]

_COMMANDS = {
    ActionKind.VACUUM_FULL: "VACUUM FULL",
    ActionKind.CLUSTER: "CLUSTER",
    ActionKind.SET_LOGGED: "SET LOGGED",
    ActionKind.SET_UNLOGGED: "SET UNLOGGED",
    ActionKind.SET_ACCESS_METHOD: "SET ACCESS METHOD",
    ActionKind.SET_TABLESPACE: "SET TABLESPACE",
}


class TableRewrite(Rule):
    """Reports a command whose very purpose is to rewrite a table."""

    title = "VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET ACCESS METHOD, SET TABLESPACE"
    hazards = ("30",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The table and its indexes are rewritten under ACCESS EXCLUSIVE. To give space back, the"
        " extension pg_repack does the work of VACUUM FULL and CLUSTER without blocking; plain VACUUM"
        " blocks neither reads nor writes. For the others take a maintenance window."
    )
    kinds = frozenset(_COMMANDS)
    examples = Examples(
        bad=("VACUUM FULL orders",),
        good=("VACUUM orders",),
        claim=Claim(rewrites=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        command = _COMMANDS[action.kind]
        if action.relation is None:
            if action.index is None and action.kind in (ActionKind.VACUUM_FULL, ActionKind.CLUSTER):
                yield Problem(message=f"{command} rewrites every table, one after the other")
            return
        table = place.existing(action.relation)
        if table is None:
            return
        yield Problem(
            message=f"{command} blocks reads and writes of {table} while it rewrites it",
            table=table,
            suggestion=lines(f"VACUUM {relation_sql(action.relation)}", "-- or pg_repack")
            if action.kind in (ActionKind.VACUUM_FULL, ActionKind.CLUSTER)
            else "-- in a maintenance window",
        )
