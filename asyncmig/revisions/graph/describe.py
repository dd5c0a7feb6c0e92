"""The results of ``heads``, ``branches``, ``history`` and ``show``, from a revision graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.results import BranchPoint, RevisionInfo
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = [
    "describe_all",
    "describe_branch_points",
    "describe_heads",
    "describe_history",
    "describe_target",
]


def describe_heads(
    graph: RevisionGraph, *, resolve_dependencies: bool = False
) -> tuple[RevisionInfo, ...]:
    """The heads by id; with ``resolve_dependencies`` without those that a revision depends on."""
    names = graph.effective_heads if resolve_dependencies else graph.heads
    return describe_all(graph, map(graph.get, sorted(names)))


def describe_branch_points(graph: RevisionGraph) -> tuple[BranchPoint, ...]:
    """Every revision with several children, newest first."""
    from asyncmig.results.history import BranchPoint

    return tuple(
        BranchPoint(
            revision=_describe(graph, revision),
            children=describe_all(graph, (graph.get(child) for child in children)),
        )
        for revision in graph
        if len(children := graph.children(revision.id)) > 1
    )


def describe_history(
    graph: RevisionGraph,
    range_: str | None = None,
    *,
    current: Collection[str] | None = None,
    indicate_current: bool = False,
) -> tuple[RevisionInfo, ...]:
    """All revisions or those of a range, newest first.

    Args:
        graph: the history.
        range_: ``a:b``; None is all.
        current: rows of the version table, for relative ends.
        indicate_current: whether to tell which revisions are current.

    Raises:
        RevisionError: the range is wrong.
    """
    revisions = graph.slice(range_, current or ()) if range_ else graph
    return describe_all(graph, revisions, current=current if indicate_current else None)


def describe_target(
    graph: RevisionGraph, expression: str, *, current: Collection[str] = ()
) -> tuple[RevisionInfo, ...]:
    """The revisions that a target expression names.

    Raises:
        RevisionError: it names no revision, or several where one is wanted.
    """
    return describe_all(graph, graph.resolve(expression, current=current))


def describe_all(
    graph: RevisionGraph,
    revisions: Iterable[Revision],
    *,
    current: Collection[str] | None = None,
) -> tuple[RevisionInfo, ...]:
    """Several revisions, in the order given.

    Args:
        graph: the history.
        revisions: some of its revisions.
        current: rows of the version table; None where no database was read.
    """
    return tuple(_describe(graph, revision, current=current) for revision in revisions)


def _describe(
    graph: RevisionGraph, revision: Revision, *, current: Collection[str] | None = None
) -> RevisionInfo:
    from asyncmig.results.history import RevisionInfo

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
