"""Schema changes on a table of 1,000,000 rows while 8 writers use it: plain, safe, and plain in Alembic.

For each change the table is a fresh copy. The writers send short transactions to it before, during and after
the change; what is reported is how long those took that ran while the change did, or waited for it.

    python -m benchmarks.rewrite_load                       # on a private server; prints a table
    python -m benchmarks.rewrite_load --rows 20000 --json load.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import random
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig import embedded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

WRITERS = 8
PAUSE = 0.005
"""Seconds between two transactions of a writer."""

TEMPLATE = "rewrite_load"

SETUP = """\
CREATE TABLE owner (id int PRIMARY KEY);
INSERT INTO owner SELECT i FROM generate_series(1, 1000) AS i;
CREATE TABLE account (id int, email text, balance int, owner_id int);
INSERT INTO account SELECT i, 'user' || i || '@example.org', 0, i % 1000 + 1
    FROM generate_series(1, {rows}) AS i;
CREATE INDEX account_id_idx ON account (id);
CREATE INDEX account_email_idx ON account (email);
CREATE TABLE event (id int, day int) PARTITION BY RANGE (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
CREATE TABLE event_2 (id int, day int);
INSERT INTO event_1 SELECT i, i % 100 FROM generate_series(1, {rows}) AS i;
INSERT INTO event_2 SELECT i, 100 + i % 100 FROM generate_series(1, {rows}) AS i;
CREATE INDEX event_1_id ON event_1 (id);
CREATE INDEX event_2_id ON event_2 (id);
CREATE MATERIALIZED VIEW total AS SELECT owner_id, sum(balance) AS sum FROM account GROUP BY owner_id;
CREATE UNIQUE INDEX total_owner ON total (owner_id)"""

WRITE_ACCOUNT = "UPDATE account SET balance = balance + 1 WHERE id = {row}"
WRITE_EVENT = "UPDATE {table} SET id = id WHERE id = {row}"
READ_TOTAL = "SELECT sum FROM total WHERE owner_id = {row} % 1000"


@dataclass(frozen=True, slots=True)
class Change:
    """A change as a directive, and what the writers do meanwhile."""

    name: str
    directive: str
    write: str = WRITE_ACCOUNT
    alembic: str | None = None
    """The same for Alembic, where it has no such directive."""


CHANGES = (
    Change("NOT NULL", 'op.alter_column("account", "email", nullable=False)'),
    Change("CHECK", 'op.create_check_constraint("ck_balance", "account", "balance >= 0")'),
    Change(
        "FOREIGN KEY", 'op.create_foreign_key("fk_owner", "account", "owner", ["owner_id"], ["id"])'
    ),
    Change("UNIQUE", 'op.create_unique_constraint("uq_email", "account", ["email"])'),
    Change("PRIMARY KEY", 'op.create_primary_key("pk_account", "account", ["id"])'),
    Change("CREATE INDEX", 'op.create_index("ix_owner", "account", ["owner_id"])'),
    Change("DROP INDEX", 'op.drop_index("account_email_idx", "account")'),
    Change(
        "ADD COLUMN ... UNIQUE",
        'op.add_column("account", sa.Column("code", sa.Text, unique=True))',
    ),
    Change(
        "ADD COLUMN, volatile default",
        'op.add_column("account", sa.Column("token", sa.Uuid,'
        ' server_default=sa.text("gen_random_uuid()"), nullable=False))',
    ),
    Change(
        "index of a partitioned table",
        'op.create_index("ix_event_day", "event", ["day"])',
        WRITE_EVENT.replace("{table}", "event_1"),
    ),
    Change(
        "ATTACH PARTITION",
        'op.attach_partition("event", "event_2", "FROM (100) TO (200)")',
        WRITE_EVENT.replace("{table}", "event_2"),
        'op.execute("ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (100) TO (200)")',
    ),
    Change(
        "DETACH PARTITION",
        'op.detach_partition("event", "event_1")',
        WRITE_EVENT.replace("{table}", "event"),
        'op.execute("ALTER TABLE event DETACH PARTITION event_1")',
    ),
    Change(
        "REFRESH (readers)",
        'op.refresh_materialized_view("total")',
        READ_TOTAL,
        'op.execute("REFRESH MATERIALIZED VIEW total")',
    ),
)
FORMS = ("alembic", "plain", "safe")

ENV = """\
from alembic import context
from sqlalchemy import create_engine
engine = create_engine({url!r})
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@dataclass(slots=True)
class Load:
    """The transactions of the writers: when each began and how long it took, in seconds."""

    statement: str
    rows: int
    samples: list[tuple[float, float]] = field(default_factory=list)
    stopped: bool = False

    async def write(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        while not self.stopped:
            sql = self.statement.format(row=random.randrange(1, self.rows))
            began = time.perf_counter()
            await connection.execute(sql)
            self.samples.append((began, time.perf_counter() - began))
            await anyio.sleep(PAUSE)
        await connection.close()

    def between(self, began: float, ended: float) -> list[float]:
        """How long the transactions took that ran at some time between two moments."""
        return sorted(took for at, took in self.samples if at < ended and at + took > began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One change in one form; times in seconds."""

    change: str
    form: str
    took: float
    transactions: int
    p50: float
    p99: float
    longest: float


@asynccontextmanager
async def copied(server: str) -> AsyncIterator[str]:
    """A database with fresh copies of the tables."""
    name = f"{TEMPLATE}_copy"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield server.rpartition("/")[0] + f"/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


async def prepare(server: str, rows: int) -> None:
    """The tables that are copied."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    connection = await asyncpg.connect(server.rpartition("/")[0] + f"/{TEMPLATE}")
    await connection.execute(SETUP.format(rows=rows))
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()


def write_project(folder: Path, change: Change, url: str, form: str) -> list[str]:
    """The scripts of a tool, and the command that runs them: a process for both."""
    (folder / "versions").mkdir()
    is_alembic = form == "alembic"
    imports = "from alembic import op" if is_alembic else "from asyncmig import op"
    directive = (change.alembic if is_alembic else None) or change.directive
    (folder / "versions" / "a1.py").write_text(
        f"import sqlalchemy as sa\n{imports}\n\nrevision = 'a1'\ndown_revision = None\n\n"
        f"def upgrade():\n    {directive}\n"
    )
    if is_alembic:
        (folder / "env.py").write_text(
            ENV.format(url=url.replace("postgresql://", "postgresql+psycopg2://"))
        )
        (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = {folder}\n")
        config = "alembic.ini"
    else:
        (folder / "asyncmig.toml").write_text(
            f'script_location = "{folder}"\nurl = "{url}"\n'
            f"safe_rewrites = {str(form == 'safe').lower()}\n"
        )
        config = "asyncmig.toml"
    tool = "alembic" if is_alembic else "asyncmig"
    return [sys.executable, "-m", tool, "-c", str(folder / config), "upgrade", "head"]


async def measure(server: str, change: Change, form: str, rows: int) -> Measured:
    """One change in one form, under load."""
    load = Load(change.write, rows)
    with tempfile.TemporaryDirectory() as name:
        async with copied(server) as url:
            folder = Path(name)
            command = write_project(folder, change, url, form)
            async with anyio.create_task_group() as group:
                for _ in range(WRITERS):
                    group.start_soon(load.write, url)
                await anyio.sleep(1.0)
                began = time.perf_counter()
                await anyio.run_process(command)
                ended = time.perf_counter()
                await anyio.sleep(0.5)
                load.stopped = True
    found = load.between(began, ended)
    return Measured(
        change=change.name,
        form=form,
        took=ended - began,
        transactions=len(found),
        p50=found[len(found) // 2],
        p99=found[len(found) * 99 // 100],
        longest=found[-1],
    )


def table(results: Sequence[Measured], rows: int) -> str:
    """The results as a table of Markdown: median, 99th percentile and longest wait of the writers."""
    lines = [
        f"| {rows:,} rows, {WRITERS} writers | Alembic | asyncmig, plain | asyncmig, safe | safe takes |",
        "|---|---|---|---|---|",
    ]
    for change in dict.fromkeys(result.change for result in results):
        forms = {result.form: result for result in results if result.change == change}
        cells = [
            f"{one.p50 * 1000:.1f} / {one.p99 * 1000:.0f} / **{one.longest * 1000:.0f}** ms"
            for one in (forms[form] for form in FORMS)
        ]
        lines.append(f"| {change} | {' | '.join(cells)} | {forms['safe'].took:.1f} s |")
    return "\n".join(lines)


async def measure_all(server: str, rows: int, names: Sequence[str]) -> list[Measured]:
    """Every change in every form."""
    await prepare(server, rows)
    results = []
    for change in CHANGES:
        if names and change.name not in names:
            continue
        for form in FORMS:
            results.append(await measure(server, change, form, rows))
            print(results[-1], file=sys.stderr, flush=True)
    return results


async def main(arguments: Sequence[str]) -> None:
    """Measure on a private server and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", action="append", default=[], help="the name of a change")
    parser.add_argument("--json", type=Path, help="write every figure there")
    options = parser.parse_args(arguments)
    async with embedded.server(tcp=True) as server:
        results = await measure_all(server.url, options.rows, options.only)
    if options.json:
        facts = {"python": platform.python_version(), "machine": platform.machine()}
        document = {"rows": options.rows, **facts, "results": [asdict(one) for one in results]}
        options.json.write_text(json.dumps(document, indent=2))
    print(table(results, options.rows))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
