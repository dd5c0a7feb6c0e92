"""Generated revisions, and their files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.render.creating import create_revision
from asyncmig.results import CreatedRevision

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from asyncmig.config.settings import Settings
    from asyncmig.operations.containers import MigrationScript
    from asyncmig.results import RenameCandidate
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["Generated", "write_generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A new revision; ``changes`` counts the operations of its upgrade.

    What ``process_revision_directives`` may change of a script is in ``script``. ``renames`` were given
    or agreed to; ``candidates`` look like renames and are written as a drop and an addition.
    """

    script: MigrationScript
    upgrades: str
    downgrades: str
    imports: tuple[str, ...]
    changes: int
    as_sql: bool = False
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()


async def write_generated(
    settings: Settings,
    load: Callable[[], Awaitable[ScriptDirectory]],
    generated: Sequence[Generated],
    *,
    skip_empty: bool = False,
) -> CreatedRevision:
    """Write the files of generated revisions, in order, each upon the history with those before it.

    Args:
        settings: where and how.
        load: reads the history.
        generated: the revisions.
        skip_empty: write none that has no operations.

    Returns:
        the first, with the ids of the others; ``written`` is False when there was none to write.

    Raises:
        AsyncmigError: as ``render.create_revision``.
    """
    written: list[CreatedRevision] = []
    for item in generated:
        if skip_empty and not item.changes:
            continue
        directory = await load()
        created = await anyio.to_thread.run_sync(_create, settings, directory, item)
        told: dict[str, Any] = {}
        if not written:
            told = {"renames": item.renames, "candidates": item.candidates}
        written.append(replace(created, changes=item.changes, **told))
    if not written:
        changes = sum(item.changes for item in generated)
        return CreatedRevision(revision="", path="", changes=changes, written=False)
    return replace(written[0], further=tuple(item.revision for item in written[1:]))


def _create(settings: Settings, directory: ScriptDirectory, item: Generated) -> CreatedRevision:
    script = item.script
    return create_revision(
        settings,
        directory,
        message=script.message,
        rev_id=script.rev_id,
        head=script.head or "head",
        splice=bool(script.splice),
        depends_on=_several(script.depends_on),
        branch_labels=_several(script.branch_label),
        version_path=script.version_path,
        sql_file=item.as_sql,
        upgrades=item.upgrades,
        downgrades=item.downgrades,
        imports=item.imports,
    )


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())
