"""A revision by the names that Alembic gives its facts, for code that was written against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["AlembicScript"]


class AlembicScript:
    """One revision, by the names that Alembic gives its facts."""

    def __init__(self, revision: Revision, graph: RevisionGraph) -> None:
        self.revision = revision.id
        self.path = revision.path
        self.doc = revision.message or ""
        self.longdoc = revision.doc or ""
        self.down_revision: Any = _one_or_all(revision.down_revisions)
        self.dependencies: Any = _one_or_all(revision.depends_on)
        self.branch_labels = set(graph.labels(revision.id))
        self.nextrev = frozenset(graph.children(revision.id))
        self.is_base = not revision.down_revisions
        self.is_head = revision.id in graph.heads

    def __repr__(self) -> str:
        return f"<Script {self.revision}>"


def _one_or_all(names: Sequence[str]) -> Any:
    if not names:
        return None
    return names[0] if len(names) == 1 else tuple(names)
