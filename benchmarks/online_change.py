"""A primary key becomes bigint under a steady load: how long do the application's transactions wait?

A table with a key from a sequence, and two tables that refer to it. Eight writers, in a process of their own,
change a row and insert one that refers to it, in one statement: first alone, then while
``op.alter_column_online`` changes the key and the columns that refer to it, and its backfills take all of the
time. The aims: no error, no lost update (the sums of both tables are compared with the number of
transactions), and no wait over 200 ms.

It is part of ``python -m benchmarks``; ``python -m benchmarks.online_change [ROWS]`` measures it alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg

from asyncmig import Migrator
from benchmarks.backfill_load import LIKE_PRODUCTION, WRITERS, figures, writing

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 0.2

TABLES = """\
DROP TABLE IF EXISTS wallet, booking, ceiling;
CREATE TABLE wallet (id serial PRIMARY KEY, balance bigint NOT NULL DEFAULT 0);
INSERT INTO wallet (balance) SELECT 2 FROM generate_series(1, {rows});
CREATE TABLE booking (
    id bigserial PRIMARY KEY, wallet_id int NOT NULL REFERENCES wallet ON DELETE CASCADE, amount int NOT NULL
);
INSERT INTO booking (wallet_id, amount) SELECT i, 1 FROM generate_series(1, {rows}) i, generate_series(1, 2);
CREATE INDEX booking_wallet ON booking (wallet_id);
CREATE TABLE ceiling (wallet_id int PRIMARY KEY REFERENCES wallet ON DELETE CASCADE, most int NOT NULL);
INSERT INTO ceiling SELECT i, 10 FROM generate_series(1, {rows}, 2) i;
ANALYZE wallet, booking, ceiling;
DROP TABLE IF EXISTS alembic_version, asyncmig_journal, asyncmig_backfill, asyncmig_backfill_range,
    asyncmig_backfill_failure"""

WRITE = """\
WITH changed AS (UPDATE wallet SET balance = balance + 1 WHERE id = $1 RETURNING id)
INSERT INTO booking (wallet_id, amount) SELECT id, 1 FROM changed"""

SCRIPT = """\
import sqlalchemy as sa

revision = "one"
down_revision = None


def upgrade(op):
    op.alter_column_online("wallet", "id", type_=sa.BigInteger)
"""

CHECK = """\
SELECT (SELECT sum(balance) FROM wallet) AS balance, (SELECT sum(amount) FROM booking) AS booked,
    (SELECT count(*) FROM pg_attribute
     WHERE attrelid IN ('wallet'::regclass, 'booking'::regclass, 'ceiling'::regclass)
       AND attname IN ('id', 'wallet_id') AND atttypid = 'bigint'::regtype) AS bigints,
    (SELECT extract(epoch FROM finished_at - started_at)::float8 FROM asyncmig_journal
     ORDER BY id DESC LIMIT 1) AS swap"""


async def measure(
    url: str, rows: int, seconds: float, told: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The writers alone for some time, then beside the change.

    Args:
        url: of the database.
        rows: of the table with the key.
        seconds: that the writers are alone.
        told: called with what is measured next.
    """
    with tempfile.TemporaryDirectory(prefix="asyncmig-") as folder:
        (Path(folder) / "versions").mkdir()
        (Path(folder) / "versions" / "one.py").write_text(SCRIPT, encoding="utf-8")
        connection = await asyncpg.connect(url)
        await connection.execute(TABLES.format(rows=rows))
        told("online change, writers alone")
        async with writing(url, rows, WRITE) as alone:
            await anyio.sleep(seconds)
        told("online change, writers beside it")
        await connection.execute("CHECKPOINT")
        async with writing(url, rows, WRITE) as beside:
            began = time.perf_counter()
            migrator = Migrator(url, script_location=Path(folder), backfill_busy_percent=100)
            await migrator.upgrade()
            elapsed = time.perf_counter() - began
        found = await connection.fetchrow(CHECK)
        await connection.close()
    assert found is not None
    done = (
        2 * rows + len(alone) + len(beside) + 2 * WRITERS
    )  # each writer's first statement is not timed
    if (found["balance"], found["booked"], found["bigints"]) != (done, done, 4):
        raise AssertionError(f"{done} is the sum of all transactions, and {dict(found)} was found")
    idle, busy = figures("writers alone", alone), figures("beside a change of the key", beside)
    busy |= {
        "seconds": elapsed,
        "swap": found["swap"],
        "of_idle": busy["p99"] / idle["p99"],
        "met": busy["longest"] <= LONGEST,
    }
    return [idle, busy]


def table(found: list[dict[str, Any]]) -> str:
    """The waits as text."""
    lines = [f"{f'online, {WRITERS} writers':28} {'p50':>9} {'p99':>9} {'longest':>9} {'count':>9}"]
    for one in found:
        more = (
            f"  {one['seconds']:.0f} s, swap {one['swap'] * 1000:.0f} ms" if "swap" in one else ""
        )
        missed = "" if one.get("met", True) else "  missed"
        lines.append(
            f"{one['name']:28} {one['p50'] * 1000:6.1f} ms {one['p99'] * 1000:6.1f} ms"
            f" {one['longest'] * 1000:6.1f} ms {one['transactions']:9,}{more}{missed}"
        )
    return "\n".join(lines)


async def private(rows: int) -> list[dict[str, Any]]:
    """Measure on a private server that is as durable as one in production."""
    from asyncmig import embedded

    async with embedded.server(settings=LIKE_PRODUCTION) as server:
        return await measure(server.url, rows, 10.0, lambda what: print(what, file=sys.stderr))


if __name__ == "__main__":
    waits = anyio.run(private, int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
    print(table(waits))
    print(json.dumps({"online_change": waits}, indent=1))
