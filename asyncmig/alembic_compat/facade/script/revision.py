"""``alembic.script.revision``: a map of revisions, and the errors of a script directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.errors import (
    HistoryError,
    MultipleHeadsError,
    RevisionError,
    RevisionNotFoundError,
    TargetError,
)
from asyncmig.revisions.graph.alembic_script import AlembicRevision as Revision
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.order import newest_first
from asyncmig.revisions.graph.revision import Revision as Metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "CycleDetected",
    "DependencyCycleDetected",
    "DependencyLoopDetected",
    "LoopDetected",
    "MultipleHeads",
    "RangeNotAncestorError",
    "ResolutionError",
    "Revision",
    "RevisionError",
    "RevisionMap",
    "is_revision",
    "tuple_rev_as_scalar",
]

ResolutionError = RevisionNotFoundError
RangeNotAncestorError = TargetError
MultipleHeads = MultipleHeadsError
CycleDetected = DependencyCycleDetected = LoopDetected = DependencyLoopDetected = HistoryError


class RevisionMap:
    """Revisions and the edges between them; the generator is asked when a fact is first needed.

    Args:
        generator: gives the revisions, in the order of their files.
    """

    def __init__(self, generator: Callable[[], Iterable[Revision]]) -> None:
        self._generator = generator
        self._read: tuple[RevisionGraph, dict[str, Any]] | None = None

    def _load(self) -> tuple[RevisionGraph, dict[str, Any]]:
        if self._read is None:
            self._read = _mapped(list(self._generator()))
        return self._read

    @property
    def graph(self) -> RevisionGraph:
        """The same as asyncmig's own graph."""
        return self._load()[0]

    @property
    def _revision_map(self) -> dict[Any, Any]:
        """The revisions by id and by label, and None for the base."""
        graph, known = self._load()
        labels = {
            label: revision
            for revision in known.values()
            for label in revision._orig_branch_labels  # noqa: SLF001 - of this module's kind
        }
        del graph
        return {**known, **labels, None: None, (): None}

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids that no ``down_revision`` names."""
        return self.graph.heads

    @property
    def bases(self) -> tuple[str, ...]:
        """The ids without a ``down_revision``."""
        return self.graph.bases

    @property
    def _real_heads(self) -> tuple[str, ...]:
        return self.graph.effective_heads

    @property
    def _real_bases(self) -> tuple[str, ...]:
        return tuple(name for name in self.bases if not self.graph.dependencies(name))

    def add_revision(self, revision: Revision, _replace: bool = False) -> None:
        """Add a revision, or put it in the place of the one with its id."""
        _, known = self._load()
        if revision.revision in known and not _replace:
            raise HistoryError(
                f"revision '{revision.revision}' is there already",
                revisions=(revision.revision,),
            )
        self._read = _mapped([*{**known, revision.revision: revision}.values()])

    def get_current_head(self, branch_label: str | None = None) -> str | None:
        """The one head, of a branch perhaps; None where there is no revision.

        Raises:
            MultipleHeads: there are several.
        """
        found = self.graph.heads
        if branch_label:
            found = self.filter_for_lineage(found, branch_label)
        if len(found) > 1:
            raise MultipleHeads(
                f"there are several heads: {', '.join(found)}",
                hint="ask for get_heads(), or give a branch label",
                heads=found,
            )
        return found[0] if found else None

    def get_revision(self, id_: str | Sequence[str] | None) -> Any:
        """One revision by its id, the beginning of it, a label or ``head``; None for the base.

        Raises:
            ResolutionError: there is none.
            MultipleHeads: ``head`` means several.
        """
        found = self.get_revisions(id_)
        if len(found) > 1:
            names = tuple(revision.revision for revision in found)
            raise MultipleHeads(f"'{id_}' is not one revision, but {', '.join(names)}", heads=names)
        return found[0] if found else None

    def get_revisions(self, id_: Any) -> tuple[Any, ...]:
        """The revisions that a name or several stand for; ``base`` stands for none."""
        if id_ is None or id_ == ():
            return ()
        graph, known = self._load()
        names = [id_] if isinstance(id_, str) else list(id_)
        return tuple(
            dict.fromkeys(
                known[revision.id]
                for name in names
                if name is not None
                for revision in graph.resolve(name)
            )
        )

    def filter_for_lineage(
        self, targets: Iterable[Any], check_against: str | None, include_dependencies: bool = False
    ) -> tuple[Any, ...]:
        """Those of some revisions, or ids, that are on the line of another one."""
        if not check_against:
            return tuple(targets)
        graph = self.graph
        name = check_against.rpartition("@")[2] or check_against
        lineage = graph.lineage(graph.find(name).id, dependencies=include_dependencies)
        return tuple(target for target in targets if getattr(target, "revision", target) in lineage)

    def iterate_revisions(
        self,
        upper: Any,
        lower: Any,
        implicit_base: bool = False,
        inclusive: bool = False,
        assert_relative_length: bool = True,
        select_for_downgrade: bool = False,
    ) -> Iterator[Any]:
        """The revisions from the upper down to the lower, which is left out.

        Args:
            upper: where to begin: ids, ``heads``, or a step like ``+2`` from the lower.
            lower: where to end.
            implicit_base: revisions of other branches below the upper are part of the way, too.
            inclusive: the lower is part of it.
            assert_relative_length: a step beyond the end is an error.
            select_for_downgrade: those that a downgrade from the upper to the lower runs.
        """
        graph, known = self._load()
        if select_for_downgrade:
            rows = [revision.revision for revision in self.get_revisions(upper)]
            moves = graph.downgrade_path(_target(lower) or "base", rows)
            return iter([known[move.revision.id] for move in moves])
        starts = self._ids(lower)
        heads = self._upper(upper, starts, strict=assert_relative_length)
        above = graph.ancestors(heads)
        unrelated = [name for name in starts if name not in above]
        if unrelated:
            raise RangeNotAncestorError(
                f"Revision {lower} is not an ancestor of revision {upper}",
                target=f"{lower}:{upper}",
            )
        todo = above - graph.ancestors(starts)
        if starts and not implicit_base:
            todo &= graph.descendants(starts, dependencies=False)
        if isinstance(lower, str) and lower.endswith("@base"):
            todo &= graph.lineage(graph.find(lower.removesuffix("@base")).id)
        if inclusive:
            todo.update(starts)
        order = newest_first(graph, todo, heads)
        return iter([known[name] for name in order])

    def _ids(self, given: Any) -> list[str]:
        return [revision.revision for revision in self.get_revisions(given)]

    def _upper(self, upper: Any, starts: Sequence[str], *, strict: bool) -> list[str]:
        """The upper end: a step up counts from the lower one."""
        graph = self.graph
        if isinstance(upper, str) and upper.rpartition("@")[2].startswith("+"):
            from asyncmig.revisions.graph.targets import TargetReader

            found = TargetReader(graph, starts).upgrade_targets(upper, beyond=not strict)
            return [revision.id for revision in found]
        return self._ids(upper)


def _mapped(revisions: list[Any]) -> tuple[RevisionGraph, dict[str, Any]]:
    """The graph of some revisions, which learn their places in it."""
    graph = RevisionGraph(
        [
            Metadata(
                id=revision.revision,
                down_revisions=_tuple(revision.down_revision),
                depends_on=_tuple(revision.dependencies),
                branch_labels=tuple(revision._orig_branch_labels),  # noqa: SLF001 - of this module's kind
                doc=getattr(revision, "longdoc", ""),
                path=getattr(revision, "path", ""),
            )
            for revision in revisions
        ]
    )
    for revision in revisions:
        revision.set_place(graph)
    return graph, {revision.revision: revision for revision in revisions}


def _tuple(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _target(given: Any) -> str | None:
    names = _tuple(given)
    return names[0] if names else None


def is_revision(rev: Any) -> Any:
    """The revision, which is one."""
    if not isinstance(rev, Revision):
        raise TypeError(f"a Revision is expected, not {type(rev).__name__}")
    return rev


def tuple_rev_as_scalar(rev: Any) -> Any:
    """One id of a tuple of one, None of an empty one, several as they are."""
    if not rev:
        return None
    names = _tuple(rev)
    return names[0] if len(names) == 1 else rev
