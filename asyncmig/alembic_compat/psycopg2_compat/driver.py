"""A DBAPI driver on an asyncpg connection that is there already, for SQLAlchemy's greenlet bridge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.util import await_only

from asyncmig.alembic_compat.psycopg2_compat import errors
from asyncmig.alembic_compat.psycopg2_compat.adaptation import merge
from asyncmig.alembic_compat.psycopg2_compat.copying import Copying, reads_or_writes_stream
from asyncmig.alembic_compat.psycopg2_compat.rows import converters
from asyncmig.alembic_compat.psycopg2_compat.script_cursor import ScriptCursor
from asyncmig.database.prepared_statements import note_sent, prepared_statements
from asyncmig.sql.classify import classify
from asyncmig.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Dialect

    from asyncmig.alembic_compat.psycopg2_compat.catalog_queries import CatalogQuery

__all__ = ["DriverConnection", "DriverModule", "StatementCursor", "texts"]

_BATCH = 500_000
"""Characters of one message of ``executemany``."""


class DriverModule:
    """What SQLAlchemy takes for the module of the driver."""

    apilevel = "2.0"
    threadsafety = 0
    paramstyle = "pyformat"
    Warning = Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    @staticmethod
    def Binary(value: Any) -> Any:  # noqa: N802 - PEP 249
        """The value itself."""
        return value


class DriverConnection(AdaptedConnection):
    """The migrating connection as a DBAPI connection.

    Its transactions are not its own: BEGIN and COMMIT are the engine's, so that ``commit`` and
    ``rollback`` do nothing here.

    Args:
        driver: the asyncpg connection.
        dialect: writes literals.
        owner: gives SQLAlchemy's connection, by which cursors of scripts execute.

    Attributes:
        encoding: of the texts on the wire, by the name that psycopg2 gives it.
    """

    __slots__ = ("_owner", "autocommit", "dialect")
    encoding = "UTF8"

    def __init__(
        self, driver: asyncpg.Connection, dialect: Dialect, owner: Callable[[], Connection]
    ) -> None:
        self._connection: Any = driver
        self.dialect = dialect
        self._owner = owner
        self.autocommit = False

    @property
    def closed(self) -> bool:
        """True when the connection is gone."""
        return bool(self._connection.is_closed())

    def owner(self) -> Connection:
        """SQLAlchemy's connection, by which cursors of scripts execute."""
        return self._owner()

    def cursor(
        self, name: Any = None, cursor_factory: Any = None, *_: Any, **__: Any
    ) -> ScriptCursor:
        """A cursor for scripts: what it executes is seen by the engine.

        Of psycopg2's own classes of cursors those count whose rows have names.
        """
        del name  # of a cursor on the server: the rows are all here at once
        return ScriptCursor(self, getattr(cursor_factory, "__name__", ""))

    def statement_cursor(self, copying: Copying | None = None) -> StatementCursor:
        """A cursor for SQLAlchemy."""
        return StatementCursor(self, copying)

    def commit(self) -> None:
        """The engine commits."""

    def rollback(self) -> None:
        """The engine rolls back."""

    def close(self) -> None:
        """The session closes it."""

    def set_session(self, **_: Any) -> None:
        """What psycopg2 sets is the engine's business."""

    def set_isolation_level(self, level: Any) -> None:
        """Remember what was asked for; 0 is psycopg2's autocommit."""
        self.autocommit = level in {0, "AUTOCOMMIT"}


class StatementCursor:
    """Executes at once and keeps all rows.

    Args:
        connection: whose cursor it is.
        copying: the file of the COPY that it will execute.

    Attributes:
        catalog_query: the statement, where it is one that the session prepares once.
    """

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: DriverConnection, copying: Copying | None = None) -> None:
        self.connection = connection
        self.catalog_query: CatalogQuery | None = None
        self._copying = copying
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.query: str | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._next = 0

    def execute(
        self, operation: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> None:
        """Run a text of one or more statements; the rows are those of the last."""
        if self.catalog_query is not None and isinstance(parameters, Mapping):
            text, parameters, values = self.catalog_query.numbered(operation, parameters)
            self.query = merge(text, parameters, self.connection.dialect)
            self._run(self._fetch_prepared, self.query, values)
            return
        text = (
            operation
            if parameters is None
            else merge(operation, parameters, self.connection.dialect)
        )
        self.query = text
        self._run(lambda driver: self._send(driver, text))

    def executemany(self, operation: str, seq_of_parameters: Sequence[Any]) -> None:
        """Run a statement once for each set of parameters, many in one message."""
        batch: list[str] = []
        size = 0
        for parameters in seq_of_parameters:
            text = merge(operation, parameters, self.connection.dialect)
            batch.append(text)
            size += len(text)
            if size > _BATCH:
                self._run(self._send_all, batch)
                batch, size = [], 0
        if batch:
            self._run(self._send_all, batch)

    def _run(self, send: Callable[..., Any], *args: Any) -> None:
        self.description, self._rows, self._next, self.rowcount = None, [], 0, -1
        driver: Any = self.connection.driver_connection
        try:
            await_only(send(driver, *args))
        except (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as error:
            raise errors.translated(error) from error

    async def _send_all(self, driver: Any, batch: Sequence[str]) -> None:
        await driver.execute("\n;\n".join(batch))

    async def _send(self, driver: Any, text: str) -> None:
        note_sent(driver, text)
        if classify(text).verb == "COPY" and reads_or_writes_stream(text):
            if self._copying is None:
                raise errors.ProgrammingError(
                    "COPY FROM STDIN and TO STDOUT need a file: use the copy_expert() method of a cursor"
                )
            self._count(await self._copying.run(driver, text))
            return
        statements = texts(text)
        if not statements:
            raise errors.ProgrammingError("can't execute an empty query")
        last = statements.pop()
        if classify(last).returns_rows:
            if statements:
                await driver.execute("\n;\n".join(statements))
            await self._fetch(driver, last)
        else:
            status = await driver.execute("\n;\n".join([*statements, last]))
            self._count(status)

    async def _fetch(self, driver: Any, query: str) -> None:
        # without a name there is nothing to close on the server afterwards
        await self._read(driver, await driver.prepare(query, name=""))

    async def _fetch_prepared(self, driver: Any, text: str, values: Sequence[Any]) -> None:
        statement = await prepared_statements(driver).get(driver, text)
        await self._read(driver, statement, *values)

    async def _read(self, driver: Any, statement: Any, *values: Any) -> None:
        attributes = statement.get_attributes()
        records = await statement.fetch(*values)
        self.description = [
            (attribute.name, attribute.type.oid, None, None, None, None, None)
            for attribute in attributes
        ] or None
        zone = getattr(driver.get_settings(), "TimeZone", "UTC")
        turn = converters([attribute.type.name for attribute in attributes], zone)
        if turn is None:
            self._rows = [tuple(record) for record in records]
        else:
            self._rows = [
                tuple(
                    value if convert is None or value is None else convert(value)
                    for value, convert in zip(record, turn, strict=True)
                )
                for record in records
            ]
        self._count(statement.get_statusmsg())

    def _count(self, status: str | None) -> None:
        number = (status or "").rpartition(" ")[2]
        self.rowcount = int(number) if number.isdigit() else -1

    # reading

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next rows."""
        begin = self._next
        self._next = min(len(self._rows), begin + (size or self.arraysize))
        return self._rows[begin : self._next]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rest of the rows."""
        begin, self._next = self._next, len(self._rows)
        return self._rows[begin:]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def setinputsizes(self, *_: Any) -> None:
        """Without effect."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []


def texts(sql: str) -> list[str]:
    """The statements of a text, in order."""
    if ";" not in sql:
        return [sql] if sql.strip() else []
    return [statement.text for statement in split(sql)]
