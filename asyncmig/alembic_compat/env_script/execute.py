"""Executing an ``env.py``, in a thread of its own, for one command."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.connections.application_engines import (
    ApplicationEngines,
    application_engines,
)
from asyncmig.alembic_compat.env_script.connections.connecting import ConnectionMaker
from asyncmig.alembic_compat.env_script.connections.engines import EnvEngines
from asyncmig.alembic_compat.env_script.connections.given_engine import GivenEngine
from asyncmig.alembic_compat.env_script.connections.url_override import UrlOverride
from asyncmig.alembic_compat.env_script.environment import RunningEnvironment
from asyncmig.alembic_compat.env_script.inherited_context import inherited_context
from asyncmig.alembic_compat.env_script.request import command_options
from asyncmig.alembic_compat.env_script.statements import StatementLog
from asyncmig.alembic_compat.env_script.thread import InterruptedThread, LoopThread
from asyncmig.alembic_compat.facade.config import config_of
from asyncmig.alembic_compat.imports import alembic_imports
from asyncmig.database.connection_errors import connection_failure
from asyncmig.database.server_errors import postgres_error
from asyncmig.errors import AsyncmigError, EnvFileError
from asyncmig.events import EnvWarning
from asyncmig.revisions.files.failing_line import failing_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from asyncmig.alembic_compat.env_script.request import EnvMigration, EnvRequest, Visit
    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.config.settings import Settings
    from asyncmig.events import Event

__all__ = ["ExecutedEnv", "execute_env"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedEnv:
    """An ``env.py`` that has run to its end.

    Attributes:
        config: the configuration object, as the file left it.
        migrations: its calls of ``run_migrations()``, in order.
        script: what it wrote offline, where it gave no buffer of its own.
        write_hooks: functions that it has registered as post-write hooks, by name.
    """

    config: Config
    migrations: tuple[EnvMigration, ...]
    script: str = ""
    write_hooks: Mapping[str, Callable[..., object]] = field(default_factory=dict)


async def execute_env(
    settings: Settings,
    path: Path,
    request: EnvRequest,
    visit: Visit,
    emit: Callable[[Event], None],
    *,
    engine: AsyncEngine | None = None,
) -> ExecutedEnv:
    """Execute an ``env.py``; what it does happens.

    Args:
        settings: of the project, before the file is executed.
        path: the file.
        request: the command.
        visit: does the command's work on each database that the file hands over: it is awaited in this
            event loop, or in the one that the file has started.
        emit: receives events; called in this event loop.
        engine: what the file connects with, whatever URL it names.

    Raises:
        AsyncmigError: what ``visit`` raised, where the file let it through.
        ConnectionFailedError: the file could not connect.
        EnvFileError: the file raised, or ended the process.
    """
    from asyncmig.config import extend_sys_path

    thread = LoopThread()

    def emit_here(event: Event) -> None:
        thread.call(emit, event)

    log = StatementLog(
        path,
        reading=request.reading,
        notify=lambda message: emit_here(EnvWarning(message=message)),
    )
    given = GivenEngine(engine) if engine is not None else None
    override = UrlOverride(settings, given)
    maker = ConnectionMaker(settings, thread, log, emit, given)
    engines = EnvEngines(path, maker, override, log)

    def body() -> ExecutedEnv:
        extend_sys_path(settings.prepend_sys_path)
        config: Config = request.config or config_of(settings)
        if request.config is None:
            config.cmd_opts = command_options(request, config.cmd_opts)
        config.attributes.update(request.attributes)
        environment = RunningEnvironment(
            settings,
            config,
            path=path,
            request=request,
            visit=visit,
            thread=thread,
            engines=engines,
            application_engines=ApplicationEngines(engines),
            log=log,
            emit=emit_here,
        )
        with (
            alembic_imports(environment),
            application_engines(),
            inherited_context(),
            _event_loop(),
        ):
            try:
                _execute(path)
            except SystemExit as ended:
                if ended.code not in {None, 0}:
                    raise
                where = f"{path}:{_line(ended, path)}"
                emit_here(EnvWarning(message=f"{where} ends the run with exit code 0"))
            finally:
                environment.close()
        return ExecutedEnv(
            config=config,
            migrations=tuple(environment.migrations),
            script="".join(environment.output),
            write_hooks=environment.write_hooks,
        )

    try:
        executed = await thread.run(body)
    except (AsyncmigError, InterruptedThread):
        raise
    except (Exception, SystemExit) as error:
        raise _explained(error, path, maker.target) from error
    finally:
        await maker.close()
    undone = [migration for migration in executed.migrations if migration.rolled_back]
    if undone and all(migration.may_be_undone for migration in undone):
        emit(EnvWarning(message=f"{path} rolls back its transaction: nothing was changed"))
    elif undone:
        raise EnvFileError(
            f"{path} rolls back the transaction in which the migrations ran, so nothing was changed",
            hint="it executes something on the connection before context.configure(): commit it there "
            "with connection.commit(), or commit after the run",
            path=path,
        )
    return executed


class _event_loop:  # noqa: N801 - a context manager
    """An event loop for ``asyncio.get_event_loop()``, as the main thread has one."""

    def __enter__(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    def __exit__(self, *_: object) -> None:
        asyncio.set_event_loop(None)
        self._loop.close()


def _execute(path: Path) -> None:
    module = ModuleType("env_py")  # the name that Alembic gives it
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - the purpose


def _explained(error: BaseException, path: Path, target: str) -> AsyncmigError:
    """What an ``env.py`` raised, as an error that names its line."""
    known = _caused_by(error, target)
    if known is not None:
        return known
    line = _line(error, path)
    where = f"{path}:{line}" if line else str(path)
    text = re.sub(r"\s+", " ", str(error)).strip()
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 1 if error.code else 0
        said = "" if isinstance(error.code, int) or error.code is None else f": {text}"
        return EnvFileError(
            f"{where} ends the run with exit code {code}{said}",
            hint="env.py decides whether a run may begin; nothing was migrated after this line",
            path=path,
            line=line,
            status=code,
        )
    return EnvFileError(
        f"{where} raises {type(error).__name__}{': ' + text if text else ''}",
        hint="env.py is executed, as Alembic does it; the error is its own",
        path=path,
        line=line,
    )


def _caused_by(error: BaseException, target: str) -> AsyncmigError | None:
    """The ``AsyncmigError`` that caused an error of SQLAlchemy, or one for a failed connection attempt."""
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AsyncmigError):
            return seen
        seen = seen.__cause__
    statement = getattr(error, "statement", None)
    if not isinstance(error, DBAPIError | OSError | asyncpg.PostgresError) or statement:
        return None
    original = postgres_error(error) if isinstance(error, Exception) else None
    if original is None:
        found = error
        while found.__cause__ is not None:
            found = found.__cause__
        if not isinstance(found, OSError | TimeoutError | asyncpg.InterfaceError):
            return None
        return connection_failure(found, target)
    return connection_failure(original, target)


def _line(error: BaseException, path: Path) -> int | None:
    line = failing_line(str(path), error)
    if line is None and isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    return line
