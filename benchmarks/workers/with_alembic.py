"""Alembic in process: ``command.upgrade`` as often as asked, each time with a new ``Config``."""

from __future__ import annotations

import importlib
import json
import sys
import time

from alembic import command
from alembic.config import Config

order = json.loads(sys.argv[1])
importlib.import_module("sqlalchemy.ext.asyncio")
importlib.import_module(f"sqlalchemy.dialects.postgresql.{order['driver']}")
importlib.import_module(order["driver"])

took = []
for _ in range(order["calls"]):
    begun = time.perf_counter()
    config = Config(order["ini"])
    config.set_main_option("sqlalchemy.url", order["url"].replace("%", "%%"))
    command.upgrade(config, "head")
    took.append(time.perf_counter() - begun)
print(json.dumps(took))
