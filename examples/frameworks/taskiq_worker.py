"""taskiq, with the broker of ZeroMQ, which needs no server; the others have the same events.

``DATABASE_URL=postgresql://... QUEUE_URL=tcp://127.0.0.1:5555 taskiq worker taskiq_worker:broker``

Each worker process runs the hook: one of them migrates, the others wait for it.
"""

import os
from pathlib import Path
from typing import Annotated

import asyncpg
from taskiq import Context, TaskiqDepends, TaskiqEvents, TaskiqState
from taskiq.brokers.zmq_broker import ZeroMQBroker

from asyncmig import Migrator
from asyncmig.integrations.workers import taskiq_startup

URL = os.environ["DATABASE_URL"]
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)
broker = ZeroMQBroker(zmq_sub_host=os.environ["QUEUE_URL"])
# Handlers run in the order in which they are added: the pool connects to a migrated database.
broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, taskiq_startup(migrator, mode="upgrade"))


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def connect(state: TaskiqState) -> None:
    state.pool = await asyncpg.create_pool(URL)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def disconnect(state: TaskiqState) -> None:
    await state.pool.close()


@broker.task(task_name="add_note")
async def add_note(text: str, context: Annotated[Context, TaskiqDepends()]) -> None:
    await context.state.pool.execute("INSERT INTO notes (text) VALUES ($1)", text)
