"""arq.

``DATABASE_URL=postgresql://... REDIS_URL=redis://... arq arq_worker.WorkerSettings``
"""

import os
from pathlib import Path
from typing import Any

import asyncpg
from arq.connections import RedisSettings

from asyncmig import Migrator
from asyncmig.integrations.workers import arq_startup

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)


async def add_note(ctx: dict[str, Any], text: str) -> int:
    return await ctx["pool"].fetchval("INSERT INTO notes (text) VALUES ($1) RETURNING id", text)


async def connect(ctx: dict[str, Any]) -> None:
    ctx["pool"] = await asyncpg.create_pool(URL)


async def disconnect(ctx: dict[str, Any]) -> None:
    if "pool" in ctx:  # arq calls this after a failed start, too
        await ctx["pool"].close()


class WorkerSettings:
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    functions = (add_note,)
    on_startup = arq_startup(migrator, mode="upgrade", then=connect)
    on_shutdown = disconnect
