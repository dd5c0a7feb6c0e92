"""Connections for running scripts: SQLAlchemy's for synchronous ones, asyncpg's for async ones.

A script runs in a greenlet, so that its blocking calls, and directives whose errors it handles, become
awaits of the runner. The connection of ``op.get_bind()`` is a real one, with hooks around its statements
(``own_statements``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from asyncpg import PostgresError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, MissingGreenlet
from sqlalchemy.util import await_only

from asyncmig.database.server_errors import postgres_error
from asyncmig.errors import AsyncmigError, ScriptError, StatementFailedError
from asyncmig.execution.scripts.async_connection import ScriptConnection
from asyncmig.execution.scripts.handled_errors import (
    ScriptStoppedError,
    driver_error,
    is_lock_timeout,
    keep_when_stopped,
)
from asyncmig.execution.scripts.own_statements import (
    before_other_io,
    before_statement,
    run_leading_statements,
)
from asyncmig.execution.scripts.script_greenlet import await_in_greenlet, call_in_greenlet
from asyncmig.plan.run_script import run_script, script_failure
from asyncmig.plan.version_hooks import call_hook, hook_failure
from asyncmig.revisions.files.failing_line import failing_line
from asyncmig.revisions.files.script import SqlScript
from asyncmig.sql.separate_statements import statements_to_send_separately

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.messages.sender import MessageSender
    from asyncmig.execution.scripts.hook_step import VersionHookStep
    from asyncmig.execution.scripts.running_step import RunningStep
    from asyncmig.plan.recorder import Recorder
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import MigrationInfo, VersionHook

__all__ = ["ScriptConnections"]

_NOTHING = "SELECT 1"
"""What is sent in the place of a COMMIT or BEGIN that the engine has taken care of."""


class ScriptConnections:
    """Gives running scripts their connection; implements the recorder's ``LiveAccess``.

    Args:
        context: of the run.
        sender: has what the scripts before have queued.
    """

    def __init__(self, context: ExecutionContext, sender: MessageSender) -> None:
        self._context = context
        self._session = context.session
        self._sender = sender
        self._current: RunningStep | VersionHookStep | None = None
        self._recorder: Recorder | None = None
        self._sqlalchemy: AsyncConnection | None = None
        self._stopped: ScriptStoppedError | None = None

    async def run_script(
        self, step: RunningStep, script: AnyScript, keywords: Mapping[str, Any]
    ) -> None:
        """Run a script to its end.

        Raises:
            AsyncmigError: whatever the script raised, as an error that names its line.
        """
        if isinstance(script, SqlScript) and script.is_large:
            # nothing of it runs here, and cutting it into statements takes seconds
            direction, recorder = step.step.direction, step.recorder
            await anyio.to_thread.run_sync(
                run_script, script, direction, recorder, abandon_on_cancel=True
            )
            script.release()
            return
        await self._run(
            step,
            partial(run_script, script, step.step.direction, step.recorder, keywords),
            partial(script_failure, script),
            own_loop=script.mentions(b"get_event_loop"),
        )

    async def call_hook(
        self,
        step: VersionHookStep,
        hook: VersionHook,
        info: MigrationInfo,
        heads: Collection[str],
        run_args: Mapping[str, Any],
    ) -> None:
        """Call ``on_version_apply``.

        Raises:
            AsyncmigError: whatever it raised, as an error that names its line.
        """
        await self._run(
            step,
            partial(call_hook, hook, step.recorder, info, heads, run_args),
            partial(hook_failure, hook, step.step.revision),
        )

    async def _run(
        self,
        step: RunningStep | VersionHookStep,
        begin: Callable[[], Coroutine[Any, Any, None] | None],
        failure: Callable[[Exception], AsyncmigError],
        *,
        own_loop: bool = False,
    ) -> None:
        self._current, self._recorder = step, step.recorder
        self._stopped = None
        try:
            coroutine = await call_in_greenlet(
                begin, hide_loop=self._session.synchronous_scripts, own_loop=own_loop
            )
            if coroutine is not None:
                await await_in_greenlet(coroutine)
            self._raise_if_stopped()
            await self._end_sqlalchemy(commit=True)
        except ScriptStoppedError as stopped:
            raise stopped.failure from stopped.failure.__cause__
        except AsyncmigError:
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and isinstance(error.__cause__, StatementFailedError):
                raise error.__cause__  # noqa: B904 - it has a cause of its own
            await self._session.check_not_lost(error)
            server = postgres_error(error)
            await step.abandon_standalone(server)
            explained = failure(error) if server is None else self._explain(step, error, server)
            raise explained from error
        finally:
            self._current = self._recorder = None

    def _step(self, recorder: Recorder) -> RunningStep | VersionHookStep:
        """The step whose script is running.

        Raises:
            ScriptError: that script has finished, and something of it still uses its connection.
        """
        current = self._current
        if current is None or current.recorder is not recorder:
            raise ScriptError(
                f"revision {recorder.revision.id} used its connection after it had finished",
                hint="await every task that a script starts before the script returns",
                revision=recorder.revision.id,
                path=recorder.revision.path,
            )
        return current

    async def close(self) -> None:
        """Forget the SQLAlchemy side; its connection belongs to the session."""
        await self._end_sqlalchemy(commit=False)
        if self._sqlalchemy is not None:
            self._unlisten(_sync(self._sqlalchemy))
            self._sqlalchemy = None

    # the recorder's LiveAccess

    def bind(self, recorder: Recorder) -> Connection:
        """The SQLAlchemy connection, for a sync script."""
        return _sync(self._await(self._connect(recorder), recorder, "op.get_bind()"))

    async def driver(self, recorder: Recorder) -> Any:
        """The asyncpg connection, for an async script."""
        await self._step(recorder).flush_pending()
        return ScriptConnection(self, recorder)

    async def fetch(self, recorder: Recorder, query: str, args: tuple[Any, ...]) -> list[Any]:
        """Send what is pending, then run one query."""
        query = await self.run_leading_statements(recorder, query)
        if not await self.before_statement(recorder, query, needs_rows=True):
            return []
        try:
            rows = await self._session.fetch(query, *args)
        except PostgresError as error:
            await self.note_failure(recorder, error)
            raise
        await self.after_statement(recorder)
        return rows

    def run_async(
        self, recorder: Recorder, function: Callable[..., Awaitable[Any]], args: Any, kwargs: Any
    ) -> Any:
        """Await a function from within a sync script."""

        async def call() -> Any:
            connection = await self._connect(recorder)
            return await function(connection, *args, **kwargs)

        return self._await(call(), recorder, "op.run_async()")

    def call_in_thread(self, function: Callable[[], None]) -> None:
        """Call a function that takes long; only a task that a script has started cannot wait for a thread."""
        try:
            await_only(anyio.to_thread.run_sync(function))
        except MissingGreenlet:
            function()

    def schema_translate_map(self) -> Mapping[str | None, str | None] | None:
        """That of the SQLAlchemy connection, which every script of a run shares."""
        connection = None if self._sqlalchemy is None else self._sqlalchemy.sync_connection
        options = {} if connection is None else connection.get_execution_options()
        schemas = options.get("schema_translate_map")
        if schemas is None:
            return None
        # SQLAlchemy adds a key of its own
        return {name: schema for name, schema in schemas.items() if name != "_none"}

    def before_handled_directive(self, recorder: Recorder) -> None:
        """Send the directives so far: the script handles errors of the next one, but not of these."""
        self._raise_if_stopped()
        try:
            # first, as SQLAlchemy asks the server for its version, and an aborted transaction takes nothing
            await_only(self._connect(recorder))
            await_only(self._step(recorder).flush_pending())
        except MissingGreenlet:
            return  # a task that the script has started: its directives wait for the next await
        except AsyncmigError as failure:
            raise self._stop(failure) from failure

    def after_directive(self, recorder: Recorder, *, handled: bool) -> None:
        """Send a directive at once where the script may catch its error."""
        # inside a savepoint of the script an error belongs to the line that made it
        if not handled and not self._in_savepoint:
            return
        try:
            await_only(self._send_handled(recorder))
        except MissingGreenlet:
            return

    @property
    def _in_savepoint(self) -> bool:
        return self._sqlalchemy is not None and self._sqlalchemy.in_nested_transaction()

    async def _send_handled(self, recorder: Recorder) -> None:
        """Send what was said; an error of it becomes what the script's driver would raise."""
        step = self._step(recorder)
        try:
            await step.flush_pending()
        except StatementFailedError as failure:
            server = postgres_error(failure)
            sql = str(failure.fields().get("sql") or "")
            if server is None or not await step.note_failure(server):
                raise self._stop(failure) from failure
            if is_lock_timeout(server, sql) and not recorder.sets_lock_timeout:
                # without asyncmig's lock_timeout the statement would still wait: the run tries again
                raise self._stop(failure) from failure
            raise driver_error(_sync(await self._connect(recorder)), failure) from failure

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    def _stop(self, failure: Exception) -> ScriptStoppedError:
        """End the script, whatever it catches."""
        self._stopped = ScriptStoppedError(failure)
        return self._stopped

    # SQLAlchemy's side

    async def _connect(self, recorder: Recorder) -> AsyncConnection:
        self._step(recorder)
        await self._sender.wait_sent()
        if self._sqlalchemy is None:
            self._sqlalchemy = await self._session.sqlalchemy()
            self._listen(_sync(self._sqlalchemy))
        if not self._sqlalchemy.in_transaction():
            # only SQLAlchemy's own view: its driver is in autocommit, BEGIN was ours
            await self._sqlalchemy.begin()
        return self._sqlalchemy

    async def _end_sqlalchemy(self, *, commit: bool) -> None:
        connection = self._sqlalchemy
        self._recorder = None  # its hooks are for the script alone
        if connection is None or self._session.caller_transaction or connection.closed:
            return
        try:
            if commit:
                await connection.commit()
            else:
                await connection.rollback()
        except DBAPIError:  # SQLAlchemy's view of a connection that is gone
            pass

    def _listen(self, connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", self._before, retval=True)
        event.listen(connection, "after_cursor_execute", self._after)
        event.listen(connection, "rollback", self._rolled_back)
        event.listen(connection, "commit", self._committed)
        event.listen(connection.engine, "handle_error", self._failed)
        keep_when_stopped(connection)

    def _unlisten(self, connection: Connection) -> None:
        event.remove(connection, "before_cursor_execute", self._before)
        event.remove(connection, "after_cursor_execute", self._after)
        event.remove(connection, "rollback", self._rolled_back)
        event.remove(connection, "commit", self._committed)
        event.remove(connection.engine, "handle_error", self._failed)
        vars(connection).pop("invalidate", None)

    def _before(
        self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        recorder = self._recorder
        if recorder is None:
            return statement, parameters
        if not parameters:
            *first, statement = statements_to_send_separately(statement)
            for each in first:
                connection.exec_driver_sql(each)
        try:
            # what is awaited does not have the script on its stack
            if await_only(self.before_statement(recorder, statement, origin=recorder.origin())):
                return statement, parameters
        except StatementFailedError as failure:
            if failure is self._step(recorder).replayed_failure:
                raise driver_error(connection, failure) from failure
            # of an earlier directive: no handler around this statement is meant for it
            raise self._stop(failure) from failure
        return _NOTHING, ()

    def _after(self, *_: Any) -> None:
        if self._recorder is not None:
            await_only(self.after_statement(self._recorder))

    def _failed(self, context: Any) -> None:
        """A statement that a script ran itself was refused; the script may handle it."""
        recorder, owner = self._recorder, self._sqlalchemy
        server = postgres_error(context.original_exception)
        if recorder is None or owner is None or server is None:
            return
        # an engine of the caller has connections of others
        own_engine = hasattr(context.dialect, "raised_for")
        if own_engine or context.connection is owner.sync_connection:
            await_only(self._step(recorder).note_standalone_failure(server))

    # the hooks around statements that a script executes itself

    async def before_statement(
        self, recorder: Recorder, sql: str, *, needs_rows: bool = False, origin: str | None = None
    ) -> bool:
        """Get the transaction ready; False where the statement is not to be sent."""
        step = self._step(recorder)
        return await before_statement(
            self._session, step, sql, needs_rows=needs_rows, origin=origin
        )

    async def run_leading_statements(self, recorder: Recorder, sql: str) -> str:
        """Run all statements of a text but the last, where they cannot be sent together; the last."""
        return await run_leading_statements(self._session, self._step(recorder), sql)

    async def after_statement(self, recorder: Recorder) -> None:
        """A statement has gone through."""
        await self._step(recorder).end_standalone()

    async def note_failure(self, recorder: Recorder, error: PostgresError) -> None:
        """A statement was refused; the script may handle the error."""
        await self._step(recorder).note_standalone_failure(error)

    async def before_other_io(self, recorder: Recorder) -> bool:
        """Get the transaction ready for COPY and the like; False where an earlier run has done it."""
        return await before_other_io(self._step(recorder))

    @property
    def driver_connection(self) -> Any:
        """The asyncpg connection itself."""
        return self._session.driver

    def _committed(self, _connection: Any) -> None:
        # with transactional DDL the transaction is the runner's, and ends with the revision
        recorder = self._recorder
        if recorder is not None and recorder.options.get("transactional_ddl") is False:
            await_only(self._step(recorder).end_transaction())

    def _rolled_back(self, _connection: Any) -> None:
        if self._recorder is not None and not self._session.caller_transaction:
            await_only(self._step(self._recorder).roll_back())

    def _await(self, awaitable: Any, recorder: Recorder, what: str) -> Any:
        try:
            return await_only(awaitable)
        except MissingGreenlet:
            raise ScriptError(
                f"revision {recorder.revision.id} calls {what} in a task of its own",
                hint="in such a task: `await op.fetch(...)`, or `await op.connection()`",
                revision=recorder.revision.id,
                path=recorder.revision.path,
            ) from None

    def _explain(
        self, running: RunningStep | VersionHookStep, error: Exception, server: PostgresError
    ) -> AsyncmigError:
        source = running.recorder.source
        line = failing_line(source, error)
        return self._context.failure(
            server,
            running.step,
            running.index,
            None,
            committed=running.committed_work(server),
            origin=f"{source}:{line}" if line else None,
        )


def _sync(connection: AsyncConnection) -> Connection:
    found = connection.sync_connection
    assert found is not None  # noqa: S101 - an open AsyncConnection has one
    return found
