"""Creating a revision or a merge: its parents, its file, the post-write hooks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.errors import FileError, MultipleHeadsError, ScriptError, TargetError
from asyncmig.render.files.post_write_hooks import run_post_write_hooks
from asyncmig.render.files.write import write_revision
from asyncmig.results import CreatedRevision
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from asyncmig.config.settings import Settings
    from asyncmig.render.files.new_revision import NewRevision
    from asyncmig.render.files.post_write_hooks import HookRunners
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["create_merge", "create_revision", "ensure_versions_folder"]


def ensure_versions_folder(settings: Settings) -> None:
    """Create the folder of revisions if the script directory has none: git keeps no empty folders.

    Raises:
        FileError: it cannot be created. Facts: ``path``.
    """
    place = settings.version_paths[0]
    if any(path.exists() for path in settings.version_paths):
        return
    if not settings.script_location.is_dir() or place.parent != settings.script_location:
        return
    try:
        place.mkdir()
    except OSError as error:
        raise FileError(
            f"the folder {place} cannot be created: {FileError.reason(error)}",
            hint="check the folder's permissions",
            path=str(place),
        ) from error


def create_revision(
    settings: Settings,
    directory: ScriptDirectory,
    new: NewRevision,
    *,
    runners: HookRunners | None = None,
) -> CreatedRevision:
    """Write a revision above its head and run the post-write hooks; it blocks, so call it in a thread.

    Args:
        settings: where and how.
        directory: the current history.
        new: ``head`` gives its parents; of ``depends_on``, labels stay and partial ids are completed.
        runners: as for ``run_post_write_hooks``.

    Raises:
        MultipleHeadsError: ``head`` fits several. Facts: ``heads``.
        RevisionNotFoundError, AmbiguousRevisionError: ``head`` or a dependency.
        TargetError: ``head`` is not a head, without ``splice``.
        ScriptError, ConfigError, FileError: as ``write_revision`` and ``run_post_write_hooks``.
    """
    graph = directory.graph
    parents = _parents(graph, new.head)
    new = replace(new, depends_on=_dependencies(graph, new.depends_on))
    return _create(settings, graph, parents, new, runners)


def create_merge(
    settings: Settings,
    directory: ScriptDirectory,
    new: NewRevision,
    revisions: Sequence[str] = ("heads",),
) -> CreatedRevision:
    """Write a revision with several parents.

    Raises:
        TargetError: fewer than two revisions, or one that is not a head, without ``splice``.
        RevisionNotFoundError, AmbiguousRevisionError, MultipleHeadsError: an expression.
        ScriptError, ConfigError, FileError: as ``create_revision``.
    """
    graph = directory.graph
    named = [found for expression in revisions for found in graph.resolve(expression)]
    parents = tuple(dict.fromkeys(named))
    if len(parents) < 2:
        only = f"only {parents[0].id}" if parents else "none"
        raise TargetError(
            f"a merge needs two revisions or more, and {' '.join(revisions)} names {only}",
            hint="nothing needs merging" if len(graph.heads) < 2 else _heads_are(graph),
            target=" ".join(revisions),
            argument="revisions" if revisions != ("heads",) else None,
        )
    message = new.message or f"merge {' and '.join(parent.id for parent in parents)}"
    return _create(settings, graph, parents, replace(new, message=message))


def _parents(graph: RevisionGraph, head: str) -> tuple[Revision, ...]:
    try:
        return graph.resolve(head)
    except MultipleHeadsError as error:
        heads = error.fields().get("heads", graph.heads)
        raise MultipleHeadsError(
            f"'{head}' matches several revisions, and a new revision has one parent",
            hint=f"give --head ({_heads_are(graph)}), or join them: asyncmig merge heads",
            heads=heads,
        ) from None


def _check_heads(graph: RevisionGraph, parents: Iterable[Revision]) -> None:
    for parent in parents:
        if graph.children(parent.id):
            above = ", ".join(graph.children(parent.id))
            raise TargetError(
                f"revision {parent.id} is not a head: it is the parent of {above}",
                hint=f"give --splice to branch off there; {_heads_are(graph)}",
                target=parent.id,
            )


def _heads_are(graph: RevisionGraph) -> str:
    heads = listed(graph.heads)
    return f"the heads are {heads}" if len(graph.heads) > 1 else f"the head is {heads}"


def _dependencies(graph: RevisionGraph, names: Iterable[str]) -> tuple[str, ...]:
    whole = (
        name if name in found.branch_labels else found.id
        for name in names
        for found in graph.resolve(name)
    )
    return tuple(dict.fromkeys(whole))


def _create(
    settings: Settings,
    graph: RevisionGraph,
    parents: Sequence[Revision],
    new: NewRevision,
    runners: HookRunners | None = None,
) -> CreatedRevision:
    if not new.splice:
        _check_heads(graph, parents)
    for name in (new.rev_id, *new.branch_labels):
        _check_not_taken(graph, name)
    new = replace(
        new,
        down_revisions=tuple(parent.id for parent in parents),
        version_path=new.version_path or _location(settings, parents),
    )
    path = write_revision(settings, new)
    return CreatedRevision(
        revision=new.rev_id,
        path=str(path),
        down_revisions=tuple(new.down_revisions),
        hooks=run_post_write_hooks(path, settings.post_write_hooks, runners=runners),
    )


def _check_not_taken(graph: RevisionGraph, name: str) -> None:
    for known in graph:
        if name == known.id or name in known.branch_labels:
            kind = "revision" if name == known.id else "branch label"
            raise ScriptError(
                f"there is already a {kind} '{name}' ({known.path})",
                hint="choose another one; ids and labels are unique",
                revision=known.id,
                path=known.path,
            )


def _location(settings: Settings, parents: Iterable[Revision]) -> Path | None:
    """With several locations, the location of a parent; of nested ones the innermost."""
    locations = settings.version_paths
    if len(locations) > 1:
        innermost = sorted(locations, key=lambda path: len(path.resolve().parts), reverse=True)
        for parent in parents:
            for location in innermost:
                if location.resolve() in _folders_of(parent.path):
                    return location
    return None


def _folders_of(path: str) -> tuple[Path, ...]:
    from pathlib import Path

    return tuple(Path(path).resolve().parents)
