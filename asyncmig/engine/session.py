"""One migrating connection: messages out, rows in, and the SQLAlchemy view that scripts get.

Everything static travels by asyncpg's simple-query ``execute``, which may carry many statements and
leaves no snapshot behind (an idle transaction that fetched rows holds ``backend_xmin`` and makes
CREATE INDEX CONCURRENTLY wait for it). BEGIN and COMMIT are ours, as text. SQLAlchemy comes in only
when a script asks for its connection, and then in its autocommit mode, so that it never begins or
ends a transaction of its own: a script's ``commit()`` does not end ours.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg

from asyncmig.engine.failures import is_disconnect
from asyncmig.errors import ConnectionLostError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["CLEANUP_SECONDS", "Session"]

CLEANUP_SECONDS = 5.0
"""How long leaving a connection may take before it is dropped."""


class Session:
    """A connection that is ours for the time of a run.

    Args:
        driver: the asyncpg connection.
        make_sqlalchemy: gives the SQLAlchemy view of the same connection, once.
        caller_transaction: the caller's transaction is open on it: no BEGIN or COMMIT is ours to
            send, and what must run outside a transaction is refused.
        disposable: it is closed after the run, so that nothing needs to be put back.
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
        self._make_sqlalchemy = make_sqlalchemy
        self._sqlalchemy: AsyncConnection | None = None

    @property
    def in_transaction(self) -> bool:
        """What the server said last."""
        return bool(self.driver.is_in_transaction())

    @property
    def closed(self) -> bool:
        """True when the connection is gone."""
        return bool(self.driver.is_closed())

    @property
    def server_version(self) -> int:
        """The major version."""
        return int(self.driver.get_server_version().major)

    async def send(self, sql: str) -> None:
        """Send one simple-query message; it may hold many statements and transactions.

        Raises:
            asyncpg.PostgresError: the server refused it.
            ConnectionLostError: nobody knows whether it ran.
        """
        with self._noticing_loss():
            await self.driver.execute(sql)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run one query and return its rows; raises as ``send``."""
        with self._noticing_loss():
            rows: list[asyncpg.Record] = await self.driver.fetch(query, *args)
            return rows

    async def copy_in(self, statement: str, data: str) -> None:
        """Run ``COPY ... FROM STDIN`` with its data; raises as ``send``.

        asyncpg's public COPY methods build a statement of their own; the one written in the script is
        to run as it stands, so the method beneath them is called.
        """
        with self._noticing_loss():
            await self.driver._copy_in(statement, io.BytesIO(data.encode()), None)  # noqa: SLF001

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if not (self.closed or is_disconnect(error)):
                raise
            raise ConnectionLostError(
                f"the connection was lost: {str(error) or type(error).__name__}",
                hint=(
                    "the version table and the journal tell what stands; "
                    "run the same command again and it goes on from there"
                ),
            ) from error

    async def roll_back(self) -> None:
        """End a transaction of ours, if there is one; never fails, never hangs."""
        if self.caller_transaction or self.closed:
            return
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS) as scope:
            try:
                if self.in_transaction:
                    await self.driver.execute("ROLLBACK")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                self.driver.terminate()
        if scope.cancelled_caught:
            self.driver.terminate()

    async def sqlalchemy(self) -> AsyncConnection:
        """The same connection as SQLAlchemy sees it."""
        if self._sqlalchemy is None:
            self._sqlalchemy = await self._make_sqlalchemy()
        return self._sqlalchemy
