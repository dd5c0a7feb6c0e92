"""``EnvironmentContext``: executing a project's ``env.py`` for a function of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.util import await_only, greenlet_spawn

from asyncmig.alembic.errors import raised_as_alembic_does
from asyncmig.alembic.migrators import migrator_of, project_of
from asyncmig.alembic.steps import run_steps
from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.alembic_compat.event_loops import run
from asyncmig.alembic_compat.facade.environment_context import Environment
from asyncmig.alembic_compat.running_environment import entered_environment
from asyncmig.autogenerate.context import ComparisonContext
from asyncmig.bookkeeping.state import read_state
from asyncmig.database.session_settings import open_session
from asyncmig.project.visit import visit_databases

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token

    from sqlalchemy.engine import Connection

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.alembic_compat.facade.script import ScriptDirectory
    from asyncmig.project.project import Project

__all__ = ["EnvironmentContext"]


class EnvironmentContext(Environment):
    """What an ``env.py`` is executed for.

    Args:
        config: the configuration.
        script: the script directory, whose ``run_env()`` executes the file.
        kw: ``fn``, called in ``run_migrations()`` with the rows of the version table and the migration
            context, gives the steps to run. ``as_sql``, ``starting_rev``, ``destination_rev``, ``tag`` and
            ``dont_mutate`` are Alembic's; everything else is an option, as ``configure()`` takes it.

    Example::

        def upgrade(rev, context):
            return script._upgrade_revs("head", rev)

        with EnvironmentContext(config, script, fn=upgrade):
            script.run_env()
    """

    def __init__(self, config: Config, script: ScriptDirectory, **kw: Any) -> None:
        self._migrator = migrator_of(config)
        super().__init__(self._migrator.settings, config)
        self.__dict__["script"] = script  # in the place of the cached property
        self.context_opts = kw
        self._token: Token[Any] | None = None

    def __enter__(self) -> Self:
        self._token = entered_environment.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            entered_environment.reset(self._token)
            self._token = None

    # what was asked for

    def is_offline_mode(self) -> bool:
        """True when a script for psql is written."""
        return bool(self.context_opts.get("as_sql", False))

    def get_starting_revision_argument(self) -> Any:
        """Where an offline script starts."""
        return self.script.as_revision_number(self.context_opts.get("starting_rev"))

    def get_revision_argument(self) -> Any:
        """The target."""
        return self.script.as_revision_number(self.context_opts.get("destination_rev"))

    def get_tag_argument(self) -> str | None:
        """The tag of the run."""
        return self.context_opts.get("tag")

    def execute(self, *sql: Any, **options: Any) -> None:
        """Execute the project's ``env.py``; with arguments, as Alembic's ``execute``."""
        if sql:
            super().execute(*sql, **options)
            return
        opts = self.context_opts
        target = opts.get("destination_rev")
        request = EnvRequest(
            command=str(getattr(opts.get("fn"), "__name__", "run_env")),
            revision=target,
            starting=opts.get("starting_rev"),
            offline=self.is_offline_mode(),
            reading=bool(opts.get("dont_mutate", False)),
            tag=opts.get("tag"),
        )
        project = project_of(self._migrator)
        with raised_as_alembic_does():
            run(lambda: visit_databases(project, self._visit, request))

    async def _visit(self, project: Project) -> str | None:
        """One call of ``run_migrations()``."""
        function: Callable[..., Any] | None = self.context_opts.get("fn")
        if function is None:
            return None
        rows: tuple[str, ...]
        if self.is_offline_mode():
            start = self.get_starting_revision_argument()
            rows = () if start is None else (start,)
            context = ComparisonContext(project.environment_options(), heads=rows)
            context.as_sql = True
            steps = list(function(rows, context) or ())
            return await run_steps(project, steps, rows, self.context_opts.get("tag"), offline=True)
        async with open_session(project.database(), project.settings) as session:
            state = await read_state(session, project.settings, check_tables_first=True)
            rows = tuple(sorted(state.heads))

            def connect() -> Connection:
                connection = await_only(session.sqlalchemy()).sync_connection
                assert connection is not None  # noqa: S101 - an open AsyncConnection has one
                return connection

            context = ComparisonContext(project.environment_options(), connect=connect, heads=rows)
            given = await greenlet_spawn(function, rows, context)
            context.disconnect()
        await run_steps(project, list(given or ()), rows, self.context_opts.get("tag"))
        return None
