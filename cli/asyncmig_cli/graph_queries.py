"""``heads``, ``history``, ``branches`` and ``show`` without a database or an event loop."""

from typing import TYPE_CHECKING

from asyncmig.revisions.graph.describe import branch_points, describe_all
from asyncmig.revisions.script_directory import ScriptDirectory

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.results import BranchPoint, RevisionInfo

__all__ = ["GraphQueries"]


class GraphQueries:
    """Questions that the script directory alone can answer."""

    def __init__(self, settings: "Settings") -> None:
        directory = ScriptDirectory.load(
            settings.version_paths,
            recursive=settings.recursive_version_locations,
            sourceless=settings.sourceless,
            named_by=settings.config_path,
        )
        self.graph = directory.graph

    def heads(self, *, resolve_dependencies: bool = False) -> "tuple[RevisionInfo, ...]":
        """The heads; with ``resolve_dependencies`` without those that a revision depends on."""
        graph = self.graph
        names = graph.effective_heads if resolve_dependencies else graph.heads
        return describe_all(graph, map(graph.get, sorted(names)))

    def branches(self) -> "tuple[BranchPoint, ...]":
        """Every revision with several children."""
        return branch_points(self.graph)

    def history(self, range_: str | None = None) -> "tuple[RevisionInfo, ...]":
        """All revisions or those of a range, newest first."""
        return describe_all(self.graph, self.graph.slice(range_) if range_ else self.graph)

    def show(self, expression: str) -> "tuple[RevisionInfo, ...]":
        """The revisions that an expression names."""
        return describe_all(self.graph, self.graph.resolve(expression))
