"""``revision`` and ``merge``: where a new revision stands, its file, its hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import FileError, MultipleHeadsError, ScriptError, TargetError
from asyncmig.render.files.post_write_hooks import run_post_write_hooks
from asyncmig.render.files.revision_id import new_revision_id
from asyncmig.render.files.write import write_revision
from asyncmig.results import CreatedRevision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from asyncmig.config.settings import Settings
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["create_merge", "create_revision", "ensure_versions_folder"]


def ensure_versions_folder(settings: Settings) -> None:
    """Make the folder of revisions where the script directory has none: git keeps no empty folders.

    Raises:
        FileError: it cannot be made. Facts: ``path``.
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
            f"the folder {place} cannot be made: {(error.strerror or str(error)).lower()}",
            hint="check the folder's permissions",
            path=str(place),
        ) from error


def create_revision(
    settings: Settings,
    directory: ScriptDirectory,
    *,
    message: str | None = None,
    rev_id: str | None = None,
    head: str = "head",
    splice: bool = False,
    depends_on: Sequence[str] = (),
    branch_labels: Sequence[str] = (),
    version_path: Path | str | None = None,
    sql_file: bool = False,
    upgrades: str = "",
    downgrades: str = "",
    imports: Iterable[str] = (),
    template_args: Mapping[str, object] | None = None,
) -> CreatedRevision:
    """Write a revision on top of a head and run the post-write hooks; file work, so call it in a thread.

    Args:
        settings: where and how.
        directory: the history as it is.
        message: its first line names the file.
        rev_id: None makes one up.
        head: what to stand on: a revision, ``head``, ``label@head``, ``base`` for a new branch from
            nothing.
        splice: ``head`` may have other revisions above it.
        depends_on: revisions or branch labels; a label stays a label, a partial id becomes whole.
        branch_labels: new labels.
        version_path: one of the version locations; None is the only one, else the head's own.
        sql_file: a SQL revision, whatever ``revision_format`` says.
        upgrades: the body of ``upgrade``, not indented.
        downgrades: likewise.
        imports: whole lines.
        template_args: more names, for Mako templates.

    Raises:
        MultipleHeadsError: ``head`` fits several. Facts: ``heads``.
        RevisionNotFoundError, AmbiguousRevisionError: ``head`` or a dependency.
        TargetError: ``head`` is no head and ``splice`` was not asked for.
        ScriptError, ConfigError, FileError: as ``write_revision`` and ``run_post_write_hooks``.
    """
    graph = directory.graph
    parents = _parents(graph, head)
    _refuse_inner(graph, parents, splice=splice)
    return _create(
        settings,
        graph,
        parents,
        message=message,
        rev_id=rev_id,
        depends_on=_dependencies(graph, depends_on),
        branch_labels=branch_labels,
        version_path=version_path,
        sql_file=sql_file,
        upgrades=upgrades,
        downgrades=downgrades,
        imports=imports,
        template_args=template_args,
    )


def create_merge(
    settings: Settings,
    directory: ScriptDirectory,
    *,
    revisions: Sequence[str] = ("heads",),
    message: str | None = None,
    rev_id: str | None = None,
    branch_labels: Sequence[str] = (),
    splice: bool = False,
) -> CreatedRevision:
    """Write a revision that stands on several.

    Raises:
        TargetError: fewer than two revisions, or one that is no head without ``splice``.
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
        )
    _refuse_inner(graph, parents, splice=splice)
    ids = [parent.id for parent in parents]
    return _create(
        settings,
        graph,
        parents,
        message=message or f"merge {' and '.join(ids)}",
        rev_id=rev_id,
        branch_labels=branch_labels,
    )


def _parents(graph: RevisionGraph, head: str) -> tuple[Revision, ...]:
    try:
        return graph.resolve(head)
    except MultipleHeadsError as error:
        heads = error.fields().get("heads", graph.heads)
        raise MultipleHeadsError(
            f"'{head}' names several revisions, and a new one stands on one of them",
            hint=f"give --head ({_heads_are(graph)}), or join them: asyncmig merge heads",
            heads=heads,
        ) from None


def _refuse_inner(graph: RevisionGraph, parents: Iterable[Revision], *, splice: bool) -> None:
    for parent in parents:
        if not splice and graph.children(parent.id):
            above = ", ".join(graph.children(parent.id))
            raise TargetError(
                f"revision {parent.id} is not a head: {above} stands on it",
                hint=f"give --splice to branch off there; {_heads_are(graph)}",
                target=parent.id,
            )


def _heads_are(graph: RevisionGraph) -> str:
    heads = ", ".join(graph.heads)
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
    *,
    message: str | None,
    rev_id: str | None,
    depends_on: Sequence[str] = (),
    branch_labels: Sequence[str] = (),
    version_path: Path | str | None = None,
    sql_file: bool = False,
    upgrades: str = "",
    downgrades: str = "",
    imports: Iterable[str] = (),
    template_args: Mapping[str, object] | None = None,
) -> CreatedRevision:
    revision = new_revision_id() if rev_id is None else rev_id
    for name in (revision, *branch_labels):
        _refuse_taken(graph, name)
    path = write_revision(
        settings,
        revision=revision,
        message=message,
        down_revisions=[parent.id for parent in parents],
        branch_labels=branch_labels,
        depends_on=depends_on,
        version_path=version_path or _location(settings, parents),
        sql=sql_file or None,
        upgrades=upgrades,
        downgrades=downgrades,
        imports=imports,
        template_args=template_args,
    )
    return CreatedRevision(
        revision=revision,
        path=str(path),
        down_revisions=tuple(parent.id for parent in parents),
        hooks=run_post_write_hooks(path, settings.post_write_hooks),
    )


def _refuse_taken(graph: RevisionGraph, name: str) -> None:
    for known in graph:
        if name == known.id or name in known.branch_labels:
            kind = "revision" if name == known.id else "branch label"
            raise ScriptError(
                f"there is already a {kind} '{name}' ({known.path})",
                hint="take another one; every id and label is used once",
                revision=known.id,
                path=known.path,
            )


def _location(settings: Settings, parents: Iterable[Revision]) -> Path | None:
    """With several locations a new revision lies beside the one it stands on."""
    locations = settings.version_paths
    if len(locations) > 1:
        for parent in parents:
            for location in locations:
                if location.resolve() in _folders_of(parent.path):
                    return location
    return None


def _folders_of(path: str) -> tuple[Path, ...]:
    from pathlib import Path

    return tuple(Path(path).resolve().parents)
