"""Litestar.

``DATABASE_URL=postgresql://... uvicorn litestar_app:app``
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from litestar import Litestar, get, post
from litestar.datastructures import State

import asyncmig
from asyncmig import Migrator

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)


@asynccontextmanager
async def connections(app: Litestar) -> AsyncIterator[None]:
    async with asyncpg.create_pool(URL) as app.state.pool:
        yield


@get("/notes")
async def list_notes(state: State) -> list[dict[str, Any]]:
    rows = await state.pool.fetch("SELECT id, text FROM notes ORDER BY id")
    return [dict(row) for row in rows]


@post("/notes")
async def add_note(data: dict[str, str], state: State) -> dict[str, Any]:
    query = "INSERT INTO notes (text) VALUES ($1) RETURNING id, text"
    return dict(await state.pool.fetchrow(query, data["text"]))


# Litestar enters the contexts in this order: the pool connects to a migrated database.
app = Litestar([list_notes, add_note], lifespan=[asyncmig.lifespan(migrator), connections])
