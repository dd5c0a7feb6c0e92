"""Which revisions run on the way to a target; importing it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.plan.model import Direction

if TYPE_CHECKING:
    from collections.abc import Collection

    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move, StampMove

__all__ = ["direction_of", "find_moves"]


def find_moves(
    graph: RevisionGraph, target: str, current: Collection[str], direction: Direction
) -> tuple[Move, ...]:
    """Which revisions run, in which order, and what each does to the version table.

    Args:
        graph: the history.
        target: the target expression.
        current: the rows of the version table.
        direction: of all moves.

    Raises:
        RevisionError: there is no such target, or no way to it.
    """
    if direction is Direction.UPGRADE:
        return graph.upgrade_path(target, current)
    return graph.downgrade_path(target, current)


def direction_of(move: Move | StampMove) -> Direction:
    """The direction of a move."""
    return Direction.UPGRADE if move.upgrade else Direction.DOWNGRADE
