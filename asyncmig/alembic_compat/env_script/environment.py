"""``alembic.context`` for an ``env.py`` that is executed."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from asyncmig.alembic_compat.env_script.bound_transaction import rolls_back_by_name
from asyncmig.alembic_compat.env_script.connections.handed_connection import HandedConnection
from asyncmig.alembic_compat.env_script.connections.libpq import refusal
from asyncmig.alembic_compat.env_script.listeners import unheard_listeners
from asyncmig.alembic_compat.env_script.migration_context import EnvMigrationContext
from asyncmig.alembic_compat.env_script.request import EnvMigration
from asyncmig.alembic_compat.env_script.statements import place_in
from asyncmig.alembic_compat.facade.environment_context import Environment
from asyncmig.alembic_compat.imports import current_environment
from asyncmig.alembic_compat.stand_ins import StandIns
from asyncmig.errors import ScriptError
from asyncmig.events import EnvWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy.engine import Transaction

    from asyncmig.alembic_compat.env_script.connections.application_engines import (
        ApplicationEngines,
    )
    from asyncmig.alembic_compat.env_script.connections.engines import EnvEngines
    from asyncmig.alembic_compat.env_script.request import EnvRequest, Visit
    from asyncmig.alembic_compat.env_script.statements import StatementLog
    from asyncmig.alembic_compat.env_script.thread import LoopThread
    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.events import Event

__all__ = ["RunningEnvironment"]

_LIMITS = ("lock_timeout", "statement_timeout")


class RunningEnvironment(Environment):
    """What ``from alembic import context`` gives to an ``env.py``, and to what it imports.

    Args:
        settings: of the project.
        config: the configuration object.
        path: the file.
        request: the command.
        visit: does the command's work on one database.
        thread: of the file.
        engines: make the file's engines.
        application_engines: stand in for engines of the application.
        log: of what is executed.
        emit: receives events.

    Attributes:
        migrations: the calls of ``run_migrations()`` so far.
        output: what an offline script holds so far.
        write_hooks: functions that the file registers as post-write hooks, by name.
    """

    def __init__(
        self,
        settings: Settings,
        config: Config,
        *,
        path: Path,
        request: EnvRequest,
        visit: Visit,
        thread: LoopThread,
        engines: EnvEngines,
        application_engines: ApplicationEngines,
        log: StatementLog,
        emit: Callable[[Event], None],
    ) -> None:
        super().__init__(settings, config)
        self.path = path
        self.engines = engines
        self.application_engines = application_engines
        self.migrations: list[EnvMigration] = []
        self.output: list[str] = []
        self.write_hooks: dict[str, Callable[..., object]] = {}
        self._request = request
        self._visit = visit
        self._thread = thread
        self._log = log
        self._emit = emit
        self._home = path.parent.resolve()
        self._options: dict[str, Any] = {}
        self._connection: Connection | None = None
        self._external = False
        self._url: str | None = None
        self._opened: list[Connection] = []
        self._in_block = False
        self._transaction_is_open = False
        self._keeps_transaction = False

    # the command

    def is_offline_mode(self) -> bool:
        """True when a script for psql is written."""
        return self._request.offline

    def get_revision_argument(self) -> Any:
        """The target, as revision ids where it names any."""
        revision = self._request.revision
        if revision is None or revision == "base":
            return revision
        names = (revision,) if isinstance(revision, str) else revision
        try:
            found: Sequence[Any] = self.script.get_revisions(names[0] if len(names) == 1 else names)
            ids = tuple(item.revision for item in found if item is not None)
        except Exception:  # noqa: BLE001 - relative targets and the like stay as they are written
            return revision
        return ids[0] if len(ids) == 1 else ids or revision

    def get_starting_revision_argument(self) -> str | None:
        """Where an offline script starts."""
        return self._request.starting

    def get_tag_argument(self) -> str | None:
        """The tag of this run."""
        return self._request.tag or super().get_tag_argument()

    # what env.py configures and starts

    def configure(self, connection: Any = None, url: Any = None, **options: Any) -> None:
        """Keep what is configured, on top of earlier calls, as Alembic does."""
        connection = getattr(connection, "sync_connection", None) or connection
        if connection is not None and not isinstance(connection, Connection):
            raise ScriptError(
                f"env.py gives configure() a connection of {type(connection).__qualname__}",
                hint="give a sqlalchemy.engine.Connection",
                path=self.path,
            )
        self._connection = connection
        self._external = connection is not None and bool(connection.in_transaction())
        if url is not None:
            self._url = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        self._options.update(options)

    def begin_transaction(self) -> AbstractContextManager[Any]:
        """What the file executes in the block is committed with it, or before the run in it."""
        if self._request.offline:
            return self._offline_transaction()
        if self._external or self._connection is None:
            return nullcontext()
        return self._transaction(self._connection)

    @contextmanager
    def _offline_transaction(self) -> Iterator[None]:
        """A transaction of the script, from the first statement that the file writes in the block."""
        self._in_block = True
        try:
            yield
        finally:
            self._in_block = False
            if self._transaction_is_open:
                self._transaction_is_open = False
                self._write("COMMIT;\n", dict(self._options))

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[Transaction | None]:
        transaction: Transaction | None = None
        if rolls_back_by_name(self.path) and not self._options.get("transaction_per_migration"):
            # the file may undo the run, so the run must not commit
            transaction = connection.get_transaction() or connection.begin()
            self.engines.note_begun(connection)
            self._keeps_transaction = True
        try:
            yield transaction
        except BaseException:
            if connection.in_transaction() and not connection.closed:
                connection.rollback()
            raise
        if connection.in_transaction() and not connection.closed:
            connection.commit()

    def run_migrations(self, **keywords: Any) -> None:
        """Do the command's work on the configured connection."""
        options = dict(self._options)
        if self._request.offline:
            migration = EnvMigration(
                options=options,
                keywords=keywords,
                config=self.config,
                emit=self._emit,
                url=self._url,
                inside=self._transaction_is_open,
            )
            self.migrations.append(migration)
            script: str | None = self._thread.wait(lambda: self._visit(migration))
            self._write(script or "", options)
            return
        connection = self.get_bind()
        for message in unheard_listeners(connection.engine, self._home):
            self._emit(EnvWarning(message=message))
        handed = HandedConnection(
            connection,
            external=self._external,
            engines=self.engines,
            thread=self._thread,
            log=self._log,
        )
        found = handed.settings_of_env(_LIMITS) if handed.may_have_settings else {}
        migration = EnvMigration(
            options=options,
            keywords=keywords,
            config=self.config,
            emit=self._emit,
            url_source=self.engines.url_source(handed.url),
            url=handed.connected_url,
            schema_translate_map=handed.schema_translate_map,
            psycopg2_compat=handed.psycopg2_compat,
            limits={name: int(value) for name, value in found.items()},
            inside=handed.inside,
            may_be_undone=self._keeps_transaction,
        )
        self.migrations.append(migration)

        async def work(database: Database) -> None:
            migration.database = database
            await self._visit(migration)

        handed.run(work)
        if handed.inside and migration.changed:
            self._log.watch_end(handed.key, migration)

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Execute it on the configured connection; offline, write it into the script."""
        if self._request.offline:
            if self._in_block and not self._transaction_is_open:
                self._transaction_is_open = True
                self._write("BEGIN;\n", dict(self._options))
            self._write(_text(sql, self.get_context().dialect), dict(self._options))
            return
        self.get_context().execute(sql, execution_options=execution_options)

    def static_output(self, text: str) -> None:
        """A line of an offline script."""
        if self._request.offline:
            self._write(text, dict(self._options))

    def get_bind(self) -> Connection:
        """The configured connection; one by the configured URL, where none was given."""
        connection = self._connection
        if connection is None:
            url = (
                self._url
                or self.config.get_main_option("sqlalchemy.url")
                or self._settings.valid_url
            )
            if url is None:
                raise ScriptError(
                    "env.py calls configure() with neither a connection nor a URL",
                    hint="context.configure(connection=connection)",
                    path=self.path,
                )
            connection = self.engines.create_engine(url).connect()
            self._connection = connection
            self._opened.append(connection)
        elif connection.dialect.name != "postgresql":
            raise refusal(
                f"a connection to {connection.dialect.name}",
                place_in(self.path),
                "asyncmig migrates PostgreSQL only",
            )
        elif not self.engines.is_of_env(connection.engine):
            connection = self._connection = self._twin_of(connection)
        return connection

    def _twin_of(self, connection: Connection) -> Connection:
        """An asyncmig connection to replace one of another driver that was opened before ``env.py`` ran."""
        raw: Any = connection.connection.dbapi_connection
        twin = self.application_engines.twin(connection.engine)
        if twin is None:
            return connection
        status = getattr(getattr(raw, "info", None), "transaction_status", 0)
        if int(status) != 0:
            raise refusal(
                f"a connection of {connection.dialect.driver} with an open transaction",
                place_in(self.path),
                "give an engine, or a connection on which nothing was executed yet",
            )
        options = dict(connection.get_execution_options())
        mine = twin.connect().execution_options(**options)
        self._opened.append(mine)
        self._external = False
        self._emit(
            EnvWarning(
                message=f"env.py hands over a connection of {connection.dialect.driver}: "
                "the migrations run on a connection of their own with the same arguments"
            )
        )
        return mine

    def get_context(self) -> Any:
        """Alembic's migration context, as far as an ``env.py`` needs it."""
        if self._request.offline:
            return EnvMigrationContext(None, self._options, self)
        return EnvMigrationContext(self.get_bind(), self._options, self)

    def get_impl(self) -> Any:
        """What performs operations."""
        return self.get_context().impl

    def requires_connection(self) -> bool:
        """False only where a script for psql is written."""
        return not self._request.offline

    def close(self) -> None:
        """Give back the connections that were opened for the file."""
        for connection in self._opened:
            connection.close()

    def _write(self, text: str, options: Mapping[str, Any]) -> None:
        """Add to the script: to the file's own buffer where it gave one."""
        text = text if text.endswith("\n") else f"{text}\n"
        buffer = options.get("output_buffer")
        if buffer is None or buffer is sys.stdout:
            self.output.append(text)
        else:
            buffer.write(text)

    # what env.py imports

    def stand_in(
        self, name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
    ) -> Any:
        """Engines on asyncpg, and logging that stays as it is, for the files of the project."""
        found = _STAND_INS.of_import(name, importer, fromlist, self._home)
        return super().stand_in(name, importer, fromlist) if found is None else found


def _text(sql: Any, dialect: Any) -> str:
    """A statement of an offline script."""
    if isinstance(sql, str):
        text = sql
    else:
        text = str(sql.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return f"{text.rstrip().rstrip(';')};\n"


def _by_environment(module: str, name: str) -> Callable[..., Any]:
    """A function of SQLAlchemy's, or of the environment that runs when it is called.

    A module that keeps the function does what SQLAlchemy does at any other time.
    """

    def function(*args: Any, **kwargs: Any) -> Any:
        engines: Any = getattr(current_environment(), "engines", None)
        owner = sys.modules[module] if engines is None else engines
        return getattr(owner, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    return function


_STAND_INS = StandIns(_by_environment)
