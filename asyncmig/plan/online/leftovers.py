"""What an unfinished change of a type has left, and whether the version table agrees with it.

A revision can be declared applied while its change has not come to the swap, by ``resolve --forget`` and a
stamp. The column then has its old type, and a change in the other direction would convert values that were
never converted. A ``using`` does not notice: ``at AT TIME ZONE 'UTC'`` takes either type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.plan.model import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["contradiction"]


def contradiction(
    mark: Mapping[str, Any] | None,
    graph: RevisionGraph,
    revision: str,
    direction: Direction,
) -> str | None:
    """Why a change may not take the place of the one that was not finished; None where it may.

    Args:
        mark: what the unfinished change has left.
        graph: the history.
        revision: whose script makes the change now.
        direction: of that script.
    """
    if mark is None or mark["kind"] != "alter" or mark.get("swapped"):
        return None
    owner, owners_direction = mark.get("revision"), mark.get("direction")
    if owner is None or owner not in graph:
        return None
    begun = f"the {owners_direction} of revision {owner} has begun to change the type and was not finished"
    below = graph.ancestors([revision])
    is_downgrade = direction is Direction.DOWNGRADE
    if owners_direction == str(Direction.UPGRADE):
        if owner in below and (is_downgrade or owner != revision):
            return f"{begun}, so the column is as before {owner}, which counts as applied"
    elif revision in graph.ancestors([owner]) and not (is_downgrade and owner == revision):
        return f"{begun}, so the column is as after {owner}, which counts as not applied"
    return None
