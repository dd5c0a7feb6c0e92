"""Partially applied revisions, and the moves that they block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from asyncmig.bookkeeping.state import PartialRevision
    from asyncmig.plan.model import Direction
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move, RowChange

__all__ = ["check_not_blocked", "check_stamp", "resolved_by"]


def check_not_blocked(
    graph: RevisionGraph,
    partial: Iterable[PartialRevision],
    moves: Sequence[Move],
    direction: Direction,
) -> None:
    """Refuse moves that are related to a revision which is partially applied in the other direction.

    Raises:
        ScriptError: it names the revision that must be finished first.
    """
    moved = {move.revision.id for move in moves}
    for entry in partial:
        if entry.direction == direction or not _related(graph, entry, moved):
            continue
        run = f"run the {entry.direction} again"
        if entry.revision not in graph:
            run += " with the code that has that revision"
        raise ScriptError(
            f"the {entry.direction} of revision {entry.revision} is partially applied and must be finished"
            " first",
            hint=f"{run}, or `asyncmig resolve {entry.revision} --forget` once the database is repaired"
            " by hand",
            revision=entry.revision,
        )


def check_stamp(
    graph: RevisionGraph, partial: Iterable[PartialRevision], heads: Collection[str]
) -> None:
    """Refuse a stamp by which a revision counts as applied, or as undone, that is so only in part.

    Without it the opposite direction would later run on what was never changed: a ``USING`` that converts
    values back would read values that were never converted.

    Args:
        graph: the history.
        partial: the partially applied revisions.
        heads: the rows of the version table after the stamp.

    Raises:
        ScriptError: it names the revision.
    """
    applied = graph.ancestors(head for head in heads if head in graph)
    for entry in partial:
        is_applied = entry.revision in applied
        if entry.revision not in graph or is_applied is not (entry.direction == "upgrade"):
            continue
        what = "applied" if is_applied else "not applied"
        raise ScriptError(
            f"the {entry.direction} of revision {entry.revision} is partially applied, and this stamp"
            f" declares the revision {what}",
            hint=f"run the {entry.direction} again to finish it; or finish it by hand, then"
            f" `asyncmig resolve {entry.revision} --forget`, and stamp again",
            revision=entry.revision,
        )


def resolved_by(
    graph: RevisionGraph, partial: Iterable[PartialRevision], change: RowChange
) -> list[PartialRevision]:
    """The partially applied revisions that a stamp discards: those related to its rows."""
    stamped = {*change.remove, *change.add}
    return [entry for entry in partial if _related(graph, entry, stamped)]


def _related(graph: RevisionGraph, entry: PartialRevision, others: set[str]) -> bool:
    """True where a revision is one of the others, or an ancestor or descendant of one.

    The parents of a revision that the script directory does not have are in the journal.
    """
    own = {entry.revision} if entry.revision in graph else {entry.revision, *entry.down_revisions}
    return bool(_lineage(graph, own) & others) or entry.revision in _lineage(graph, others)


def _lineage(graph: RevisionGraph, revisions: Iterable[str]) -> set[str]:
    """Revisions and their ancestors, as far as the script directory has them."""
    names = set(revisions)
    return names | graph.ancestors(name for name in names if name in graph)
