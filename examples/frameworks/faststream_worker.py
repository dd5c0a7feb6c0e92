"""FastStream.

``DATABASE_URL=postgresql://... REDIS_URL=redis://... faststream run faststream_worker:app``
"""

import os
from pathlib import Path

import asyncpg
from faststream import ContextRepo, FastStream
from faststream.redis import RedisBroker

from asyncmig import Migrator
from asyncmig.integrations.workers import faststream_startup

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)
broker = RedisBroker(os.environ["REDIS_URL"])
app = FastStream(broker, on_startup=[faststream_startup(migrator, mode="upgrade")])


@app.on_startup
async def connect(context: ContextRepo) -> None:
    context.set_global("pool", await asyncpg.create_pool(URL))


@app.on_shutdown
async def disconnect(context: ContextRepo) -> None:
    await context.get("pool").close()


@broker.subscriber(list="notes")
async def add_note(text: str, context: ContextRepo) -> None:
    await context.get("pool").execute("INSERT INTO notes (text) VALUES ($1)", text)
