"""Compare the models with a database: ``check`` and ``revision --autogenerate``."""

from __future__ import annotations

from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio.to_thread
from sqlalchemy.util import await_only, greenlet_spawn

from asyncmig.autogenerate.context import AutogenContext, ComparisonContext
from asyncmig.autogenerate.empty_models import ModelOrigins, empty_models_notes
from asyncmig.autogenerate.hooks import Hooks
from asyncmig.autogenerate.renames import Renamed, RenameRequests, confirm_renames
from asyncmig.autogenerate.user_comparators import add_users_operations
from asyncmig.autogenerate.user_errors import user_errors
from asyncmig.autogenerate.write import Generated, ScriptWriter
from asyncmig.bookkeeping.backfill_tables import BACKFILL_TABLES
from asyncmig.bookkeeping.inserted_revisions import inserted_revisions
from asyncmig.bookkeeping.queries import read_status
from asyncmig.catalog.object_name import ObjectName
from asyncmig.config.objects import import_object
from asyncmig.database.session_settings import open_session
from asyncmig.diff.directions.downgrade import downgrade_operations
from asyncmig.diff.directions.upgrade import upgrade_operations
from asyncmig.diff.normalize.include_filters import without_tables
from asyncmig.diff.normalize.managed import Managed
from asyncmig.diff.normalize.passes import COMPARE_PASSES, PAIR_PASSES, run_passes
from asyncmig.diff.normalize.sides import Rules, Sides
from asyncmig.diff.report import differences
from asyncmig.diff.schema_items.models_catalog import ModelsCatalog
from asyncmig.entities import registered
from asyncmig.errors import ConfigError, NotCurrentError
from asyncmig.events import ConfigWarning, HistoryWarning
from asyncmig.operations.base.containers import DowngradeOps, MigrationScript, UpgradeOps
from asyncmig.results.differences import CheckResult
from asyncmig.shadow.cache import ShadowCache
from asyncmig.shadow.read_sides import read_sides
from asyncmig.shadow.refusals import refused_models
from asyncmig.shadow.targets import shadow_of
from asyncmig.shadow.timeouts import ComparisonTimeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import MetaData

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.catalog.model import Catalog
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.diff.normalize.passes import Pass
    from asyncmig.events import Event
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.results import Difference, RefusedObject, Status
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.shadow.read_sides import ComparedCatalogs

__all__ = ["Autogenerate"]

_Operations: TypeAlias = "tuple[list[MigrateOperation], list[MigrateOperation]]"


def _ignore(event: Event) -> None:
    """Used where events are not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """The result of a comparison, with everything that writing a script needs."""

    scripts: list[MigrationScript]
    renamed: Renamed
    hooks: Hooks
    context: AutogenContext
    final_names: frozenset[str]
    notes: tuple[str, ...]
    refused: tuple[RefusedObject, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the upgrades of the scripts change."""
        return tuple(
            difference
            for script in self.scripts
            for container in script.upgrade_ops_list
            for difference in differences(container.ops)
        )

    def require_complete(self, then: str = "") -> None:
        """Raise an error that lists refused objects, if there are any; ``then`` is for its hint."""
        if self.refused:
            raise refused_models(self.refused, self.differences, then=then)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autogenerate:
    """One comparison of models and a database.

    Args:
        database: the database.
        settings: the settings of the project.
        graph: the history; the database must be at its heads.
        metadata: the models: one ``MetaData`` or several.
        origins: where the models are configured, for messages.
        notify: called with warnings.
        options: the options of an ``env.py``, with its hooks, and what hooks can read from their context.
        import_context: a context manager in which hooks are imported and called.
        as_sql: write SQL revisions.
        require_current: refuse a database that is not at the heads.
    """

    database: Database
    settings: Settings
    graph: RevisionGraph
    metadata: object = None
    origins: ModelOrigins = field(default_factory=ModelOrigins)
    notify: Callable[[Event], None] = _ignore
    options: Mapping[str, Any] = field(default_factory=dict)
    import_context: Callable[[], AbstractContextManager[None]] = nullcontext
    as_sql: bool = False
    require_current: bool = True

    async def operations(self, script: MigrationScript) -> list[MigrationScript]:
        """Fill in a script with the differences; raises as ``Migrator.check``."""
        compared = await self._compare(script, RenameRequests(), checking=True)
        compared.require_complete()
        return compared.scripts

    async def check(self) -> CheckResult:
        """Return the differences; raises as ``Migrator.check``."""
        empty = MigrationScript(None, UpgradeOps(), DowngradeOps())
        compared = await self._compare(empty, RenameRequests(), checking=True)
        compared.require_complete()
        found = compared.differences
        candidates = compared.renamed.candidates if found else ()
        return CheckResult(differences=found, candidates=candidates, notes=compared.notes)

    async def scripts(
        self,
        script: MigrationScript,
        renames: RenameRequests = RenameRequests(),  # noqa: B008 - frozen
    ) -> tuple[Generated, ...]:
        """Return the revisions to write: one, or those that ``process_revision_directives`` leaves.

        Args:
            script: the position of the revision in the history; its operations are filled in.
            renames: the requested renames.

        Raises:
            AsyncmigError: as ``Migrator.revision``.
        """
        compared = await self._compare(script, renames)
        compared.require_complete("no revision is written")
        writer = ScriptWriter(
            settings=self.settings,
            options=self.options,
            hooks=compared.hooks,
            context=compared.context,
            final_names=compared.final_names,
            as_sql=self.as_sql,
        )
        with self.import_context(), user_errors():
            return tuple(
                writer.generate(item, compared.renamed, compared.notes) for item in compared.scripts
            )

    async def _compare(
        self, script: MigrationScript, renames: RenameRequests, *, checking: bool = False
    ) -> _Compared:
        """Compare, and fill in the script.

        If ``checking``, hooks are not called with an empty script, and ``concurrent_indexes`` has no effect.
        """
        models, hooks = await anyio.to_thread.run_sync(self._load)
        catalogs, heads = await self._read_catalogs(models)
        if catalogs.refused:
            # no revision is written, so the user is not asked about renames
            checking, renames = True, replace(renames, ask=None)
        async with AsyncExitStack() as stack:
            # a separate session, opened when a hook asks for it: a person may be asked about renames
            # meanwhile
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
            with self.import_context(), user_errors():
                renamed = await self._pair(catalogs, hooks, migration, renames)
                concurrently = self.settings.concurrent_indexes and not checking
                await _fill(script, renamed, context, concurrent_indexes=concurrently)
                scripts = [script]
                if not checking or not script.upgrade_ops.is_empty():
                    # operations that a hook adds to an empty script are not a difference
                    scripts = await greenlet_spawn(self._process, script, hooks, migration)
            migration.disconnect()
        notes = empty_models_notes(
            models,
            self.origins,
            dropped=_dropped_tables(renamed.sides),
            declares=bool(catalogs.declared.entities),
        )
        for note in notes:
            self.notify(ConfigWarning(message=note))
        return _Compared(
            scripts=scripts,
            renamed=renamed,
            hooks=hooks,
            context=context,
            final_names=catalogs.models.conventions,
            notes=notes,
            refused=tuple(refusal.object for refusal in catalogs.refused),
        )

    async def _pair(
        self,
        catalogs: ComparedCatalogs,
        hooks: Hooks,
        context: ComparisonContext,
        renames: RenameRequests,
    ) -> Renamed:
        """Run the passes of the comparison, and find the renames between them."""
        managed = Managed.of(catalogs.declared, self.settings.managed_entities)
        rules = Rules(hooks=hooks, managed=managed, context=context)
        # include_name sees the names of the database, before renames
        again = replace(rules, hooks=replace(hooks, include_name=None))
        sides = Sides(
            origin=catalogs.actual,
            actual=catalogs.actual,
            models=ModelsCatalog(catalog=catalogs.wanted, tables=catalogs.tables),
        )
        sides = await _run(PAIR_PASSES, sides, rules)
        sides = replace(sides, origin=sides.actual)
        renamed = await confirm_renames(
            sides, renames, lambda sides: _run(PAIR_PASSES, sides, again)
        )
        return replace(renamed, sides=await _run(COMPARE_PASSES, renamed.sides, rules))

    async def _read_catalogs(
        self, models: tuple[MetaData, ...]
    ) -> tuple[ComparedCatalogs, tuple[str, ...]]:
        """Read both catalogs, without the version table and the journal; and the current revisions."""
        settings = self.settings
        async with open_session(self.database, settings) as session:
            status, state = await read_status(session, settings, self.graph)
            if self.require_current:
                await _require_current(session, status)
            for found in await inserted_revisions(session, settings, state, self.graph):
                self.notify(HistoryWarning(message=str(found), revisions=found.revisions))
            given: Mapping[str | None, str] = self.options.get("schema_translate_map") or {}
            catalogs = await read_sides(
                session,
                models,
                include_schemas=settings.include_schemas,
                entities=registered(models),
                target=shadow_of(settings),
                cache=ShadowCache() if settings.shadow_cache else None,
                schema_translate_map={**settings.schema_translate_map, **given},
                limits=ComparisonTimeouts.of(settings),
            )
        own = _bookkeeping_tables(settings, state, catalogs.actual)
        actual = without_tables(catalogs.actual, own)
        return replace(catalogs, actual=actual), tuple(sorted(state.heads))

    def _process(
        self, script: MigrationScript, hooks: Hooks, context: ComparisonContext
    ) -> list[MigrationScript]:
        """The scripts that ``process_revision_directives`` leaves; runs in a greenlet."""
        scripts = [script]
        if hooks.process_revision_directives is None:
            return scripts
        heads = self.graph.heads
        revision: object = heads[0] if len(heads) == 1 else heads or None
        hooks.process_revision_directives(context, revision, scripts)
        for item in scripts:
            if not isinstance(item, MigrationScript):
                raise ConfigError(
                    f"process_revision_directives left a {type(item).__name__}, not a MigrationScript",
                    hint="its list contains MigrationScript objects; empty it to write no file",
                )
        return scripts

    def _load(self) -> tuple[tuple[MetaData, ...], Hooks]:
        """The models and the hooks; imports modules of the user."""
        settings = self.settings
        given: Any = self.metadata
        models: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
        if given is None or not models:
            raise ConfigError(
                "there are no models to compare the database with",
                hint=self.origins.missing,
            )
        for metadata in models:
            if not hasattr(metadata, "tables"):
                raise ConfigError(
                    f"target_metadata contains a {type(metadata).__name__}, which is not a MetaData",
                    hint='name the MetaData itself: "package.module:Base.metadata"',
                )
        hooks = Hooks.found_in(self.options)
        if settings.hooks is not None:
            with self.import_context():
                module = import_object(settings.hooks, sys_path=settings.prepend_sys_path)
            hooks = Hooks.found_in(module)
        return models, hooks.or_else(
            compare_type=settings.compare_type,
            compare_server_default=settings.compare_server_default,
        )


async def _run(passes: tuple[Pass, ...], sides: Sides, rules: Rules) -> Sides:
    """Run passes in a thread, or in a greenlet if a function of the user decides, because it may use SQL."""
    if isinstance(rules.hooks, Hooks) and rules.hooks.deciding:
        rules = replace(rules, hooks=rules.hooks.cooperative())
        return await greenlet_spawn(run_passes, passes, sides, rules)
    return await anyio.to_thread.run_sync(run_passes, passes, sides, rules)


async def _fill(
    script: MigrationScript, renamed: Renamed, context: AutogenContext, *, concurrent_indexes: bool
) -> None:
    """Find the operations; comparators of users run in a greenlet, because they may use SQL."""

    def compare() -> tuple[_Operations, _Operations]:
        sides, renames = renamed.sides, renamed.renames
        return (
            upgrade_operations(sides, renames, concurrent_indexes=concurrent_indexes),
            downgrade_operations(sides, renames, concurrent_indexes=concurrent_indexes),
        )

    (before, ups), (downs, after) = await anyio.to_thread.run_sync(compare)
    upgrade, downgrade = UpgradeOps(ups), DowngradeOps(downs)
    await greenlet_spawn(add_users_operations, context, upgrade, downgrade, renamed.sides)
    upgrade.ops[:0] = before
    downgrade.ops += after
    script.upgrade_ops, script.downgrade_ops = upgrade, downgrade


def _dropped_tables(sides: Sides) -> list[str]:
    """The names of the tables that only the database has."""
    default_schema = sides.actual.default_schema
    gone = sorted(sides.actual.tables.keys() - sides.wanted.tables.keys())
    return [name.name if name.schema == default_schema else str(name) for name in gone]


async def _require_current(session: Session, status: Status) -> None:
    if not (status.pending or status.unknown or status.partial):
        return
    standby = (await session.fetch("SELECT pg_is_in_recovery() AS standby"))[0]["standby"]
    first = (
        "the server is a standby: run `asyncmig upgrade` on the primary, and wait until the standby has it"
        if standby
        else "run `asyncmig upgrade` first"
    )
    missing = ", ".join(status.pending[:3]) or ", ".join(status.unknown[:3]) or "a partial step"
    raise NotCurrentError(
        f"the database is {status.state}, not at head ({missing}): models are compared with the head",
        hint=f"{first}; `asyncmig status` shows the current state",
        current=status.current,
        pending=status.pending,
        state=status.state,
    )


def _bookkeeping_tables(
    settings: Settings, state: DatabaseState, catalog: Catalog
) -> frozenset[ObjectName]:
    """The version table, the journal and the tables of backfills, which are not in the models."""
    schema = state.schema or settings.version_table_schema or catalog.default_schema
    return frozenset(
        ObjectName(schema, name)
        for name in (settings.version_table, settings.journal_table, *BACKFILL_TABLES)
    )
