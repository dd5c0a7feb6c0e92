"""Comparing the models with a database: what ``check`` and ``revision --autogenerate`` do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.autogenerate.hooks import Hooks
from asyncmig.autogenerate.renaming import Renaming, settle_renames
from asyncmig.catalog.model import ObjectName
from asyncmig.config.objects import import_object
from asyncmig.diff.compare import compare
from asyncmig.diff.describing import differences
from asyncmig.diff.filtering import chosen, without_tables
from asyncmig.diff.renames import rename_operations, undone
from asyncmig.diff.settling import settled
from asyncmig.engine.reading import opened, read_status
from asyncmig.engine.shadow import read_sides
from asyncmig.engine.shadow_cache import ShadowCache
from asyncmig.entities import registered
from asyncmig.errors import ConfigError, NotCurrentError
from asyncmig.operations.containers import DowngradeOps, MigrationScript, UpgradeOps
from asyncmig.render.operations import render_operations
from asyncmig.render.operations_items import ItemWriter
from asyncmig.render.operations_sql import render_sql
from asyncmig.results.differences import CheckResult
from asyncmig.shadows import shadow_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.schema import MetaData

    from asyncmig.catalog.model import Catalog
    from asyncmig.config.settings import Settings
    from asyncmig.engine.database import Database
    from asyncmig.engine.shadow import Sides
    from asyncmig.engine.state import DatabaseState
    from asyncmig.operations.operation import MigrateOperation
    from asyncmig.results import RenameCandidate, Status
    from asyncmig.revisions.graph import RevisionGraph

__all__ = ["Autogenerate", "Generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The text of a new revision; ``changes`` counts the operations of its upgrade.

    ``wanted`` is False when ``process_revision_directives`` took the script away. ``renames`` were given
    or agreed to; ``candidates`` look like renames and are written as a drop and an addition.
    """

    upgrades: str
    downgrades: str
    imports: tuple[str, ...]
    changes: int
    wanted: bool = True
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AutogenerateContext:
    """What ``process_revision_directives`` gets first."""

    opts: Mapping[str, Any]
    metadata: tuple[MetaData, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autogenerate:
    """One comparison.

    Args:
        database: where it is.
        settings: of the project.
        graph: of the history; the database must be at its heads.
        metadata: the models: one ``MetaData`` or several.
        options: of an ``env.py``, whose functions are used.
        as_sql: write a SQL revision.
    """

    database: Database
    settings: Settings
    graph: RevisionGraph
    metadata: object = None
    options: Mapping[str, Any] = field(default_factory=dict)
    as_sql: bool = False

    async def check(self) -> CheckResult:
        """The differences; raises as ``Migrator.check``."""
        models, hooks = await self._project()
        sides = await self._sides(models, hooks)
        return CheckResult(differences=tuple(differences(compare(sides.actual, sides.wanted))))

    async def script(
        self,
        rev_id: str | None = None,
        renaming: Renaming = Renaming(),  # noqa: B008 - frozen
    ) -> Generated:
        """The bodies of a revision; raises as ``Migrator.revision``."""
        models, hooks = await self._project()
        sides = await self._sides(models, hooks)
        quiet = replace(hooks, include_name=None)  # it has heard the names that the database has

        def again(actual: Catalog, wanted: Catalog) -> tuple[Catalog, Catalog]:
            return chosen(actual, settled(actual, wanted), sides.models.tables, quiet)

        agreed = await settle_renames(sides.actual, sides.wanted, renaming, again)
        there = rename_operations(agreed.renames, sides.actual)
        back = rename_operations(undone(agreed.renames), sides.actual)
        script = MigrationScript(
            rev_id,
            UpgradeOps([*there, *compare(agreed.before, agreed.after)]),
            DowngradeOps([*compare(agreed.after, agreed.before), *back]),
        )
        wanted = _processed(script, hooks, models, self)
        items = ItemWriter(final_names=sides.models.has_conventions, render_item=hooks.render_item)
        upgrades = self._body(script.upgrade_ops_list, items)
        downgrades = self._body(script.downgrade_ops_list, items)
        return Generated(
            upgrades=upgrades,
            downgrades=downgrades,
            imports=tuple(sorted({*items.imports, *script.imports})),
            changes=sum(len(container.ops) for container in script.upgrade_ops_list),
            wanted=wanted,
            renames=agreed.accepted,
            candidates=agreed.candidates,
        )

    def _body(self, containers: Iterable[Any], items: ItemWriter) -> str:
        operations: list[MigrateOperation] = [op for item in containers for op in item.ops]
        return render_sql(operations) if self.as_sql else render_operations(operations, items)

    async def _project(self) -> tuple[tuple[MetaData, ...], Hooks]:
        return await anyio.to_thread.run_sync(self._load)

    def _load(self) -> tuple[tuple[MetaData, ...], Hooks]:
        settings = self.settings
        given: Any = self.metadata
        models: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
        if given is None:
            models = ()
        if not models:
            raise ConfigError(
                "there are no models to compare the database with",
                hint='set target_metadata = "package.module:Base.metadata"',
            )
        for metadata in models:
            if not hasattr(metadata, "tables"):
                raise ConfigError(
                    f"target_metadata holds a {type(metadata).__name__}, which is no MetaData",
                    hint='name the MetaData itself: "package.module:Base.metadata"',
                )
        if settings.hooks is not None:
            module = import_object(settings.hooks, sys_path=settings.prepend_sys_path)
            return models, Hooks.found_in(module)
        return models, Hooks.found_in(self.options)

    async def _sides(self, models: tuple[MetaData, ...], hooks: Hooks) -> Sides:
        settings = self.settings
        async with opened(self.database, settings) as session:
            status, state = await read_status(session, settings, self.graph)
            _require_current(status)
            sides = await read_sides(
                session,
                models,
                include_schemas=settings.include_schemas,
                entities=registered(models),
                elsewhere=shadow_of(settings),
                cache=ShadowCache() if settings.shadow_cache else None,
                schema_translate_map=self._schema_translate_map(),
            )
        own = _bookkeeping(settings, state, sides.actual.default_schema)
        actual = without_tables(sides.actual, own)
        actual, wanted = chosen(actual, settled(actual, sides.wanted), sides.models.tables, hooks)
        return replace(sides, actual=actual, wanted=wanted)

    def _schema_translate_map(self) -> Mapping[str | None, str]:
        """The settings', and what ``context.configure`` says of it."""
        given: Mapping[str | None, str] = self.options.get("schema_translate_map") or {}
        return {**self.settings.schema_translate_map, **given}


def _require_current(status: Status) -> None:
    if not (status.pending or status.unknown or status.partial):
        return
    missing = ", ".join(status.pending[:3]) or ", ".join(status.unknown[:3]) or "a partial step"
    raise NotCurrentError(
        f"the database is {status.state}, not at head ({missing}): models are compared with the head",
        hint="run `asyncmig upgrade` first; `asyncmig status` shows where the database stands",
        current=status.current,
        pending=status.pending,
        state=status.state,
    )


def _bookkeeping(
    settings: Settings, state: DatabaseState, default_schema: str
) -> frozenset[ObjectName]:
    """Our own tables, which no model knows."""
    schema = state.schema or settings.version_table_schema or default_schema
    return frozenset(
        ObjectName(schema, name) for name in (settings.version_table, settings.journal_table)
    )


def _processed(
    script: MigrationScript,
    hooks: Hooks,
    models: tuple[MetaData, ...],
    comparison: Autogenerate,
) -> bool:
    """Let the user's function change the script; False when it took it away."""
    if hooks.process_revision_directives is None:
        return True
    directives = [script]
    heads = comparison.graph.heads
    context = AutogenerateContext(opts=comparison.options, metadata=models)
    revision: object = heads[0] if len(heads) == 1 else heads or None
    hooks.process_revision_directives(context, revision, directives)
    if len(directives) > 1 or (directives and directives[0] is not script):
        raise ConfigError(
            "process_revision_directives left another script than the one it was given",
            hint="change the script in place, or empty the list to write none",
        )
    return bool(directives)
