"""What a run needs of a project: its history, and its scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["HistorySource", "ScriptSource"]


class HistorySource(Protocol):
    """Where the history comes from."""

    async def known_heads(self) -> tuple[str, ...] | None:
        """The heads, where they are known without reading the history."""
        ...

    async def graph(self) -> RevisionGraph:
        """Read the history."""
        ...


class ScriptSource(HistorySource, Protocol):
    """Where the history and the scripts come from."""

    async def planner(self, graph: RevisionGraph) -> Planner:
        """The planner of the history."""
        ...

    def load_scripts(self, revisions: Sequence[Revision]) -> Mapping[str, AnyScript]:
        """Read and import scripts; called in a thread."""
        ...

    def alembic_imports(self) -> AbstractContextManager[object]:
        """Active while code of scripts runs: what ``import alembic`` gives."""
        ...

    def version_hooks(self) -> Sequence[VersionHook]:
        """Import what ``on_version_apply`` names; called in a thread."""
        ...
