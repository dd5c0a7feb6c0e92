"""Clients of old and new code beside a change of a column's type; each remembers what it has written."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class Values:
    """How code writes and reads a column, whose type changes meanwhile.

    Attributes:
        table: with the columns ``id`` and ``column``.
        column: the one that changes.
        text: how the code reads it, as SQL that gives a text.
        old: a value as the code writes that was made for the old type.
        new: the same value as the code writes that was made for the new type.
        read: what both read then.
        others: another column of a new row and its value, as SQL.
        settings: a statement for each session.
    """

    table: str
    column: str
    text: str
    old: Callable[[int], str]
    new: Callable[[int], str]
    read: Callable[[int], str]
    others: tuple[str, str] | None = None
    settings: str = "SELECT"


def _moment(number: int) -> str:
    return f"2021-02-{1 + number % 20:02} 10:{number % 60:02}:00"


STATES = ("open", "paid", "sent")

VALUES = {
    "varchar": Values(
        table="person",
        column="code",
        text="code::text",
        old=lambda number: f"'mark {number}'::varchar(100)",
        new=lambda number: f"'mark {number}'::varchar(20)",
        read=lambda number: f"mark {number}",
    ),
    "enum": Values(
        table="bill",
        column="state",
        text="state::text",
        old=lambda number: f"'{STATES[number % 3]}'",
        new=lambda number: f"'{STATES[number % 3]}'",
        read=lambda number: STATES[number % 3],
    ),
    "timestamptz": Values(
        table="event",
        column="at",
        text="extract(epoch FROM at::timestamptz)::bigint::text",
        old=lambda number: f"timestamp '{_moment(number)}'",
        new=lambda number: f"timestamptz '{_moment(number)}+01'",
        read=lambda number: str(
            1612170000 + (number % 20) * 86400 + (number % 60) * 60  # 2021-02-01 09:00:00 UTC
        ),
        settings="SET timezone = 'Europe/Paris'",
    ),
    "jsonb": Values(
        table="document",
        column="body",
        text="body ->> 'n'",
        old=lambda number: f"json_build_object('n', {number})",
        new=lambda number: f"jsonb_build_object('n', {number})",
        read=str,
        others=("part", "1"),
    ),
    "using": Values(
        table="parcel",
        column="weight",
        text="weight::text",
        old=lambda number: f"'{number}'",
        new=lambda number: f"'{number}'",
        read=str,
    ),
}


@dataclass
class ValueLoad:
    """Clients, each with rows of its own, so that it knows what they have.

    Attributes:
        written: by key, the number of the value that was committed last.
        done: committed statements.
    """

    url: str
    values: Values
    written: dict[int, int] = field(default_factory=dict)
    done: int = 0
    stopped: bool = False

    async def work(self, code: str, first_key: int) -> None:
        """One client of ``old`` or ``new`` code; its keys begin at ``first_key``."""
        values, chance = self.values, random.Random(first_key)
        write = values.old if code == "old" else values.new
        names, others = self._others()
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(values.settings)
            keys: list[int] = []
            while not self.stopped:
                number = first_key + self.done
                if len(keys) < 50:
                    keys.append(first_key + len(keys))
                    await connection.execute(
                        f"INSERT INTO {values.table} (id, {values.column}{names})"
                        f" VALUES ({keys[-1]}, {write(number)}{others})"
                    )
                    self.written[keys[-1]] = number
                key = chance.choice(keys)
                await connection.execute(
                    f"UPDATE {values.table} SET {values.column} = {write(number + 1)} WHERE id = {key}"
                )
                self.written[key] = number + 1
                key = chance.choice(keys)
                await connection.execute(f"UPDATE {values.table} SET id = id WHERE id = {key}")
                found = await self._read(connection, key)
                assert found == values.read(self.written[key]), key
                self.done += 3
                await anyio.sleep(0.002)
        finally:
            await connection.close()

    async def reach(self, done: int) -> None:
        """Wait until the clients have committed so many statements."""
        while self.done < done:
            await anyio.sleep(0.01)

    async def check(self) -> None:
        """Compare every row with what was written last."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(self.values.settings)
            for key, number in self.written.items():
                assert await self._read(connection, key) == self.values.read(number), key
        finally:
            await connection.close()

    async def _read(self, connection: asyncpg.Connection, key: int) -> str | None:
        values = self.values
        return await connection.fetchval(
            f"SELECT {values.text} FROM {values.table} WHERE id = {key}"
        )

    def _others(self) -> tuple[str, str]:
        if self.values.others is None:
            return "", ""
        name, value = self.values.others
        return f", {name}", f", {value}"
