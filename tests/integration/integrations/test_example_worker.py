"""The example worker: it waits for a schema that somebody else brings, then works."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from asyncmig import Migrator
from support.paths import ROOT

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples"
EXPIRED_BOOKING = """
WITH customer AS (
    INSERT INTO boxoffice.customer (email, name) VALUES ('ada@example.org', 'Ada') RETURNING id
), booking AS (
    INSERT INTO boxoffice.booking (customer_id, expires_at)
    SELECT id, now() - interval '1 minute' FROM customer RETURNING id
)
INSERT INTO boxoffice.ticket (booking_id, performance_id, seat_id, price)
SELECT booking.id, performance.id, seat.id, performance.base_price
FROM booking CROSS JOIN boxoffice.performance JOIN boxoffice.seat USING (hall_id)
ORDER BY performance.id, seat.id LIMIT 1
"""

CONNECTED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture
def worker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("worker", EXAMPLES / "worker" / "worker.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_it_waits_for_the_schema_and_then_releases_what_expired(
    worker: Any,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    working = asyncio.create_task(worker.main(pause=0.05))
    migrator = Migrator.from_config(EXAMPLES / "fastapi_service/pyproject.toml", url=database_url)

    await migrator.upgrade("0008")
    assert capsys.readouterr().out == ""
    await migrator.upgrade()
    connection = await asyncpg.connect(database_url)
    await connection.execute(EXPIRED_BOOKING)
    async with asyncio.timeout(20):
        while await connection.fetchval("SELECT released_at FROM boxoffice.ticket") is None:
            await asyncio.sleep(0.05)
    status = await connection.fetchval("SELECT status FROM boxoffice.booking")
    await connection.close()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working

    assert status == "cancelled"
    assert "released: UPDATE 1" in capsys.readouterr().out


async def test_it_ends_on_sigterm_while_it_waits(worker: Any, database_url: str, pg: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        worker.__file__,
        env=os.environ | {"DATABASE_URL": database_url},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            while not await pg.fetchval(CONNECTED):
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, errors) == (0, b"")
