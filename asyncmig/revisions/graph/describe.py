"""Revisions as ``history``, ``heads``, ``branches`` and ``show`` tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.results import BranchPoint, RevisionInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["branch_points", "describe", "describe_all"]


def describe(
    graph: RevisionGraph, revision: Revision, *, current: Collection[str] | None = None
) -> RevisionInfo:
    """One revision with its place in the graph.

    Args:
        graph: the history.
        revision: one of its revisions.
        current: rows of the version table; None where no database was asked.
    """
    children = graph.children(revision.id)
    return RevisionInfo(
        revision=revision.id,
        down_revisions=revision.down_revisions,
        children=tuple(children),
        depends_on=tuple(graph.dependencies(revision.id)),
        branch_labels=tuple(graph.labels(revision.id)),
        message=revision.message,
        doc=revision.doc,
        path=revision.path,
        is_head=not children,
        is_base=revision.is_base,
        is_merge=revision.is_merge,
        is_branch_point=len(children) > 1,
        is_effective_head=revision.id in graph.effective_heads,
        is_current=None if current is None else revision.id in current,
    )


def describe_all(
    graph: RevisionGraph,
    revisions: Iterable[Revision],
    *,
    current: Collection[str] | None = None,
) -> tuple[RevisionInfo, ...]:
    """Several revisions, in the order given."""
    return tuple(describe(graph, revision, current=current) for revision in revisions)


def branch_points(graph: RevisionGraph) -> tuple[BranchPoint, ...]:
    """Every revision with several children, newest first."""
    return tuple(
        BranchPoint(
            revision=describe(graph, revision),
            children=describe_all(graph, (graph.get(child) for child in children)),
        )
        for revision in graph
        if len(children := graph.children(revision.id)) > 1
    )
