"""Starlette.

``DATABASE_URL=postgresql://... uvicorn starlette_app:app``
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import asyncmig
from asyncmig import Migrator

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)


@asynccontextmanager
async def connections(_: Starlette) -> AsyncIterator[dict[str, asyncpg.Pool]]:
    async with asyncpg.create_pool(URL) as pool:
        yield {"pool": pool}


async def list_notes(request: Request) -> JSONResponse:
    rows = await request.state.pool.fetch("SELECT id, text FROM notes ORDER BY id")
    return JSONResponse([dict(row) for row in rows])


async def add_note(request: Request) -> JSONResponse:
    text = (await request.json())["text"]
    query = "INSERT INTO notes (text) VALUES ($1) RETURNING id, text"
    return JSONResponse(dict(await request.state.pool.fetchrow(query, text)), status_code=201)


app = Starlette(
    routes=[
        Route("/notes", list_notes, methods=["GET"]),
        Route("/notes", add_note, methods=["POST"]),
    ],
    lifespan=asyncmig.lifespan(migrator, mode="upgrade", then=connections),
)
