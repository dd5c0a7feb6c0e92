"""Migrations at the start of an ASGI application.

``lifespan`` is for frameworks that take a lifespan (FastAPI, Starlette, Litestar and others);
``LifespanMiddleware`` is for applications without one.
"""

from __future__ import annotations

import inspect
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from asyncmig.errors import AsyncmigError
from asyncmig.integrations.startup import DEFAULT_TIMEOUT, Startup, shortened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from asyncmig.integrations.startup import MigratorSource, Mode

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["Lifespan", "LifespanMiddleware", "lifespan"]

AppT = TypeVar("AppT")
StateT = TypeVar("StateT")

_log = logging.getLogger("asyncmig.startup")


@dataclass(frozen=True, slots=True)
class Lifespan(Generic[AppT, StateT]):
    """Called with the application, returns the context in which it is served."""

    startup: Startup
    then: Callable[[AppT], AbstractAsyncContextManager[StateT]] | None = None

    def __call__(self, app: AppT) -> AbstractAsyncContextManager[StateT]:
        """The context: migrations first, then the application's own lifespan and its state."""
        return _Serving(self, app)


class _Serving(Generic[AppT, StateT]):
    """The context of one start; a class, since each frame of a generator would be in a traceback."""

    def __init__(self, lifespan: Lifespan[AppT, StateT], app: AppT) -> None:
        self._lifespan = lifespan
        self._app = app
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Any:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._lifespan.startup.serving())
            except AsyncmigError as error:
                raise shortened(error) from None
            then = self._lifespan.then
            state = None if then is None else await stack.enter_async_context(then(self._app))
            self._stack = stack.pop_all()
            return state

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)


@overload
def lifespan(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    then: None = None,
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
    backfills: bool = False,
) -> Lifespan[Any, None]: ...


@overload
def lifespan(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    then: Callable[[AppT], AbstractAsyncContextManager[StateT]],
    timeout: float | None = DEFAULT_TIMEOUT,
    backfills: bool = False,
) -> Lifespan[AppT, StateT]: ...


@overload
def lifespan(
    migrator: MigratorSource,
    mode: Mode,
    then: Callable[[AppT], AbstractAsyncContextManager[StateT]],
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
    backfills: bool = False,
) -> Lifespan[AppT, StateT]: ...


def lifespan(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    then: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
    backfills: bool = False,
) -> Lifespan[Any, Any]:
    """Migrate before the application serves its first request.

    An error ends the start: the server logs message and hint, and exits. A database that is ahead of the
    code, for example after a rolled-back deployment, is not an error. No connection is kept while the
    application serves, unless a backfill runs.

    Args:
        migrator: a ``Migrator``, or a function that returns one.
        mode: ``upgrade`` (run pending revisions, or wait for the replica that runs them), ``wait`` (until
            another process has migrated), ``check`` (fail if revisions are pending), ``off``.
        then: the existing lifespan of the application; it is entered after the migrations, exited at the
            end, and its state is the application's.
        timeout: seconds for ``wait``; None waits forever.
        backfills: run deferred backfills in a task while the application serves; a job that is interrupted
            by the end of the service continues with its next start.

    Raises:
        ConfigError: there is no such mode.

    Example::

        app = FastAPI(lifespan=asyncmig.lifespan(migrator, mode="upgrade"))
    """
    if then is not None and inspect.isasyncgenfunction(then):
        then = asynccontextmanager(then)  # Starlette accepted undecorated generators
    startup = Startup(migrator=migrator, mode=mode, timeout=timeout, backfills=backfills)
    return Lifespan(startup, then)


class LifespanMiddleware:
    """Migrates on the server's startup event, before the application receives it.

    The application may support the lifespan protocol or not. A failure is reported to the server in one
    line, with its hint, and the server exits.

    Args:
        app: the application.
        migrator: a ``Migrator``, or a function that returns one.
        mode: as for ``lifespan``.
        timeout: seconds for ``wait``.

    Example::

        application = LifespanMiddleware(get_asgi_application(), migrator, mode="wait")
    """

    def __init__(
        self,
        app: ASGIApp,
        migrator: MigratorSource,
        mode: Mode = "upgrade",
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> None:
        self._app = app
        self._startup = Startup(migrator=migrator, mode=mode, timeout=timeout)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        announcement = await receive()
        try:
            await self._startup.run()
        except AsyncmigError as error:
            text = "\n".join([f"asyncmig: {error}", *getattr(error, "__notes__", ())])
            await send({"type": "lifespan.startup.failed", "message": text})
            return
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"asyncmig: {error!r}"})
            raise
        await _LifespanProtocol(self._app, announcement, receive, send).run(scope)


class _LifespanProtocol:
    """The application's part in the protocol, or a replacement if it has none."""

    def __init__(self, app: ASGIApp, announcement: Message, receive: Receive, send: Send) -> None:
        self._app = app
        self._announcement: Message | None = announcement
        self._receive = receive
        self._send = send
        self._answered = False

    async def run(self, scope: Scope) -> None:
        try:
            await self._app(scope, self._replay, self._note)
        except Exception as error:
            if self._answered:
                raise
            # by the protocol an application that raises before it answers has no lifespan
            _log.info("the application has no lifespan of its own: %r", error)
        if not self._answered:
            await self._send({"type": "lifespan.startup.complete"})
            await self._receive()
            await self._send({"type": "lifespan.shutdown.complete"})

    async def _replay(self) -> Message:
        announcement, self._announcement = self._announcement, None
        return await self._receive() if announcement is None else announcement

    async def _note(self, message: Message) -> None:
        self._answered = True
        await self._send(message)
