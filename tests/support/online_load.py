"""Readers and writers of old and new code beside a column change online, which keep their own sums."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import anyio
import asyncpg

TABLES = """
CREATE TABLE account (id serial PRIMARY KEY, balance bigint NOT NULL DEFAULT 0);
CREATE TABLE entry (
    id bigserial PRIMARY KEY,
    account_id int NOT NULL REFERENCES account ON UPDATE CASCADE ON DELETE CASCADE,
    amount int NOT NULL
);
CREATE INDEX entry_account ON entry (account_id);
CREATE TABLE limit_of (
    account_id int PRIMARY KEY REFERENCES account ON UPDATE CASCADE ON DELETE CASCADE, most int NOT NULL
);
"""

ROWS = """
INSERT INTO account (balance) SELECT 3 FROM generate_series(1, {rows});
INSERT INTO entry (account_id, amount) SELECT i, n FROM generate_series(1, {rows}) i, generate_series(1, 2) n;
INSERT INTO limit_of SELECT i, 10 FROM generate_series(1, {rows}, 2) i;
ANALYZE account, entry, limit_of;
"""

CHECKS = {
    "balances": """
        SELECT count(*) FROM account AS a
        WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM entry WHERE account_id = a.id)""",
    "limits": """
        SELECT count(*) FROM limit_of AS l
        WHERE NOT EXISTS (SELECT FROM account AS a WHERE a.id = l.account_id)""",
}
"""Queries that count what is wrong."""


@dataclass
class Load:
    """What the application has done; ``total`` is the sum of all amounts that it has committed."""

    url: str
    rows: int
    total: int = 0
    done: int = 0
    waits: list[tuple[float, str]] = field(default_factory=list)
    stopped: bool = False

    async def work(self, type_: str, seed: int) -> None:
        """One client; ``type_`` is the type as which its code passes keys."""
        connection = await asyncpg.connect(self.url, statement_cache_size=0)
        chance = random.Random(seed)
        try:
            while not self.stopped:
                action = chance.choice((self._open, self._book, self._book, self._read, self._move))
                begun = time.monotonic()
                await action(connection, type_, chance)
                self.waits.append((time.monotonic() - begun, action.__name__))
                self.done += 1
                await anyio.sleep(0.002)
        finally:
            await connection.close()

    async def _open(
        self, connection: asyncpg.Connection, type_: str, chance: random.Random
    ) -> None:
        async with connection.transaction():
            key = await connection.fetchval("INSERT INTO account DEFAULT VALUES RETURNING id")
            await connection.execute(
                f"INSERT INTO limit_of (account_id, most) VALUES ($1::{type_}, 5)", key
            )
        if chance.random() < 0.5:
            await connection.execute(f"DELETE FROM account WHERE id = $1::{type_}", key)

    async def _book(
        self, connection: asyncpg.Connection, type_: str, chance: random.Random
    ) -> None:
        key, amount = self._key(chance), chance.randint(1, 9)
        async with connection.transaction():
            changed = await connection.fetchval(
                f"UPDATE account SET balance = balance + $2 WHERE id = $1::{type_} RETURNING id",
                key,
                amount,
            )
            if changed is None:
                return
            await connection.execute(
                f"INSERT INTO entry (account_id, amount) VALUES ($1::{type_}, $2)", key, amount
            )
        self.total += amount

    async def _read(
        self, connection: asyncpg.Connection, type_: str, chance: random.Random
    ) -> None:
        row = await connection.fetchrow(
            f"""SELECT balance, (SELECT coalesce(sum(amount), 0) FROM entry WHERE account_id = a.id) AS sum
            FROM account AS a WHERE id = $1::{type_}""",
            self._key(chance),
        )
        assert row is None or row["balance"] == row["sum"]

    async def _move(
        self, connection: asyncpg.Connection, type_: str, chance: random.Random
    ) -> None:
        """Another key for an account: its entries follow."""
        await connection.execute(
            f"UPDATE account SET id = nextval('account_id_seq') WHERE id = $1::{type_}",
            self._key(chance),
        )

    def _key(self, chance: random.Random) -> int:
        return chance.randint(1, self.rows)

    async def check(self) -> None:
        """Compare the database with what the application has committed."""
        connection = await asyncpg.connect(self.url)
        try:
            assert await connection.fetchval("SELECT sum(amount) FROM entry") == (
                3 * self.rows + self.total
            )
            for name, query in CHECKS.items():
                assert await connection.fetchval(query) == 0, name
        finally:
            await connection.close()

    @property
    def longest(self) -> tuple[float, str]:
        """The longest wait of a client, in seconds, and for what."""
        return max(self.waits, default=(0.0, ""))
