"""Comparing the models with a database: what ``check`` and ``revision --autogenerate`` do."""

from __future__ import annotations

from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio.to_thread
from sqlalchemy.util import await_only, greenlet_spawn

from asyncmig.autogenerate.context import AutogenContext, ComparisonContext
from asyncmig.autogenerate.cooperative_hooks import cooperative
from asyncmig.autogenerate.dispatch import renderers
from asyncmig.autogenerate.empty_models import (
    EMPTY_MODELS_REMARK,
    ModelOrigins,
    empty_models_notes,
)
from asyncmig.autogenerate.hooks import Hooks
from asyncmig.autogenerate.renames import Renamed, RenameRequests, confirm_renames
from asyncmig.autogenerate.user_comparators import add_users_operations
from asyncmig.autogenerate.user_errors import user_errors
from asyncmig.autogenerate.write import Generated
from asyncmig.bookkeeping.queries import read_status
from asyncmig.catalog.model import ObjectName
from asyncmig.config.objects import import_object
from asyncmig.database.session_settings import open_session
from asyncmig.diff.directions.downgrade import downgrade_operations
from asyncmig.diff.directions.upgrade import upgrade_operations
from asyncmig.diff.normalize.include_filters import apply_filters, without_tables
from asyncmig.diff.normalize.unmanaged_entities import Managed, keep_unmanaged
from asyncmig.diff.normalize.unmodelled_properties import keep_unmodelled
from asyncmig.diff.normalize.user_comparators import apply_user_comparators
from asyncmig.diff.report import differences
from asyncmig.diff.schema_items.model_types import ModelTypes
from asyncmig.entities import registered
from asyncmig.errors import ConfigError, NotCurrentError
from asyncmig.events import ConfigWarning
from asyncmig.operations.base.containers import DowngradeOps, MigrationScript, UpgradeOps
from asyncmig.render.code.alembic_portable import is_for_alembic
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.code.sql_operations import render_sql
from asyncmig.render.source.prefixes import Prefixes
from asyncmig.results.differences import CheckResult
from asyncmig.shadow.cache import ShadowCache
from asyncmig.shadow.read_sides import read_sides
from asyncmig.shadow.targets import shadow_of
from asyncmig.shadow.timeouts import ComparisonTimeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import MetaData, Table

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.catalog.model import Catalog
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.results import Status
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.shadow.read_sides import ComparedCatalogs

__all__ = ["Autogenerate"]

_Operations: TypeAlias = "tuple[list[MigrateOperation], list[MigrateOperation]]"


def _unheard(event: Event) -> None:
    """Where nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """The outcome of a comparison, and what writing it takes."""

    scripts: list[MigrationScript]
    renamed: Renamed
    hooks: Hooks
    context: AutogenContext
    final_names: frozenset[str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autogenerate:
    """One comparison.

    Args:
        database: where it is.
        settings: of the project.
        graph: of the history; the database must be at its heads.
        metadata: the models: one ``MetaData`` or several.
        origins: where they come from.
        tell: hears what a person should know.
        options: of an ``env.py``, whose functions are used; and what hooks ask their context for.
        surroundings: what the user's functions are imported and called in.
        as_sql: write a SQL revision.
    """

    database: Database
    settings: Settings
    graph: RevisionGraph
    metadata: object = None
    origins: ModelOrigins = field(default_factory=ModelOrigins)
    tell: Callable[[Event], None] = _unheard
    options: Mapping[str, Any] = field(default_factory=dict)
    surroundings: Callable[[], AbstractContextManager[None]] = nullcontext
    as_sql: bool = False

    async def check(self) -> CheckResult:
        """The differences; raises as ``Migrator.check``."""
        empty = MigrationScript(None, UpgradeOps(), DowngradeOps())
        compared = await self._compared(empty, RenameRequests(), checking=True)
        found = [
            difference
            for script in compared.scripts
            for container in script.upgrade_ops_list
            for difference in differences(container.ops)
        ]
        candidates = compared.renamed.candidates if found else ()
        return CheckResult(differences=tuple(found), candidates=candidates, notes=compared.notes)

    async def scripts(
        self,
        script: MigrationScript,
        renaming: RenameRequests = RenameRequests(),  # noqa: B008 - frozen
    ) -> tuple[Generated, ...]:
        """The revisions to write: one, or what ``process_revision_directives`` made of it.

        Args:
            script: where it is to stand; its operations are filled in.
            renaming: what is known of renames.

        Raises:
            AsyncmigError: as ``Migrator.revision``.
        """
        compared = await self._compared(script, renaming)
        with self.surroundings(), user_errors():
            return tuple(self._written(item, compared) for item in compared.scripts)

    async def _compared(
        self, script: MigrationScript, renaming: RenameRequests, *, checking: bool = False
    ) -> _Compared:
        """Compare.

        When ``checking``, the user's hook hears of no script without operations, and it does not matter
        how indexes would be built.
        """
        models, hooks = await anyio.to_thread.run_sync(self._load)
        sides, heads = await self._sides(models)
        async with AsyncExitStack() as stack:
            # a session of its own, opened when a hook asks for it: somebody may be asked meanwhile
            def connect() -> Connection:
                opening = open_session(self.database, self.settings)
                session = await_only(stack.enter_async_context(opening))
                connection = await_only(session.sqlalchemy()).sync_connection
                assert connection is not None  # noqa: S101 - an open AsyncConnection has one
                return connection

            given: Any = models[0] if len(models) == 1 else models
            options = {**self.options, "target_metadata": given}
            migration = ComparisonContext(options, connect=connect, heads=heads)
            context = AutogenContext(
                migration,
                given,
                include_name=hooks.include_name,
                include_object=hooks.include_object,
            )
            tables = sides.models.tables
            managed = Managed.of(sides.declared, self.settings.managed_entities)
            quiet = replace(hooks, include_name=None)  # it hears the names that the database has

            def settle(actual: Catalog, wanted: Catalog, hooks: Hooks) -> tuple[Catalog, Catalog]:
                actual, wanted = apply_filters(
                    actual, keep_unmodelled(actual, wanted), tables, hooks
                )
                wanted = apply_user_comparators(actual, wanted, tables, hooks, migration)
                wanted = replace(wanted, entities=sides.wanted.entities)  # none kept by old names
                return actual, keep_unmanaged(actual, wanted, managed, hooks)

            async def again(actual: Catalog, wanted: Catalog) -> tuple[Catalog, Catalog]:
                return await _asked(settle, actual, wanted, quiet)

            with self.surroundings(), user_errors():
                actual, wanted = await _asked(settle, sides.actual, sides.wanted, hooks)
                renamed = await confirm_renames(actual, wanted, renaming, again)
                concurrently = self.settings.concurrent_indexes and not checking
                compared = partial(
                    _both_ways, actual, renamed, tables, concurrent_indexes=concurrently
                )
                await self._fill(script, renamed, tables, context, compared)
                scripts = [script]
                if not checking or not script.upgrade_ops.is_empty():
                    # for check, what a hook adds to nothing is no difference
                    scripts = await greenlet_spawn(self._process, script, hooks, migration)
            migration.disconnect()
        notes = empty_models_notes(
            models,
            self.origins,
            dropped=_names_without(renamed.before, renamed.after),
            declares=bool(sides.declared.entities),
        )
        for note in notes:
            self.tell(ConfigWarning(message=note))
        return _Compared(
            scripts=scripts,
            renamed=renamed,
            hooks=hooks,
            context=context,
            final_names=sides.models.conventions,
            notes=notes,
        )

    async def _sides(
        self, models: tuple[MetaData, ...]
    ) -> tuple[ComparedCatalogs, tuple[str, ...]]:
        """Both sides without our own tables, and the rows of the version table."""
        settings = self.settings
        async with open_session(self.database, settings) as session:
            status, state = await read_status(session, settings, self.graph)
            await _require_current(session, status)
            sides = await read_sides(
                session,
                models,
                include_schemas=settings.include_schemas,
                entities=registered(models),
                elsewhere=shadow_of(settings),
                cache=ShadowCache() if settings.shadow_cache else None,
                schema_translate_map=self._schema_translate_map(),
                limits=ComparisonTimeouts.of(settings),
            )
        own = _bookkeeping(settings, state, sides.actual.default_schema)
        return replace(sides, actual=without_tables(sides.actual, own)), tuple(sorted(state.heads))

    async def _fill(
        self,
        script: MigrationScript,
        renamed: Renamed,
        tables: Mapping[tuple[str, str], Table],
        context: AutogenContext,
        compared: Callable[[], tuple[_Operations, _Operations]],
    ) -> None:
        """Find the operations; comparators of users may read, and run in a greenlet."""
        actual, wanted = renamed.before, renamed.after
        (names, forth), (back, names_back) = await anyio.to_thread.run_sync(compared)
        upgrade, downgrade = UpgradeOps(forth), DowngradeOps(back)
        await greenlet_spawn(
            add_users_operations,
            *(context, upgrade, downgrade),
            actual=actual,
            wanted=wanted,
            models=tables,
        )
        upgrade.ops[:0] = names
        downgrade.ops += names_back
        script.upgrade_ops, script.downgrade_ops = upgrade, downgrade

    def _process(
        self, script: MigrationScript, hooks: Hooks, context: ComparisonContext
    ) -> list[MigrationScript]:
        """What the user's hook makes of the script; runs in a greenlet."""
        scripts = [script]
        if hooks.process_revision_directives is None:
            return scripts
        heads = self.graph.heads
        revision: object = heads[0] if len(heads) == 1 else heads or None
        hooks.process_revision_directives(context, revision, scripts)
        for item in scripts:
            if not isinstance(item, MigrationScript):
                raise ConfigError(
                    f"process_revision_directives left a {type(item).__name__}, and not a script",
                    hint="its list holds MigrationScript objects; empty it to write none",
                )
        return scripts

    def _load(self) -> tuple[tuple[MetaData, ...], Hooks]:
        settings = self.settings
        given: Any = self.metadata
        models: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
        if given is None:
            models = ()
        if not models:
            raise ConfigError(
                "there are no models to compare the database with",
                hint=self.origins.missing,
            )
        for metadata in models:
            if not hasattr(metadata, "tables"):
                raise ConfigError(
                    f"target_metadata holds a {type(metadata).__name__}, which is no MetaData",
                    hint='name the MetaData itself: "package.module:Base.metadata"',
                )
        hooks = Hooks.found_in(self.options)
        if settings.hooks is not None:
            with self.surroundings():
                module = import_object(settings.hooks, sys_path=settings.prepend_sys_path)
            hooks = Hooks.found_in(module)
        return models, hooks.or_else(
            compare_type=settings.compare_type,
            compare_server_default=settings.compare_server_default,
        )

    def _written(self, script: MigrationScript, compared: _Compared) -> Generated:
        hooks, context = compared.hooks, compared.context
        context.imports = set()
        items = ItemWriter(
            final_names=compared.final_names,
            render_item=hooks.render_item,
            context=context,
            prefixes=Prefixes.of(hooks),
            renderer=renderers.nearest,
        )
        upgrades = self._body(script.upgrade_ops_list, items)
        if upgrades and compared.notes:
            upgrades = f"{'--' if self.as_sql else '#'} {EMPTY_MODELS_REMARK}\n{upgrades}"
        downgrades = self._body(script.downgrade_ops_list, items)
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
            as_sql=self.as_sql,
            renames=compared.renamed.accepted,
            candidates=compared.renamed.candidates,
            notes=compared.notes,
        )

    def _body(self, containers: Iterable[Any], items: ItemWriter) -> str:
        operations: list[MigrateOperation] = [op for item in containers for op in item.ops]
        if self.as_sql:
            return render_sql(operations)
        return render_operations(operations, items, for_alembic=is_for_alembic(self.settings))

    def _schema_translate_map(self) -> Mapping[str | None, str]:
        """The settings', and what ``context.configure`` says of it."""
        given: Mapping[str | None, str] = self.options.get("schema_translate_map") or {}
        return {**self.settings.schema_translate_map, **given}


async def _asked(
    settle: Callable[[Catalog, Catalog, Hooks], tuple[Catalog, Catalog]],
    actual: Catalog,
    wanted: Catalog,
    hooks: Hooks,
) -> tuple[Catalog, Catalog]:
    """Both sides settled: where a function of the user's decides, in a greenlet, since it may read."""
    if hooks.deciding:
        return await greenlet_spawn(settle, actual, wanted, cooperative(hooks))
    return await anyio.to_thread.run_sync(settle, actual, wanted, hooks)


def _both_ways(
    origin: Catalog,
    renamed: Renamed,
    tables: Mapping[tuple[str, str], Table],
    *,
    concurrent_indexes: bool,
) -> tuple[_Operations, _Operations]:
    """The upgrade with its renames before it, the downgrade with its renames behind it."""
    actual, wanted = renamed.before, renamed.after
    types = ModelTypes(wanted, tables)
    forth = upgrade_operations(
        origin, actual, wanted, renamed.renames, types, concurrent_indexes=concurrent_indexes
    )
    back = downgrade_operations(
        wanted, actual, origin, renamed.renames, types, concurrent_indexes=concurrent_indexes
    )
    return forth, back


def _names_without(actual: Catalog, wanted: Catalog) -> list[str]:
    """The tables that the database has and the models have not."""
    gone = [name for name in actual.tables if name not in wanted.tables]
    return [
        name.name if name.schema == actual.default_schema else str(name) for name in sorted(gone)
    ]


async def _require_current(session: Session, status: Status) -> None:
    if not (status.pending or status.unknown or status.partial):
        return
    standby = (await session.fetch("SELECT pg_is_in_recovery() AS standby"))[0]["standby"]
    first = (
        "it is a standby: run `asyncmig upgrade` on the primary, and let the standby follow"
        if standby
        else "run `asyncmig upgrade` first"
    )
    missing = ", ".join(status.pending[:3]) or ", ".join(status.unknown[:3]) or "a partial step"
    raise NotCurrentError(
        f"the database is {status.state}, not at head ({missing}): models are compared with the head",
        hint=f"{first}; `asyncmig status` shows where the database stands",
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
