"""A DBAPI connection with psycopg2's habits on an asyncpg connection in another thread's event loop.

It is what engines of an ``env.py`` connect with: SQLAlchemy's pools, events and transactions work on it as
on psycopg2's. Where it is awaited is the business of ``LoopThread.wait``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from asyncmig.alembic_compat.psycopg2_compat import errors
from asyncmig.alembic_compat.psycopg2_compat.adaptation import merge
from asyncmig.alembic_compat.psycopg2_compat.composed import text_of
from asyncmig.alembic_compat.psycopg2_compat.copying import Copying, TableCopies
from asyncmig.alembic_compat.psycopg2_compat.driver import DriverConnection, StatementCursor
from asyncmig.alembic_compat.psycopg2_compat.named_rows import row_maker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    import asyncpg

    from asyncmig.alembic_compat.env_script.statements import StatementLog
    from asyncmig.alembic_compat.env_script.thread import LoopThread

__all__ = ["EnvConnection", "EnvCursor"]

_ISOLATION = {1: "READ COMMITTED", 2: "REPEATABLE READ", 3: "SERIALIZABLE", 4: "READ UNCOMMITTED"}
"""psycopg2's constants."""


_SCHEMA = re.compile(r"search_path|SCHEMA|set_config|\brole\b", re.IGNORECASE)
"""What may change the current schema."""


class EnvConnection(DriverConnection):
    """One connection of an ``env.py``.

    Args:
        driver: the asyncpg connection.
        dialect: writes literals.
        thread: whose loop the driver lives in.
        log: of what is executed.
        arguments: what asyncpg connected with.
        observer: gives a second connection that only looks; None connects with the arguments.

    Attributes:
        in_use: the runner has the connection: commit and rollback of SQLAlchemy's are not for the server.
    """

    __slots__ = (
        *("_autocommit", "arguments", "isolation", "log", "notices", "observer", "readonly"),
        "thread",
    )

    def __init__(
        self,
        driver: asyncpg.Connection,
        dialect: Any,
        thread: LoopThread,
        log: StatementLog,
        arguments: Mapping[str, Any],
        observer: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        self._autocommit = False
        super().__init__(driver, dialect, self._no_owner)
        self.thread = thread
        self.log = log
        self.arguments = arguments
        self.observer = observer
        self.isolation: str | None = None
        self.readonly: bool | None = None
        self.notices: list[str] = []
        driver.add_log_listener(self._noticed)

    def _no_owner(self) -> Any:
        raise errors.InterfaceError("this connection belongs to env.py, not to a script")

    def _noticed(self, _driver: Any, message: Any) -> None:
        self.notices.append(f"{message.severity}:  {message.message}\n")

    # transactions

    @property
    def autocommit(self) -> bool:
        """Whether each statement commits by itself."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._autocommit = bool(value)

    @property
    def server_in_transaction(self) -> bool:
        """What the server said last."""
        return bool(self._connection.is_in_transaction())

    def begin(self) -> None:
        """Begin a transaction on the server, unless one is open or each statement commits."""
        self.thread.wait(self.begun)

    async def begun(self) -> None:
        """``begin``, awaited in the driver's loop."""
        driver = self._connection
        if self._autocommit or driver.is_in_transaction():
            return
        level = f" ISOLATION LEVEL {self.isolation}" if self.isolation else ""
        access = {True: " READ ONLY", False: " READ WRITE", None: ""}[self.readonly]
        await driver.execute(f"BEGIN{level}{access}")

    def commit(self) -> None:
        """End the transaction."""
        self._end("COMMIT")
        self.log.committed(self)

    def rollback(self) -> None:
        """End the transaction, and undo it."""
        self._end("ROLLBACK")
        self.log.rolled_back(self)

    def _end(self, command: str) -> None:
        driver = self._connection
        if self.thread.cancelled or driver.is_closed() or not driver.is_in_transaction():
            return
        self.wait(lambda: driver.execute(command))

    def close(self) -> None:
        """Close it."""
        driver = self._connection
        if not self.thread.cancelled and not driver.is_closed():
            self.thread.wait(lambda: _closed(driver))

    def terminate(self) -> None:
        """Close it at once."""
        if not self._connection.is_closed():
            self.thread.loop.call_soon_threadsafe(self._connection.terminate)

    def cancel(self) -> None:
        """psycopg2's: nothing runs while Python code does."""

    def reset(self) -> None:
        """Roll back, and forget the session's settings."""
        self.rollback()
        self.wait(lambda: self._connection.execute("RESET ALL"))

    def wait(self, make: Callable[[], Any]) -> Any:
        """Await something of the driver's; its errors are those of a DBAPI driver."""
        from asyncmig.database.server_errors import DRIVER_ERRORS

        try:
            return self.thread.wait(make)
        except DRIVER_ERRORS as error:
            raise errors.translated(error) from error

    # cursors

    def cursor(  # type: ignore[override]  # this connection has no owner to execute by
        self, name: Any = None, cursor_factory: Any = None, *_: Any, **__: Any
    ) -> EnvCursor:
        """A cursor; of psycopg2's own classes those count whose rows have names."""
        del name
        return EnvCursor(self, factory=getattr(cursor_factory, "__name__", ""))

    def statement_cursor(self, copying: Copying | None = None) -> EnvCursor:
        """A cursor for SQLAlchemy."""
        return EnvCursor(self, copying)

    def execute(self, operation: Any, parameters: Any = None) -> EnvCursor:
        """A shortcut of psycopg: a new cursor that has executed this."""
        cursor = self.cursor()
        cursor.execute(operation, parameters)
        return cursor

    # what psycopg2 tells of a connection

    @property
    def server_version(self) -> int:
        """As libpq counts: 150004."""
        version = self._connection.get_server_version()
        return int(version.major * 10000 + version.minor)

    @property
    def isolation_level(self) -> str | None:
        """What was asked for."""
        return self.isolation

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the server."""
        found = self._connection.get_server_version()
        return (found.major, found.minor)

    @property
    def is_gone(self) -> bool:
        """True when nothing can be executed any more."""
        return self.thread.cancelled or bool(self._connection.is_closed())

    def ping(self) -> None:
        """One round trip."""
        self.wait(lambda: self._connection.execute("SELECT"))

    def get_backend_pid(self) -> int:
        """The process of the server."""
        return int(self._connection.get_server_pid())

    def get_parameter_status(self, parameter: str) -> str | None:
        """A setting that the server reports."""
        value = getattr(self._connection.get_settings(), parameter, None)
        return None if value is None else str(value)

    def set_client_encoding(self, encoding: str) -> None:
        """Text is text here; the wire speaks UTF-8."""

    def set_isolation_level(self, level: Any) -> None:
        """By psycopg2's number or SQL's name; 0 commits each statement."""
        self._autocommit = level in {0, "AUTOCOMMIT"}
        if not self._autocommit:
            self.isolation = _ISOLATION.get(level, level)

    def set_session(  # type: ignore[override]  # psycopg2's arguments
        self,
        isolation_level: Any = None,
        readonly: bool | None = None,
        deferrable: bool | None = None,
        autocommit: bool | None = None,
    ) -> None:
        """psycopg2's.

        Raises:
            NotSupportedError: ``deferrable``.
        """
        if deferrable:
            raise errors.NotSupportedError("asyncmig has no deferrable sessions")
        if isolation_level is not None:
            self.set_isolation_level(isolation_level)
        if readonly is not None:
            self.readonly = readonly
        if autocommit is not None:
            self._autocommit = autocommit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()


class EnvCursor(TableCopies, StatementCursor):
    """Executes in the driver's loop, and keeps all rows."""

    connection: EnvConnection

    def __init__(
        self, connection: EnvConnection, copying: Copying | None = None, *, factory: str = ""
    ) -> None:
        super().__init__(connection, copying)
        self.closed = False
        self._factory = factory
        self.itersize = 2000

    def execute(
        self, operation: Any, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> None:
        """Run a text of one or more statements: a string, bytes or an object of ``psycopg2.sql``."""
        text = text_of(operation, self.connection.dialect)
        if parameters is not None:
            text = merge(text, parameters, self.connection.dialect)
        self._send_text(text)

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        """Run a statement once for each set of parameters."""
        super().executemany(text_of(operation, self.connection.dialect), seq_of_parameters)

    def _send_text(self, text: str) -> None:
        self.query = text
        if _SCHEMA.search(text):
            dialect: Any = self.connection.dialect
            dialect.read_default_schema()
        kept = self.connection.log.filtered(self.connection, text)
        if kept is None:
            self.description, self._rows, self._next, self.rowcount = None, [], 0, 0
            return
        self._run(lambda driver: self._send(driver, kept))

    def _run(self, send: Callable[..., Any], *args: Any) -> None:
        self._clear()
        connection = self.connection
        driver: Any = connection.driver_connection

        async def sent() -> None:
            await connection.begun()
            await send(driver, *args)

        connection.wait(sent)
        if self._factory and self.description:
            make = row_maker(self._factory, [column[0] for column in self.description])
            self._rows = [make(row) for row in self._rows]

    def _clear(self) -> None:
        self.description, self._rows, self._next, self.rowcount = None, [], 0, -1

    async def _send_all(self, driver: Any, batch: Sequence[str]) -> None:
        kept = [
            text
            for each in batch
            if (text := self.connection.log.filtered(self.connection, each)) is not None
        ]
        if kept:
            await super()._send_all(driver, kept)

    async def _async_soft_close(self) -> None:
        """What SQLAlchemy's asyncio layer calls at the end of a result: all rows are here already."""

    def mogrify(self, operation: Any, parameters: Any = None) -> bytes:
        """The text that would be sent."""
        text = text_of(operation, self.connection.dialect)
        if parameters is not None:
            text = merge(text, parameters, self.connection.dialect)
        return text.encode()

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Run a ``COPY ... FROM STDIN`` or ``TO STDOUT`` with a file."""
        del size
        self._copying = Copying(file)
        try:
            self._send_text(text_of(sql, self.connection.dialect).rstrip().rstrip(";"))
        finally:
            self._copying = None

    def close(self) -> None:
        """Forget the rows."""
        super().close()
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return super().__iter__()


async def _closed(driver: Any) -> None:
    """Close a connection of asyncpg's; never fails, never hangs."""
    try:
        await driver.close(timeout=5.0)
    except Exception:  # noqa: BLE001 - it is to be gone, in whatever state it is
        driver.terminate()
