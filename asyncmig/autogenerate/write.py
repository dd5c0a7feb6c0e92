"""Generated revisions: their text, and their files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.autogenerate.dispatch import renderers
from asyncmig.autogenerate.empty_models import EMPTY_MODELS_COMMENT
from asyncmig.autogenerate.safe_forms import partitioned_tables, with_safe_forms
from asyncmig.diff.report import differences
from asyncmig.errors import ConfigError
from asyncmig.render.code.alembic_portable import is_for_alembic
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.code.sql_operations import render_sql
from asyncmig.render.files.create import create_revision
from asyncmig.render.files.new_revision import NewRevision
from asyncmig.render.files.revision_id import new_revision_id
from asyncmig.render.source.prefixes import Prefixes
from asyncmig.render.templates.mako import mako_template
from asyncmig.results import CreatedRevision

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from asyncmig.autogenerate.context import AutogenContext
    from asyncmig.autogenerate.hooks import Hooks
    from asyncmig.autogenerate.renames import Renamed
    from asyncmig.config.settings import Settings
    from asyncmig.operations.base.containers import MigrationScript
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.files.post_write_hooks import HookRunners
    from asyncmig.results import Difference, RenameCandidate
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["Generated", "ScriptWriter", "merge_generated", "write_generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A new revision, before its file is written.

    Attributes:
        script: the revision, as ``process_revision_directives`` leaves it.
        tokens: the names of the two bodies in a template for several databases.
        parts: bodies by such names.
        upgrades: the body of ``upgrade``.
        downgrades: the body of ``downgrade``.
        imports: lines of imports.
        changes: the number of operations of the upgrade.
        differences: what these operations remove.
        as_sql: it is a SQL revision.
        renames: the renames that were requested or confirmed.
        candidates: possible renames, which are written as a drop and an addition.
        notes: warnings.
    """

    script: MigrationScript
    tokens: tuple[str, str] = ("upgrades", "downgrades")
    parts: Mapping[str, str] = field(default_factory=dict)
    upgrades: str
    downgrades: str
    imports: tuple[str, ...] = ()
    changes: int = 0
    differences: tuple[Difference, ...] = ()
    as_sql: bool = False
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWriter:
    """Turns scripts of a comparison into text.

    Args:
        settings: the settings of the project.
        options: the options of an ``env.py``.
        hooks: the hooks of the user.
        context: the first argument of renderers and ``render_item``.
        final_names: the kinds of constraints whose names a naming convention changes.
        as_sql: write SQL revisions.
    """

    settings: Settings
    options: Mapping[str, Any]
    hooks: Hooks
    context: AutogenContext
    final_names: frozenset[str]
    as_sql: bool

    def generate(
        self, script: MigrationScript, renamed: Renamed, notes: tuple[str, ...]
    ) -> Generated:
        """Return the revision of a script."""
        self.context.imports = set()
        items = ItemWriter(
            final_names=self.final_names,
            render_item=self.hooks.render_item,
            context=self.context,
            prefixes=Prefixes.of(self.hooks),
            renderer=renderers.nearest,
        )
        partitioned = partitioned_tables(renamed.sides.actual, renamed.sides.wanted)
        upgrades = self._body(script.upgrade_ops_list, items, partitioned)
        if upgrades and notes:
            upgrades = f"{'--' if self.as_sql else '#'} {EMPTY_MODELS_COMMENT}\n{upgrades}"
        downgrades = self._body(script.downgrade_ops_list, items, partitioned)
        return Generated(
            script=script,
            tokens=(
                str(self.options.get("upgrade_token") or "upgrades"),
                str(self.options.get("downgrade_token") or "downgrades"),
            ),
            upgrades=upgrades,
            downgrades=downgrades,
            imports=tuple(sorted({*items.imports, *script.imports})),
            changes=sum(len(container.ops) for container in script.upgrade_ops_list),
            differences=tuple(differences(script.upgrade_ops_list)),
            as_sql=self.as_sql,
            renames=renamed.accepted,
            candidates=renamed.candidates,
            notes=notes,
        )

    def _body(
        self,
        containers: Iterable[Any],
        items: ItemWriter,
        partitioned: Collection[tuple[str | None, str]],
    ) -> str:
        operations: list[MigrateOperation] = [op for item in containers for op in item.ops]
        for_alembic = not self.as_sql and is_for_alembic(self.settings)
        if self.settings.safe_rewrites:
            operations = with_safe_forms(operations, partitioned, for_alembic=for_alembic)
        if self.as_sql:
            return render_sql(operations)
        return render_operations(operations, items, for_alembic=for_alembic)


def merge_generated(
    settings: Settings, found: Mapping[str, Sequence[Generated]]
) -> Sequence[Generated]:
    """Merge the revisions for databases that share a history.

    A template with a placeholder for each database (``app_upgrades``), such as Alembic's ``multidb``, gets
    the body of each database. Any other template has one placeholder, so that all databases must have the
    same changes.

    Args:
        settings: the settings, with the template.
        found: the revisions of each database, by its name.

    Raises:
        ConfigError: the databases differ, and the template has one placeholder for all.
    """
    if len(found) == 1:
        (scripts,) = found.values()
        return (
            [_placed(item) for item in scripts] if _has_placeholders(settings, scripts) else scripts
        )
    several = [name for name, scripts in found.items() if len(scripts) > 1]
    items = list(chain.from_iterable(found.values()))
    if several:
        raise ConfigError(
            f"process_revision_directives leaves several scripts for {several[0]}, but the "
            "databases share one",
            hint=f"name one database: -n {several[0]}",
        )
    if not items:
        return []
    merged = replace(
        items[0],
        imports=tuple(sorted({name for item in items for name in item.imports})),
        changes=sum(item.changes for item in items),
        differences=tuple(chain.from_iterable(item.differences for item in items)),
        renames=tuple(chain.from_iterable(item.renames for item in items)),
        candidates=tuple(chain.from_iterable(item.candidates for item in items)),
        notes=tuple(dict.fromkeys(chain.from_iterable(item.notes for item in items))),
    )
    if _has_placeholders(settings, items):
        placed = [_placed(item) for item in items]
        parts = {name: body for item in placed for name, body in item.parts.items()}
        return [replace(merged, upgrades="", downgrades="", parts=parts)]
    if len({(item.upgrades, item.downgrades) for item in items}) > 1:
        raise ConfigError(
            f"{', '.join(found)} need different changes, and the template has one placeholder for all",
            hint="name one database: -n NAME; or use a script.py.mako with a placeholder for each, as "
            "`alembic init -t multidb` writes it",
        )
    return [replace(merged, changes=items[0].changes, differences=items[0].differences)]


def _has_placeholders(settings: Settings, items: Sequence[Generated]) -> bool:
    """True if the template has placeholders such as ``app_upgrades``."""
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
    runners: HookRunners | None = None,
) -> CreatedRevision:
    """Write the files of generated revisions in order; the history includes those that are written already.

    Args:
        settings: the settings of the project.
        load: reads the history.
        generated: the revisions.
        skip_empty: write no revision without operations.
        runners: functions of the project that are types of post-write hooks.

    Returns:
        the first revision, with the ids of the others; ``written`` is False if no file was written.

    Raises:
        AsyncmigError: as ``render.create_revision``.
    """
    written: list[CreatedRevision] = []
    for item in generated:
        if skip_empty and not item.changes:
            continue
        directory = await load()
        created = await anyio.to_thread.run_sync(_create, settings, directory, item, runners)
        notes: dict[str, Any] = {}
        if not written:
            notes = {"renames": item.renames, "candidates": item.candidates, "notes": item.notes}
        written.append(
            replace(created, changes=item.changes, differences=item.differences, **notes)
        )
    if not written:
        changes = sum(item.changes for item in generated)
        all_notes = tuple(dict.fromkeys(note for item in generated for note in item.notes))
        return CreatedRevision(
            revision="", path="", changes=changes, written=False, notes=all_notes
        )
    return replace(
        written[0],
        differences=tuple(chain.from_iterable(item.differences for item in written)),
        further=tuple(item.revision for item in written[1:]),
    )


def _create(
    settings: Settings,
    directory: ScriptDirectory,
    item: Generated,
    runners: HookRunners | None,
) -> CreatedRevision:
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
    return create_revision(settings, directory, new, runners=runners)


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())
