"""One migrating connection: messages out, rows in, and the SQLAlchemy view that scripts get.

Everything static travels by asyncpg's simple-query ``execute``, which may carry many statements and
leaves no snapshot behind (an idle transaction that fetched rows holds ``backend_xmin`` and makes
CREATE INDEX CONCURRENTLY wait for it). BEGIN and COMMIT are ours, as text. SQLAlchemy comes in only
when a script asks for its connection, and then in its autocommit mode, so that it never begins or
ends a transaction of its own: a script's ``commit()`` does not end ours.
"""

from __future__ import annotations

import io
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
from anyio import CancelScope, move_on_after  # now: anyio would import it in the loop

from asyncmig.database.prepared_statements import note_sent
from asyncmig.database.server_errors import DRIVER_ERRORS, driver_error_in, is_disconnect
from asyncmig.errors import (
    ConnectionLostError,
    DatabaseError,
    LockNotAcquiredError,
    PoolingError,
    ScriptError,
)
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = [
    "ANSWER_SECONDS",
    "CLEANUP_SECONDS",
    "ROLE_OF_RUN",
    "Address",
    "Session",
    "connection_lost",
    "pooling_error",
]

ROLE_OF_RUN = tuple(
    f"SELECT pg_catalog.set_config('{name}', coalesce(nullif(pg_catalog.current_setting("
    f"'asyncmig.run_{name}', true), ''), pg_catalog.current_setting('{name}')), true)"
    for name in ("session_authorization", "role")
)
"""Statements that give a transaction the role of the run again, until it ends: the script has set another."""

ANSWER_SECONDS = 30.0
"""How long the server may take to answer a message that waits for nothing."""
CLEANUP_SECONDS = 5.0
"""How long leaving a connection may take before it is dropped."""

_BUSY = "another operation is in progress"
_ANOTHER_BACKEND = "asyncmig.another_backend"
# PostgreSQL has no RAISE in plain SQL; to read a setting that does not exist is an error with a name
_GUARD = f"""SELECT CASE WHEN pg_catalog.pg_backend_pid() <> {{pid}}
THEN pg_catalog.current_setting('{_ANOTHER_BACKEND}'){{lock}} ELSE '' END"""
_LOCK_LOST = "asyncmig.lock_lost"
_LOCK_GUARD = f"""
WHEN NOT pg_catalog.pg_try_advisory_xact_lock({{key}}) THEN pg_catalog.current_setting('{_LOCK_LOST}')"""


class Address(NamedTuple):
    """Where a database is; ``port`` is None for a Unix-domain socket, of which ``host`` is the path."""

    host: str
    port: int | None
    database: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{host}{port}/{self.database}"


class Session:
    """The connection of one run.

    Args:
        driver: the asyncpg connection.
        make_sqlalchemy: gives the SQLAlchemy view of the same connection, once.
        caller_transaction: the caller's transaction is open on it: no BEGIN or COMMIT is sent, and what
            must run outside a transaction is refused.
        disposable: it is closed after the run, so that no setting needs to be restored.
    """

    def __init__(
        self,
        driver: asyncpg.Connection,
        make_sqlalchemy: Callable[[], Awaitable[AsyncConnection]],
        *,
        caller_transaction: bool = False,
        disposable: bool = False,
    ) -> None:
        self.driver = driver
        self.caller_transaction = caller_transaction
        self.disposable = disposable
        self.backend_pid: int | None = None
        self.guard = ""
        self.interrupted = False
        self.synchronous_scripts = False
        self._make_sqlalchemy = make_sqlalchemy
        self._sqlalchemy: AsyncConnection | None = None
        self._settings_depth = 0

    @property
    def address(self) -> Address:
        """The database that is connected."""
        driver: Any = self.driver
        found = driver._addr  # noqa: SLF001 - asyncpg tells it nowhere else
        host, port = (found, None) if isinstance(found, str) else (found[0], found[1])
        return Address(host, port, driver._params.database)  # noqa: SLF001 - the same

    @property
    def in_transaction(self) -> bool:
        """True when a transaction is open, as the server said last."""
        return bool(self.driver.is_in_transaction())

    @property
    def closed(self) -> bool:
        """True when the connection is gone."""
        return bool(self.driver.is_closed())

    @property
    def server_version(self) -> int:
        """The major version."""
        return int(self.driver.get_server_version().major)

    @property
    def pooled(self) -> bool:
        """True when a proxy made up the process id that the driver was given at login."""
        return self.backend_pid not in {None, self.driver.get_server_pid()}

    def check_backend_pid(self, pid: int) -> None:
        """Keep which server process answered.

        Raises:
            PoolingError: it is another one than before.
        """
        if self.backend_pid not in {None, pid}:
            raise pooling_error()
        self.backend_pid = pid
        if not self.guard and not self.caller_transaction:
            self.guard = _GUARD.format(pid=pid, lock="")

    def set_lock_guard(self, lock: int | None) -> None:
        """Check with every message from here on that its server process holds the lock.

        The lock is taken once more for the transaction: no other session can hold it at the same time.
        """
        held = "" if lock is None else _LOCK_GUARD.format(key=lock)
        if self.backend_pid is not None and not self.caller_transaction:
            self.guard = _GUARD.format(pid=self.backend_pid, lock=held)

    async def transact(self, statements: Sequence[str]) -> None:
        """Send a few statements as one transaction, by a server process that holds the lock."""
        if self.caller_transaction:
            await self.send("\n;\n".join(statements))
        else:
            begin = f"BEGIN;{self.guard}" if self.guard else "BEGIN"
            try:
                await self.send("\n;\n".join([begin, *statements, "COMMIT"]))
            except asyncpg.PostgresError:
                await self.roll_back()
                raise

    async def transact_best_effort(self, statements: Sequence[str]) -> None:
        """As ``transact``, but ignore its failure, so that the error being handled is not masked."""
        with suppress(asyncpg.PostgresError, DatabaseError):
            await self.transact(statements)

    async def send(self, sql: str) -> None:
        """Send one simple-query message; it may hold many statements and transactions.

        Raises:
            asyncpg.PostgresError: the server refused it.
            ConnectionLostError: it is not known whether it ran.
        """
        note_sent(self.driver, sql)
        with self._detecting_loss():
            await self.driver.execute(sql)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run one query and return its rows; raises as ``send``."""
        with self._detecting_loss():
            rows: list[asyncpg.Record] = await self.driver.fetch(query, *args)
            return rows

    async def copy_in(self, statement: str, data: str) -> None:
        """Run ``COPY ... FROM STDIN`` with its data; raises as ``send``.

        asyncpg's public COPY methods build a statement of their own; the one written in the script is
        to run as it is written, so the method beneath them is called.
        """
        with self._detecting_loss():
            await self.driver._copy_in(statement, io.BytesIO(data.encode()), None)  # noqa: SLF001

    @contextmanager
    def _detecting_loss(self) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            if _is_swapped(error):
                raise pooling_error() from error
            if isinstance(error, asyncpg.UndefinedObjectError) and _LOCK_LOST in str(error):
                raise LockNotAcquiredError(
                    "the migration lock was freed during the run, and another session holds it now: nothing "
                    "of the present message was executed",
                    hint="a script or a function that it calls has freed the lock (pg_advisory_unlock with"
                    " its key, or DISCARD ALL); run the same command again once the other runner is done",
                ) from error
            if isinstance(error, TimeoutError) and not self.closed:
                raise DatabaseError(
                    "a message took longer than command_timeout, and was cancelled",
                    hint="raise command_timeout, or set it to 0: statement_timeout is the better limit",
                ) from error
            if isinstance(error, asyncpg.InterfaceError) and _BUSY in str(error):
                if not self.caller_transaction:
                    self.driver.terminate()  # its answer will never be read
                raise ScriptError(
                    "the connection is busy: a script began something on it and has not awaited it",
                    hint="await what `op.connection()` and its methods give; a plain function "
                    "has op.get_bind() and op.run_async()",
                ) from error
            if not (self.closed or is_disconnect(error)):
                raise
            text = str(error) or type(error).__name__
            if isinstance(error, asyncpg.InternalClientError):
                text = "the server sent a message that the driver did not expect"
                if not self.caller_transaction:
                    self.driver.terminate()  # its state does not match the server's
            raise connection_lost(text) from error

    async def check_not_lost(self, error: BaseException) -> None:
        """Look whether the error of a script comes from the loss of this connection.

        A script may have connections of its own: only an error of this one counts.

        Raises:
            ConnectionLostError: this connection is lost.
        """
        cause = driver_error_in(error)
        if cause is None:
            return
        with self._detecting_loss():
            if self.closed:
                raise cause
            if is_disconnect(cause):
                await self.driver.execute("SELECT")  # asyncpg fails on an empty query

    async def send_in_savepoint(self, sql: str) -> None:
        """Send statements inside a savepoint of the open transaction: all of them or none.

        Raises:
            asyncpg.PostgresError: the server refused one; the transaction can be used as before.
        """
        try:
            await self.send(f"SAVEPOINT asyncmig_try;\n{sql}\n;RELEASE SAVEPOINT asyncmig_try")
        except asyncpg.PostgresError:
            await self.send("ROLLBACK TO SAVEPOINT asyncmig_try; RELEASE SAVEPOINT asyncmig_try")
            raise

    @asynccontextmanager
    async def settings(
        self,
        values: Mapping[str, str],
        *,
        role: str | None = None,
        until_close: bool = False,
        keep_role: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> AsyncIterator[None]:
        """Change settings, and restore them on leaving; a transaction of the caller keeps its own.

        The server keeps the old values, in settings of their own, so that no answer has to be read.

        Args:
            values: the new values by the settings' names.
            role: the role of ``SET ROLE``.
            until_close: they may stay on a connection that is closed after the run.
            keep_role: note the session's role, for ``ROLE_OF_RUN``.
            answer_seconds: the time in which the server must have changed them.

        Raises:
            ConnectionLostError: the server has not answered in time.
        """
        if self.caller_transaction or not (values or role or self.guard):
            yield
            return
        self._settings_depth += 1
        kept = {name: f"asyncmig.kept_{self._settings_depth}_{name}" for name in values}
        change = [
            f"set_config('{kept[name]}', pg_catalog.current_setting('{name}'), false),"
            f" pg_catalog.set_config('{name}', {literal(value)}, false)"
            for name, value in values.items()
        ]
        if keep_role:
            change += [
                f"set_config('asyncmig.run_{name}', pg_catalog.current_setting('{name}'), false)"
                for name in ("role", "session_authorization")
            ]
        restore = [
            f"set_config('{name}', pg_catalog.current_setting('{kept[name]}'), false)"
            for name in values
        ]
        set_role, reset_role = (
            ("", "") if role is None else (f"SET ROLE {identifier(role)}", "RESET ROLE")
        )
        async with self.answering(answer_seconds, _changing(values, role)):
            await self.send(f"{self.guard};{set_role};{_select(change)}")
        try:
            yield
        finally:
            self._settings_depth -= 1
            changed = bool(values or role) and not self.closed
            if changed and not (until_close and self.disposable and not self.pooled):
                await self.roll_back()
                await self.clean_up(f"{reset_role};{_select(restore)}")

    def idling(self, answer_seconds: float = ANSWER_SECONDS) -> AbstractAsyncContextManager[None]:
        """While it waits between queries, no ``idle_session_timeout`` of its role ends the session.

        Args:
            answer_seconds: the time in which the server must have set it aside.

        Raises:
            ConnectionLostError: the server has not answered in time.
        """
        return self.settings(
            {"idle_session_timeout": "0"}, until_close=True, answer_seconds=answer_seconds
        )

    @asynccontextmanager
    async def answering(self, seconds: float | None, doing: str) -> AsyncIterator[None]:
        """End what takes longer, and the connection with it: TCP alone notices a partition after a minute.

        Args:
            seconds: the limit; None means no limit.
            doing: what is done meanwhile, for the error: ``reading the version table``.

        Raises:
            ConnectionLostError: the server has not answered in time.
        """
        with move_on_after(seconds) as scope:
            yield
        if scope.cancelled_caught:
            self.driver.terminate()
            raise ConnectionLostError(
                f"the connection is given up: no answer for {seconds:g} s while {doing}",
                hint="is the network partitioned, or is that table locked by another session "
                "(pg_stat_activity)? Run the same command again",
            )

    async def roll_back(self) -> None:
        """End the transaction of this session, if there is one; never fails, never hangs."""
        if self.caller_transaction or self.closed:
            return
        # after a cancellation the driver has not yet received what the server says
        if self.in_transaction or self.interrupted:
            await self.clean_up("ROLLBACK")
            self.interrupted = False

    async def clean_up(self, sql: str) -> None:
        """Send a message on leaving; never fails, never hangs: the connection is dropped instead."""
        if self.closed:
            return
        with CancelScope(shield=True), move_on_after(CLEANUP_SECONDS) as scope:
            try:
                await self.driver.execute(sql)
            except DRIVER_ERRORS:
                self.driver.terminate()
        if scope.cancelled_caught:
            self.driver.terminate()

    def use_sqlalchemy_factory(
        self, make_sqlalchemy: Callable[[], Awaitable[AsyncConnection]]
    ) -> None:
        """Give scripts another SQLAlchemy view of this connection; its creator closes it."""
        self._make_sqlalchemy = make_sqlalchemy

    async def sqlalchemy(self) -> AsyncConnection:
        """The same connection as SQLAlchemy sees it."""
        if self._sqlalchemy is None:
            self._sqlalchemy = await self._make_sqlalchemy()
        return self._sqlalchemy


def connection_lost(text: str) -> ConnectionLostError:
    """The error for a lost connection; ``text`` is what the driver, the server or the network said."""
    return ConnectionLostError(
        f"the connection was lost: {text}",
        hint="the version table and the journal show what is committed; "
        "run the same command again and it continues from there",
    )


def pooling_error() -> PoolingError:
    """The error for a proxy that pools by transaction."""
    return PoolingError(
        "the connection is served by several server processes in turn: a proxy (PgBouncer?) pools by "
        "transaction, and the lock of a session would protect nothing",
        hint=(
            "give migrations a URL of their own, straight to PostgreSQL or to a pool with "
            "pool_mode=session: ASYNCMIG_URL goes before DATABASE_URL"
        ),
    )


def _is_swapped(error: BaseException) -> bool:
    match error:
        case asyncpg.UndefinedObjectError():
            return _ANOTHER_BACKEND in str(error)
        case asyncpg.InvalidSQLStatementNameError():
            # the driver's statement without a name was prepared in another process
            return "unnamed prepared statement" in str(error)
        case _:
            return False


def _select(calls: Sequence[str]) -> str:
    return "SELECT " + ", ".join(f"pg_catalog.{call}" for call in calls) if calls else ""


def _changing(values: Mapping[str, str], role: str | None) -> str:
    """What a change of settings does, for an error."""
    names = ", ".join([*values, *(["role"] if role else [])])
    return f"changing settings ({names})" if names else "checking the server process"
