"""A migrator without a database, and a server that speaks only the lifespan protocol."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any

from asyncmig.results import RunResult, Status


class FakeMigrator:
    """Notes what was asked of it; ``fails`` is raised, ``gate`` waited for."""

    def __init__(self, state="current", *, fails=None, gate=None, **facts):
        self.calls: list[object] = []
        self.fails = fails
        self.gate = gate
        self.answer = Status(state=state, current=("a1",), heads=("b2",), **facts)

    async def _do(self, call):
        self.calls.append(call)
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.calls.append("cancelled")
                raise
        if self.fails is not None:
            raise self.fails

    async def upgrade(self) -> RunResult:
        await self._do("upgrade")
        return RunResult(direction="upgrade", target="heads", before=(), after=("b2",))

    async def wait_until_current(self, timeout: float | None = None) -> Status:
        await self._do(("wait", timeout))
        return self.answer

    async def status(self) -> Status:
        await self._do("status")
        return self.answer


class Server:
    """An ASGI server at the start and the end of its life."""

    def __init__(self, app):
        self.app = app
        self.state: dict[str, Any] = {}
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Any]:
        """Announce the start; gives the application's answer."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        self.task = asyncio.create_task(self.app(scope, self.orders.get, self.sent.put))
        await self.orders.put({"type": "lifespan.startup"})
        return await self.answer()

    async def stop(self) -> dict[str, Any]:
        await self.orders.put({"type": "lifespan.shutdown"})
        answer = await self.answer()
        await self.task
        return answer

    async def answer(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.sent.get()

    async def end(self) -> BaseException | None:
        """How the application's task ended."""
        return (await asyncio.gather(self.task, return_exceptions=True))[0]

    @asynccontextmanager
    async def serving(self):
        assert (await self.start())["type"] == "lifespan.startup.complete"
        yield self
        assert (await self.stop())["type"] == "lifespan.shutdown.complete"
