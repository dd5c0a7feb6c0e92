"""Which revisions are linted: pending ones, a range, all, those of files, those changed since a commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import FileError, TargetError
from asyncmig.project.lint.changed_files import changed_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.config.settings import Settings
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["ChosenRevisions", "LintScope", "choose_revisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LintScope:
    """What the caller asks for; at most one of ``since``, ``all``, ``git_diff`` and ``files``.

    Attributes:
        target: of the pending revisions.
        since: a revision; those after it are linted.
        all: every revision, each as a deployment of its own.
        git_diff: a commit or branch; revisions that differ from it are linted.
        files: revision files.
        offline: no database is asked.
    """

    target: str = "heads"
    since: str | None = None
    all: bool = False
    git_diff: str | None = None
    files: tuple[Path, ...] | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        given = {
            "since": self.since is not None,
            "all": self.all,
            "git_diff": self.git_diff is not None,
            "files": self.files is not None,
        }
        named = [name for name, is_given in given.items() if is_given]
        if len(named) > 1:
            raise TargetError(
                f"{' and '.join(named)} choose the revisions to lint in different ways",
                hint="give one of them",
                target=named[0],
            )
        if named and self.target != "heads":
            raise TargetError(
                f"a target, {self.target}, is for pending revisions, and {named[0]} chooses others",
                hint=f"leave {self.target} or {named[0]} out",
                target=self.target,
            )

    @property
    def pending(self) -> bool:
        """The database says which revisions are linted."""
        return not (
            self.offline or self.all or self.files is not None or self.since or self.git_diff
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRevisions:
    """The revisions to lint.

    Attributes:
        ids: of the revisions.
        scope: in words.
        together: they are deployed together; else each by itself.
        added: those that are new, where that is known.
    """

    ids: frozenset[str]
    scope: str
    together: bool = True
    added: frozenset[str] | None = None


def choose_revisions(graph: RevisionGraph, settings: Settings, scope: LintScope) -> ChosenRevisions:
    """The revisions of a scope that needs no database. It reads files: call it in a thread.

    Raises:
        FileError: a file cannot be read, or is no revision; git cannot be run.
        RevisionError: there is no revision of that name.
    """
    every = frozenset(revision.id for revision in graph)
    if scope.since is not None:
        known = graph.ancestors(revision.id for revision in graph.resolve(scope.since))
        return ChosenRevisions(ids=every - known, scope=f"revisions after {scope.since}")
    if scope.files is not None:
        ids = frozenset(_revisions_of(graph, scope.files))
        return ChosenRevisions(ids=ids, scope="the revisions of the files given")
    if scope.git_diff is not None:
        changed = changed_files(scope.git_diff, settings.version_paths)
        by_path = _by_path(graph)
        ids = frozenset(by_path[path] for path in changed.every if path in by_path)
        added = frozenset(by_path[path] for path in changed.added if path in by_path)
        what = f"revisions that differ from {scope.git_diff}"
        return ChosenRevisions(ids=ids, scope=what, added=added)
    if scope.all:
        return ChosenRevisions(ids=every, scope="all revisions", together=False)
    if scope.target != "heads":
        ids = frozenset(graph.ancestors(revision.id for revision in graph.resolve(scope.target)))
        what = f"all revisions up to {scope.target}"
    else:
        ids, what = every, "all revisions"
    return ChosenRevisions(
        ids=ids,
        scope=f"{what}, as no database says which are pending",
        together=False,
    )


def _by_path(graph: RevisionGraph) -> dict[Path, str]:
    return {Path(revision.path).resolve(): revision.id for revision in graph if revision.path}


def _revisions_of(graph: RevisionGraph, files: Iterable[Path]) -> list[str]:
    by_path = _by_path(graph)
    found = []
    for path in files:
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            reason = FileError.reason(error)
            raise FileError(f"cannot read {path}: {reason}", path=str(path)) from error
        revision = by_path.get(path.resolve())
        if revision is None:
            raise FileError(
                f"{path} is not a revision of this project",
                hint="name files in the version locations; `asyncmig history -v` lists them",
                path=str(path),
            )
        found.append(revision)
    return found
