"""Generated revisions, and their files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.errors import ConfigError
from asyncmig.render.files.create import create_revision
from asyncmig.render.files.new_revision import NewRevision
from asyncmig.render.files.revision_id import new_revision_id
from asyncmig.render.files.text import mako_template
from asyncmig.results import CreatedRevision

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from asyncmig.config.settings import Settings
    from asyncmig.operations.base.containers import MigrationScript
    from asyncmig.results import RenameCandidate
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["Generated", "merge_generated", "write_generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A new revision; ``changes`` counts the operations of its upgrade.

    What ``process_revision_directives`` may change of a script is in ``script``. ``renames`` were given
    or agreed to; ``candidates`` look like renames and are written as a drop and an addition.
    ``tokens`` are the places of the two bodies in a template for several databases, and ``parts`` what
    stands in such places.
    """

    script: MigrationScript
    tokens: tuple[str, str] = ("upgrades", "downgrades")
    parts: Mapping[str, str] = field(default_factory=dict)
    upgrades: str
    downgrades: str
    imports: tuple[str, ...] = ()
    changes: int = 0
    as_sql: bool = False
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    notes: tuple[str, ...] = ()


def merge_generated(
    settings: Settings, found: Mapping[str, Sequence[Generated]]
) -> Sequence[Generated]:
    """The revisions for databases that share a history.

    A template with places for each database (``app_upgrades``), as Alembic's for several has it, gets
    every body into its place. In any other template there is one place, which will do where all
    databases lack the same.

    Args:
        settings: whose template is used.
        found: the revisions of each database, by its name.

    Raises:
        ConfigError: the databases differ, and the template has one place for them.
    """
    if len(found) == 1:
        (scripts,) = found.values()
        return [_placed(item) for item in scripts] if _has_places(settings, scripts) else scripts
    several = [name for name, scripts in found.items() if len(scripts) > 1]
    items = list(chain.from_iterable(found.values()))
    if several:
        raise ConfigError(
            f"process_revision_directives makes several scripts for {several[0]}, where the "
            "databases share one",
            hint=f"name one database: -n {several[0]}",
        )
    if not items:
        return []
    merged = replace(
        items[0],
        imports=tuple(sorted({name for item in items for name in item.imports})),
        changes=sum(item.changes for item in items),
        renames=tuple(chain.from_iterable(item.renames for item in items)),
        candidates=tuple(chain.from_iterable(item.candidates for item in items)),
        notes=tuple(dict.fromkeys(chain.from_iterable(item.notes for item in items))),
    )
    if _has_places(settings, items):
        placed = [_placed(item) for item in items]
        parts = {name: body for item in placed for name, body in item.parts.items()}
        return [replace(merged, upgrades="", downgrades="", parts=parts)]
    if len({(item.upgrades, item.downgrades) for item in items}) > 1:
        raise ConfigError(
            f"{', '.join(found)} lack different things, and the template has one place for all",
            hint="name one database: -n NAME; or use a script.py.mako with a place for each, as "
            "`alembic init -t multidb` writes it",
        )
    return [replace(merged, changes=items[0].changes)]


def _has_places(settings: Settings, items: Sequence[Generated]) -> bool:
    """True where the template says something like ``app_upgrades``."""
    if not items or items[0].as_sql or items[0].tokens[0] == "upgrades":
        return False
    return "_upgrades" in (mako_template(settings) or "")


def _placed(item: Generated) -> Generated:
    bodies = zip(item.tokens, (item.upgrades, item.downgrades), strict=True)
    return replace(item, upgrades="", downgrades="", parts=dict(bodies))


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
            told = {"renames": item.renames, "candidates": item.candidates, "notes": item.notes}
        written.append(replace(created, changes=item.changes, **told))
    if not written:
        changes = sum(item.changes for item in generated)
        notes = tuple(dict.fromkeys(note for item in generated for note in item.notes))
        return CreatedRevision(revision="", path="", changes=changes, written=False, notes=notes)
    return replace(written[0], further=tuple(item.revision for item in written[1:]))


def _create(settings: Settings, directory: ScriptDirectory, item: Generated) -> CreatedRevision:
    script = item.script
    new = NewRevision(
        rev_id=script.rev_id or new_revision_id(),
        message=script.message,
        head=script.head or "head",
        splice=bool(script.splice),
        depends_on=_several(script.depends_on),
        branch_labels=_several(script.branch_label),
        version_path=script.version_path,
        as_sql=item.as_sql or None,
        upgrades=item.upgrades,
        downgrades=item.downgrades,
        imports=item.imports,
        template_args={  # such templates indent the first line only
            place: (body or "pass").replace("\n", "\n    ") for place, body in item.parts.items()
        },
    )
    return create_revision(settings, directory, new)


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())
