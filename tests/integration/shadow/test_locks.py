"""What a comparison locks: nothing of the user's but what a SELECT locks, and others work on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT, DOMAIN

from asyncmig.database.session import Session
from asyncmig.entities import (
    Extension,
    Function,
    Grant,
    Policy,
    Trigger,
    View,
    register,
    registered,
)
from asyncmig.shadow import scratch_schemas
from asyncmig.shadow.lock_batches import split
from asyncmig.shadow.read_sides import read_sides

if TYPE_CHECKING:
    import asyncpg

    from fix_autogenerate import Comparing

# relations and objects that were there before, by what the session locks of them; what is the server's own
# and what SQL reads of it are left out
LOCKS = """\
SELECT l.mode, coalesce(c.relname, l.classid::regclass::text) AS name
FROM pg_locks l LEFT JOIN pg_class c ON l.locktype = 'relation' AND c.oid = l.relation
WHERE l.pid = $1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND coalesce(l.relation, l.objid) IN (
      SELECT oid FROM pg_class WHERE oid >= 16384 UNION ALL SELECT oid FROM pg_type WHERE oid >= 16384
      UNION ALL SELECT oid FROM pg_proc WHERE oid >= 16384 UNION ALL SELECT oid FROM pg_extension
      UNION ALL SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg_%')
  AND (l.locktype = 'relation' OR l.mode <> 'AccessShareLock')  -- a function in use cannot be dropped"""


class Watched(Session):
    """Once the database is read, another session looks after each message what this one has locked.

    Then it changes all of the user's objects, which waits for no lock.
    """

    def __init__(self, driver: asyncpg.Connection, other: asyncpg.Connection) -> None:
        super().__init__(driver, None)  # type: ignore[arg-type]  # nobody asks for it
        self.other = other
        self.reading = True
        self.looked = 0

    async def _look(self) -> None:
        locks = await self.other.fetch(LOCKS, self.driver.get_server_pid())
        if self.reading:
            assert {row["mode"] for row in locks} <= {"AccessShareLock"}
            return
        assert [dict(row) for row in locks] == []
        for work in (
            "INSERT INTO book (id, name) VALUES (DEFAULT, 'x'); UPDATE book SET name = 'y'",
            "ALTER TABLE book ADD more text; ALTER TABLE legacy.shelf ADD COLUMN more text",
            "CREATE INDEX ON book (name); DROP TABLE legacy.shelf CASCADE",
            "ALTER TYPE mood RENAME TO temper; ALTER DOMAIN price ADD CHECK (VALUE < 9)",
            "CREATE OR REPLACE VIEW titles AS SELECT id FROM book; DROP TRIGGER touched ON book",
            "CREATE OR REPLACE FUNCTION legacy.noon() RETURNS timestamp LANGUAGE sql RETURN now()::timestamp",
        ):
            transaction = self.other.transaction()
            await transaction.start()
            try:
                await self.other.execute(f"SET LOCAL lock_timeout = '2s'; {work}")
            finally:
                await transaction.rollback()
        self.looked += 1

    async def send(self, sql: str) -> None:
        await super().send(sql)
        self.reading = self.reading and "ROLLBACK TO SAVEPOINT asyncmig_reading" not in sql
        if self.in_transaction:
            await self._look()

    async def fetch(self, query: str, *args: object) -> list[Any]:
        rows = await super().fetch(query, *args)
        await self._look()
        return rows


def shop() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", CITEXT, sa.CheckConstraint("name <> ''"), index=True),
        sa.Column("mood", sa.Enum("sad", "ok", name="mood"), server_default="ok"),
        sa.Column("price", DOMAIN("price", sa.Numeric)),
        sa.Column("shelf", sa.Integer, sa.ForeignKey("legacy.shelf.id")),
        sa.Column("up", sa.Integer, sa.ForeignKey("book.id")),
        sa.Column("at", sa.DateTime, server_default=sa.text("legacy.noon()")),
    )
    sa.Table("extra", metadata, sa.Column("book", sa.ForeignKey("book.id"), primary_key=True))
    return metadata


def with_entities() -> sa.MetaData:
    metadata = shop()
    register(
        metadata,
        Extension("citext"),
        View("titles", "SELECT id, name FROM book"),
        Function("touch", returns="trigger", body="BEGIN RETURN NEW; END"),
        Trigger("touched", "book", "before", "update", "touch()"),
        Policy("own", "book", command="select", using="price > 0"),
        Grant("select", "titles", "public"),
    )
    return metadata


DATABASE = """
CREATE EXTENSION citext; CREATE SCHEMA legacy;
CREATE TABLE legacy.shelf (id int PRIMARY KEY);
CREATE FUNCTION legacy.noon() RETURNS timestamp LANGUAGE sql RETURN timestamp '2026-01-01 12:00';
CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN price AS numeric;
CREATE TABLE book (id serial PRIMARY KEY, name citext CHECK (name <> 'z'), mood mood, price price,
                   shelf int REFERENCES legacy.shelf, at timestamp DEFAULT legacy.noon());
CREATE INDEX ON book (lower(name)) WHERE price > 0;
CREATE VIEW titles AS SELECT id FROM book;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION touch();
"""


@pytest.mark.parametrize("models", [shop, with_entities], ids=lambda item: item.__name__)
@pytest.mark.parametrize("portions", [False, True], ids=["whole", "portions"])
async def test_others_work_on(comparing: Comparing, pg, monkeypatch, models, portions):
    if portions:
        monkeypatch.setattr(scratch_schemas, "split", lambda statements, _: split(statements, 1))
    await pg.execute(DATABASE)
    metadata = models()
    session = Watched(comparing.driver, pg)
    sides = await read_sides(session, [metadata], entities=registered([metadata]))
    assert "extra" in {name.name for name in sides.wanted.tables}
    assert session.looked > 4
