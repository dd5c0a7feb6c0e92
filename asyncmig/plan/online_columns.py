"""Which columns the scripts of a plan name in online changes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError
from asyncmig.plan.moves import direction_of
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.run_script import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.plan.online.requests import ColumnRequest
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.revisions.graph.moves import Move

__all__ = ["find_column_requests"]


def find_column_requests(
    planner: Planner, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
) -> list[ColumnRequest]:
    """The columns, found by recording the scripts that have such a directive without a database."""
    asked = OnlineChanges()
    for move in moves:
        script = scripts[move.revision.id]
        if not script.has_online_change:
            continue
        recorder = planner.recorder(move.revision, online=asked.for_script(move.revision.id))
        with suppress(AsyncmigError):  # raised again when the script runs
            record(script, direction_of(move), recorder, planner.keywords)
    return list(dict.fromkeys(asked.requested))
