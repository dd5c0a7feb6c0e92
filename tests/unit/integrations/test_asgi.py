"""The lifespan: alone, around another one, under the frameworks that take one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette

import asyncmig
from asyncmig.errors import ConfigError, NotCurrentError, StatementFailedError
from asyncmig.integrations.asgi import LifespanMiddleware, lifespan
from support.fake_migrator import FakeMigrator, Server

FRAMEWORKS = pytest.mark.parametrize("framework", [FastAPI, Starlette])


def test_it_is_a_public_name():
    assert asyncmig.lifespan is lifespan


def test_an_unknown_mode_is_refused_when_the_application_is_made():
    with pytest.raises(ConfigError):
        lifespan(FakeMigrator(), mode="migrate")


class TestLifespan:
    @FRAMEWORKS
    async def test_the_database_is_migrated_before_the_server_is_told_to_serve(self, framework):
        gate = asyncio.Event()
        migrator = FakeMigrator(gate=gate)
        server = Server(framework(lifespan=lifespan(migrator)))
        starting = asyncio.create_task(server.start())
        await asyncio.sleep(0.01)
        assert migrator.calls == ["upgrade"]
        assert not starting.done()
        gate.set()
        assert (await starting)["type"] == "lifespan.startup.complete"
        assert (await server.stop())["type"] == "lifespan.shutdown.complete"

    @FRAMEWORKS
    async def test_an_existing_lifespan_runs_inside_and_keeps_its_state(self, framework):
        log = []
        migrator = FakeMigrator()

        @asynccontextmanager
        async def own(app):
            log.append(("started", app, list(migrator.calls)))
            yield {"pool": 42}
            log.append("stopped")

        app = framework(lifespan=lifespan(migrator, then=own))
        async with Server(app).serving() as server:
            assert server.state == {"pool": 42}
            assert log == [("started", app, ["upgrade"])]
        assert log[1:] == ["stopped"]

    async def test_an_undecorated_generator_will_do(self):
        async def own(app):
            yield {"app": app}

        app = Starlette(lifespan=lifespan(FakeMigrator(), "upgrade", own))
        async with Server(app).serving() as server:
            assert server.state == {"app": app}

    async def test_routers_of_fastapi_keep_their_lifespans(self):
        log = []

        @asynccontextmanager
        async def own(app):
            log.append("router")
            yield {"router": True}

        app = FastAPI(lifespan=lifespan(FakeMigrator()))
        app.include_router(APIRouter(lifespan=own))
        async with Server(app).serving() as server:
            assert server.state == {"router": True}
        assert log == ["router"]

    async def test_an_application_may_start_again(self):
        migrator = FakeMigrator()
        app = Starlette(lifespan=lifespan(migrator, mode="check"))
        for _ in range(2):
            async with Server(app).serving():
                pass
        assert migrator.calls == ["status", "status"]

    async def test_a_failure_reaches_the_server_with_its_hint_and_nothing_starts(self):
        log = []

        @asynccontextmanager
        async def own(app):
            log.append("started")
            yield

        error = StatementFailedError("the statement failed", hint="mend the script")
        app = Starlette(lifespan=lifespan(FakeMigrator(fails=error), then=own))
        server = Server(app)
        answer = await server.start()
        assert answer["type"] == "lifespan.startup.failed"
        assert "the statement failed\nhint: mend the script" in answer["message"]
        assert await server.end() is error
        assert log == []

    async def test_what_the_application_raises_is_its_own(self):
        @asynccontextmanager
        async def own(app):
            raise ZeroDivisionError
            yield

        server = Server(Starlette(lifespan=lifespan(FakeMigrator(), then=own)))
        assert (await server.start())["type"] == "lifespan.startup.failed"
        assert isinstance(await server.end(), ZeroDivisionError)

    async def test_cancelled_while_it_starts_it_leaves_nothing_behind(self):
        before = asyncio.all_tasks()
        migrator = FakeMigrator(gate=asyncio.Event())
        server = Server(Starlette(lifespan=lifespan(migrator)))
        starting = asyncio.create_task(server.start())
        await asyncio.sleep(0.01)
        server.task.cancel()
        starting.cancel()
        await asyncio.gather(server.task, starting, return_exceptions=True)
        assert migrator.calls == ["upgrade", "cancelled"]
        assert asyncio.all_tasks() == before


class PlainApp:
    """An application by hand; ``life`` is what it makes of the lifespan."""

    def __init__(self, life):
        self.life = life
        self.scopes = []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope["type"])
        if scope["type"] == "lifespan":
            await self.life(receive, send)
        else:
            await send({"type": "http.response.start", "status": 200})


async def ignorant(receive, send):
    raise ValueError("only HTTP here")


async def silent(receive, send):
    await receive()


async def knowing(receive, send):
    for word in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{word}"
        await send({"type": f"lifespan.{word}.complete"})


class TestMiddleware:
    @pytest.mark.parametrize("life", [ignorant, silent, knowing])
    async def test_it_migrates_whatever_the_application_makes_of_the_lifespan(self, life):
        migrator = FakeMigrator()
        app = PlainApp(life)
        async with Server(LifespanMiddleware(app, migrator, mode="wait", timeout=3)).serving():
            assert migrator.calls == [("wait", 3)]
        assert app.scopes == ["lifespan"]

    async def test_requests_pass_through(self):
        migrator = FakeMigrator()
        sent = []

        async def send(message):
            sent.append(message["type"])

        await LifespanMiddleware(PlainApp(ignorant), migrator)({"type": "http"}, None, send)
        assert sent == ["http.response.start"]
        assert migrator.calls == []

    async def test_a_failure_is_told_in_words_and_the_application_hears_nothing(self):
        error = NotCurrentError("the database is behind", hint="run `asyncmig upgrade`")
        app = PlainApp(knowing)
        server = Server(LifespanMiddleware(app, FakeMigrator(fails=error)))
        assert await server.start() == {
            "type": "lifespan.startup.failed",
            "message": "asyncmig: the database is behind\nhint: run `asyncmig upgrade`",
        }
        assert await server.end() is None
        assert app.scopes == []

    async def test_a_failure_that_is_not_ours_keeps_its_traceback(self):
        server = Server(
            LifespanMiddleware(PlainApp(knowing), FakeMigrator(fails=ZeroDivisionError("zero")))
        )
        assert (await server.start())["message"] == "asyncmig: ZeroDivisionError('zero')"
        assert isinstance(await server.end(), ZeroDivisionError)

    async def test_an_application_that_fails_while_it_serves_is_heard(self):
        async def failing(receive, send):
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            raise ZeroDivisionError

        server = Server(LifespanMiddleware(PlainApp(failing), FakeMigrator()))
        await server.start()
        await server.orders.put({"type": "lifespan.shutdown"})
        assert isinstance(await server.end(), ZeroDivisionError)
        assert server.sent.empty()
