"""``Project``: one script directory and its databases, as the planner and the runner need them.

What is expensive to read (an ``env.py``, the models) is read once, on first use.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.database.concurrency import import_in_thread
from asyncmig.errors import ConfigError
from asyncmig.project.database import database_of
from asyncmig.project.models import Models
from asyncmig.project.scripts import load_scripts, read_directory, read_known_heads
from asyncmig.project.user_objects import load_version_hooks
from asyncmig.telemetry.event_log import EventLog
from asyncmig.telemetry.observe import observe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.schema import MetaData

    from asyncmig.alembic_compat.env_reading.project_runs import ProjectRun
    from asyncmig.alembic_compat.env_script.request import EnvMigration
    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.autogenerate.compare import Autogenerate
    from asyncmig.backfill.runner import BackfillRunner
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.events import Event
    from asyncmig.execution.runner import Runner
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.rewrites.rewriting import Rewriting
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.project.user_objects import VersionHooks
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["Project", "several_databases"]


class Project:
    """One script directory and one database.

    Args:
        settings: the settings; an ``env.py`` may change them.
        database: an engine or a connection to use; None connects with the URL of the settings.
        models: the models to compare with; None uses those of the settings.
        on_event: called with each progress event.
        on_version_apply: called when the row of a revision is written: functions, or their names.

    Attributes:
        log: writes log records for the events; None where another project does it.
        alembic_config: the ``Config`` of a caller of Alembic's API, for ``env.py``.
        env_migration: the call of ``run_migrations()`` in an ``env.py`` that this is the project of.
        write_hooks: functions that ``env.py`` has registered as post-write hooks, by name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        database: AsyncEngine | AsyncConnection | None = None,
        models: MetaData | str | Sequence[MetaData | str] | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_version_apply: VersionHooks = None,
    ) -> None:
        # a connection that was given has no URL of the settings
        self.settings = settings if database is None else replace(settings, url_source=None)
        self.name: str | None = None
        self._each: Mapping[str, Settings] = {}
        self._given_hooks = on_version_apply
        self._given = database
        self._models = Models(models)
        self._on_event = on_event
        self.log: EventLog | None = EventLog()
        self.alembic_config: Config | None = None
        self.env_migration: EnvMigration | None = None
        self.write_hooks: Mapping[str, Callable[..., object]] = {}
        self._env_config: Config | None = None
        self._env_run: ProjectRun | None = None
        self._databases: tuple[Project, ...] | None = None
        self._handed: Database | None = None
        self._handed_as: str = ""
        self._env_file: Path | None = None
        self._env_file_is_known = False

    @property
    def label(self) -> str:
        """What the database is called where there may be others; may be empty."""
        return self.name or self._handed_as

    @property
    def is_undone(self) -> bool:
        """Whether an ``env.py`` has rolled back the transaction in which its migrations ran."""
        return self.env_migration is not None and self.env_migration.rolled_back

    def emit(self, event: Event) -> None:
        """Add an event to the telemetry of its run, log it, and call ``on_event``, if it was given."""
        observe(event)
        self.relay(event)

    def relay(self, event: Event) -> None:
        """Log an event of another project, and call ``on_event``, if it was given."""
        if self.log is not None:
            self.log.write(event)
        if self._on_event is not None:
            self._on_event(event)

    # what an env.py says

    def set_databases(self, each: Mapping[str, Settings]) -> None:
        """Set the configured databases by name, each with its own settings and history."""
        self._each = each

    def histories(self) -> dict[str, Settings]:
        """The settings of each history of revisions by the name of its database.

        A single history, also one that several databases share, has the empty name.
        """
        folders = {settings.version_paths for settings in self._each.values()}
        if len(folders) > 1:
            return dict(self._each)
        return {"": next(iter(self._each.values()), self.settings)}

    async def single_database(self, doing: str = "this") -> Project:
        """The project of the only database, after its ``env.py`` was read.

        Args:
            doing: what needs a single database, for the error.

        Raises:
            ConfigError: there are several databases.
        """
        first, *others = await self.databases()
        if others:
            raise several_databases([str(one.name) for one in (first, *others)], doing)
        return first

    async def require_one_database(self, doing: str) -> None:
        """Refuse what is about one database, where the configuration names several.

        Raises:
            ConfigError: it does. Those of an ``env.py`` are only known when it is executed.
        """
        if self._each:
            await self.single_database(doing)

    @property
    def given_engine(self) -> AsyncEngine | None:
        """The engine that the caller gave; None where a connection was given, or neither."""
        if self._given is None:
            return None
        from sqlalchemy.ext.asyncio import AsyncConnection

        return None if isinstance(self._given, AsyncConnection) else self._given

    async def env_file_to_execute(self) -> Path | None:
        """The ``env.py`` to execute; None where there is none, and where the caller gave a connection."""
        if self._handed is not None or self._each:
            return None
        if self._given is not None and self.given_engine is None:
            return None
        if self.settings.config_path is None:
            return None
        if not self._env_file_is_known:
            from asyncmig.alembic_compat.detection import find_env_file

            self._env_file = await anyio.to_thread.run_sync(find_env_file, self.settings)
            self._env_file_is_known = True
        return self._env_file

    def of_env(
        self,
        run: ProjectRun,
        config: Config,
        database: Database | None,
        emit: Callable[[Event], None],
    ) -> Project:
        """The project of one call of ``run_migrations()`` in an ``env.py``.

        Args:
            run: what was configured.
            config: the configuration object.
            database: the connection; None offline.
            emit: receives events.
        """
        project = self._member(None, run.settings, (run, config))
        project.log = None  # `emit` leads to this project, which writes
        project.take(database, run.name, emit)
        return project

    def take(
        self, database: Database | None, label: str, on_event: Callable[[Event], None]
    ) -> None:
        """Work on a connection that an ``env.py`` has handed over."""
        self._handed = database
        self._handed_as = label
        self._on_event = on_event

    def require_one_history(self, doing: str) -> None:
        """Check that the databases share one history of revisions.

        Args:
            doing: what needs one history, for the error.

        Raises:
            ConfigError: several databases are configured, each with its own history.
        """
        if self._each:
            names = ", ".join(self._each)
            raise ConfigError(
                f"there are several databases, {names}, each with a history of its own, and {doing} "
                "is about one of them",
                hint=f"name one: -n {next(iter(self._each))}",
            )

    async def databases(self) -> tuple[Project, ...]:
        """One project for each database: several where the settings or an ``env.py`` name several."""
        if self._databases is None and self._each:
            self._databases = tuple(
                self._member(name, settings) for name, settings in self._each.items()
            )
        if self._databases is None and self.settings.config_path is None:
            self._databases = (self,)
        if self._databases is None:
            from asyncmig.alembic_compat.detection import find_env_file

            path = await anyio.to_thread.run_sync(find_env_file, self.settings)
            self._databases = (self,) if path is None else await self._read_env_file(path)
        return self._databases

    async def _read_env_file(self, path: Path) -> tuple[Project, ...]:
        from asyncmig.alembic_compat.env_reading.env_file import read_env_file
        from asyncmig.alembic_compat.env_reading.project_runs import project_runs
        from asyncmig.events import ConfigWarning, EnvWarning

        why = "" if self._given is None else ": the migrator was given a connection"
        self.emit(
            EnvWarning(message=f"{path} is read and not executed{why}; its statements do not run")
        )
        file = await anyio.to_thread.run_sync(read_env_file, self.settings, path)
        for note in file.notes:
            self.emit(ConfigWarning(message=note))
        runs = project_runs(self.settings, file)
        own = [run for run in runs if run.name == self.settings.section]
        runs = tuple(own) or runs
        self._use(runs[0], file.config)
        if len(runs) == 1:
            return (self,)
        return tuple(self._member(run.name, run.settings, (run, file.config)) for run in runs)

    def _member(
        self, name: str | None, settings: Settings, env: tuple[ProjectRun, Config] | None = None
    ) -> Project:
        """The project of one database among several, and what an ``env.py`` says of it."""
        project = Project(
            settings,
            database=self._given,
            models=self._models.given,
            on_event=self._on_event,
            on_version_apply=self._given_hooks,
        )
        project.name = name
        if self.log is not None:
            project.log = EventLog(self.log.outlet, name)
        if env is not None:
            project._databases = (project,)
            project._use(*env)
        return project

    def _use(self, run: ProjectRun, config: Config) -> None:
        self._env_config = config
        self._env_run = run
        self.settings = (
            run.settings if self._given is None else replace(run.settings, url_source=None)
        )
        self._models.use_env(run.target_metadata, self.settings)

    # the parts

    def database(self, *, writing: bool = False) -> Database:
        """The way to the database; ``writing`` adds what ``env.py`` executes before it migrates."""
        return database_of(
            self.settings,
            handed=self._handed,
            given=self._given,
            env=self._env_run,
            emit=self.emit,
            writing=writing,
        )

    async def runner(self) -> Runner:
        """The runner, which changes the database."""
        await import_in_thread("asyncmig.database.connections", "asyncmig.execution.runner")
        from asyncmig.execution.runner import Runner

        return Runner(
            self.database(writing=True),
            self.settings,
            self.emit,
            self,
        )

    async def backfills(self) -> BackfillRunner:
        """The runner of backfills."""
        await import_in_thread("asyncmig.database.connections", "asyncmig.backfill.runner")
        from asyncmig.backfill.runner import BackfillRunner

        return BackfillRunner(self.database(writing=True), self.settings, self.emit, self)

    async def planner(
        self,
        graph: RevisionGraph | None = None,
        *,
        offline: bool = False,
        rewriting: Rewriting | None = None,
    ) -> Planner:
        """The planner of this project's revisions.

        Args:
            graph: the history, where it is known.
            offline: for a script for psql.
            rewriting: the safe rewrites; None where none are made.
        """
        await import_in_thread(
            "asyncmig.ddl.dialect", "asyncmig.operations.facade", "asyncmig.plan.planner"
        )
        from asyncmig.ddl.dialect import MigrationDialect
        from asyncmig.plan.planner import Planner

        run = self._env_run
        models = await self.models()
        return Planner(
            graph or await self.graph(),
            dialect=MigrationDialect(
                schema_translate_map=None if run is None else run.schema_translate_map
            ),
            target_metadata=models[0] if len(models) == 1 else models or None,
            options={
                **self.settings.extra,
                "transactional_ddl": self.settings.transactional_ddl,
                **({} if run is None else self.environment_options()),
            },
            keywords=run.keywords if run is not None else None,
            one_transaction=self.settings.transaction == "all",
            offline=offline,
            import_context=self.alembic_imports,
            version_hooks=await anyio.to_thread.run_sync(self.version_hooks) if offline else (),
            rewriting=rewriting,
        )

    async def autogenerate(self, *, as_sql: bool = False) -> Autogenerate:
        """The comparison of models and database; ``as_sql`` is for a SQL revision."""
        project = await self.single_database("a comparison with models")
        if project is not self:
            return await project.autogenerate(as_sql=as_sql)
        autogenerate = await anyio.to_thread.run_sync(_load_autogenerate)
        return autogenerate(
            database=self.database(),
            settings=self.settings,
            graph=await self.graph(),
            metadata=await self.models(),
            origins=self._models.origins(self.settings),
            notify=self.emit,
            options=self.environment_options(autogenerate=True),
            import_context=self.alembic_imports,
            as_sql=as_sql,
        )

    def version_hooks(self) -> tuple[VersionHook, ...]:
        """The ``on_version_apply`` hooks; it imports users' modules, so call it in a thread."""
        of_env = None if self._env_run is None else self._env_run.options.get("on_version_apply")
        return load_version_hooks(self.settings, self._given_hooks, of_env)

    async def models(self) -> tuple[MetaData, ...]:
        """The models, imported once."""
        return await self._models.load(self.settings)

    async def directory(self) -> ScriptDirectory:
        """The revision files, read again."""
        return await anyio.to_thread.run_sync(read_directory, self.settings, self.alembic_imports)

    async def known_heads(self) -> tuple[str, ...] | None:
        """The cached heads if the folders are unchanged, else None."""
        return await anyio.to_thread.run_sync(read_known_heads, self.settings)

    async def graph(self) -> RevisionGraph:
        """The revision graph, read again."""
        return (await self.directory()).graph

    def load_scripts(self, revisions: Sequence[Revision]) -> Mapping[str, AnyScript]:
        """Execute or parse the scripts of revisions; call it in a thread."""
        return load_scripts(self.settings, revisions, self.alembic_imports)

    def alembic_imports(self) -> AbstractContextManager[None]:
        """While code of scripts runs, ``import alembic`` gives asyncmig's facade."""
        from asyncmig.alembic_compat.facade.environment_context import Environment
        from asyncmig.alembic_compat.imports import alembic_imports

        return alembic_imports(Environment(self.settings, self._env_config))

    def environment_options(self, *, autogenerate: bool = False) -> Mapping[str, Any]:
        """The options of ``context.configure()``, as ``op.get_context().opts`` and hooks see them."""
        from asyncmig.alembic_compat.facade.environment_context import Environment

        environment = Environment(self.settings, self._env_config)
        if autogenerate and environment.config.cmd_opts is not None:
            environment.config.cmd_opts.autogenerate = True
        return {
            **(self._env_run.options if self._env_run is not None else {}),
            "config": environment.config,
            "script": environment.script,
            "environment_context": environment,
        }


def several_databases(names: Sequence[str], doing: str) -> ConfigError:
    """The error for a command that needs a single database, where there are several."""
    return ConfigError(
        f"there are several databases, {', '.join(names)}, and {doing} is about one of them",
        hint=f"name one: -n {names[0]}; in Python, one of `await migrator.databases()`",
    )


def _load_autogenerate() -> type[Autogenerate]:
    # a good part of SQLAlchemy comes along
    from asyncmig.autogenerate.compare import Autogenerate

    return Autogenerate
