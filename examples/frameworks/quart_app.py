"""Quart.

``DATABASE_URL=postgresql://... hypercorn quart_app:app``
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
from quart import Quart, request

import asyncmig
from asyncmig import Migrator

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)
app = Quart(__name__)


@app.while_serving
async def connections() -> AsyncIterator[None]:
    async with asyncmig.migrated(migrator), asyncpg.create_pool(URL) as app.pool:
        yield


@app.get("/notes")
async def list_notes() -> list[dict[str, Any]]:
    rows = await app.pool.fetch("SELECT id, text FROM notes ORDER BY id")
    return [dict(row) for row in rows]


@app.post("/notes")
async def add_note() -> tuple[dict[str, Any], int]:
    text = (await request.get_json())["text"]
    query = "INSERT INTO notes (text) VALUES ($1) RETURNING id, text"
    return dict(await app.pool.fetchrow(query, text)), 201
