"""Revisions that stopped half way, and what may be done beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.bookkeeping.state import PartialRevision
    from asyncmig.plan.model import Direction
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move, RowChange

__all__ = ["check_not_blocked", "resolved_by"]


def check_not_blocked(
    graph: RevisionGraph,
    unfinished: Iterable[PartialRevision],
    moves: Sequence[Move],
    direction: Direction,
) -> None:
    """Refuse to build on a revision that is half undone, and to undo what a half done one stands on.

    Raises:
        ScriptError: it names the revision that is to end first.
    """
    moved = {move.revision.id for move in moves}
    for entry in unfinished:
        if entry.direction == direction or not _related(graph, entry.revision, moved):
            continue
        raise ScriptError(
            f"the {entry.direction} of revision {entry.revision} stopped half way, and is to end first",
            hint=(
                f"run the {entry.direction} again, or `asyncmig resolve {entry.revision} --forget` "
                "once the database is put right by hand"
            ),
            revision=entry.revision,
        )


def resolved_by(
    graph: RevisionGraph, unfinished: Iterable[PartialRevision], change: RowChange
) -> list[PartialRevision]:
    """The half done revisions that a stamp speaks of: a person has said where the database stands."""
    stamped = {*change.remove, *change.add}
    return [entry for entry in unfinished if _related(graph, entry.revision, stamped)]


def _related(graph: RevisionGraph, revision: str, others: set[str]) -> bool:
    """True where a revision is one of the others, stands on one of them, or they on it."""
    return bool(_lineage(graph, {revision}) & others) or revision in _lineage(graph, others)


def _lineage(graph: RevisionGraph, revisions: Iterable[str]) -> set[str]:
    """Revisions and all that they stand on, as far as the script directory has them."""
    found: set[str] = set()
    todo = list(revisions)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        if name in graph:
            known = graph.get(name)
            todo.extend((*known.down_revisions, *known.depends_on))
    return found
