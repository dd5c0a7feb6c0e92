"""The example service: what a comparison reports is what pg_dump shows, no more and no less."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import asyncpg
import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.results import Difference
from support.dump_proof import Proven, one_by_one, prove
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fix_database import MakeDatabase

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "fastapi_service"
ELSEWHERE = r"\bboxoffice\.scan_20|\bboxoffice_archive\b"
"""Partitions, and where the old ones go: the models speak of neither."""
DRIFT = """
SET search_path = boxoffice, public;
ALTER TABLE venue ADD COLUMN note text DEFAULT 'none', ALTER COLUMN city DROP NOT NULL;
ALTER TABLE customer ALTER COLUMN email TYPE varchar(200);
COMMENT ON TABLE hall IS 'nobody wrote this into the models';
ALTER TABLE booking RENAME CONSTRAINT pk_booking TO booking_key;
CREATE INDEX ON performance (starts_at DESC);
DROP INDEX ix_booking_refunded_at;
CREATE TYPE left_over AS ENUM ('a');
CREATE SEQUENCE numbers;
CREATE VIEW cities AS SELECT city FROM venue;
"""
FOUND = """\
- drop_index boxoffice.performance.performance_starts_at_idx: ON boxoffice.performance (starts_at DESC)
~ alter_column boxoffice.customer.email: VARCHAR(200) -> CITEXT
~ alter_column boxoffice.venue.city: NULL -> NOT NULL
- drop_column boxoffice.venue.note: TEXT DEFAULT 'none'
~ ALTER TABLE boxoffice.booking RENAME CONSTRAINT booking_key TO pk_booking
+ create_index boxoffice.booking.ix_booking_refunded_at: ON boxoffice.booking (refunded_at) \
WHERE status = 'refunded'::boxoffice.booking_status
- drop_table_comment boxoffice.hall: comment 'nobody wrote this into the models' -> no comment
- drop_sequence boxoffice.numbers
- drop_enum boxoffice.left_over: 'a'""".splitlines()
AROUND = [  # a key of a column that gets a type of another family is built again
    "- drop_constraint boxoffice.customer.uq_customer_email: UNIQUE (email)",
    "+ create_unique_constraint boxoffice.customer.uq_customer_email: UNIQUE (email)",
]


class BoxOffice:
    """The example service with its script directory copied to a place that may be written to."""

    def __init__(self, folder: Path) -> None:
        from boxoffice.models import Base

        self.metadata = Base.metadata
        self.folder = folder / "migrations"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(EXAMPLE / "migrations", self.folder, ignore=ignored)

    def migrator(self, url: str) -> Migrator:
        return Migrator(url, script_location=self.folder, target_metadata=self.metadata)

    async def check(self, url: str) -> Sequence[Difference]:
        return (await self.migrator(url).check()).differences

    async def revise(self, url: str) -> None:
        migrator = self.migrator(url)
        await migrator.revision("what differs", autogenerate=True, rev_id="9999")
        await migrator.upgrade()

    async def undo(self, url: str) -> None:
        await self.migrator(url).downgrade("-1")
        [written] = self.folder.rglob("9999*")
        written.unlink()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BoxOffice:
    monkeypatch.syspath_prepend(EXAMPLE)
    return BoxOffice(tmp_path)


@pytest.fixture
async def created(service: BoxOffice, make_database: MakeDatabase) -> str:
    """A database in which ``create_all`` made the models; it says that it is at head."""
    url = make_database()
    await service.migrator(url).upgrade("0001")  # extensions and the schema
    await service.migrator(url).stamp("head")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    service.metadata.create_all(engine)
    engine.dispose()
    return url


async def proof(
    service: BoxOffice, created: str, migrated: str, make_database: MakeDatabase
) -> Proven:
    return await prove(
        service,
        created=created,
        migrated=migrated,
        make_database=make_database,
        elsewhere=ELSEWHERE,
    )


async def test_its_migrations_make_what_create_all_makes(
    service: BoxOffice, created: str, make_database: MakeDatabase
) -> None:
    migrated = make_database()
    await service.migrator(migrated).upgrade()
    proven = await proof(service, created, migrated, make_database)
    assert proven.differences == ()
    assert proven.around == ()
    assert {fact.kind for fact in proven.beside} >= {"FUNCTION", "TRIGGER", "VIEW"}


async def run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def drifted(service: BoxOffice, make_database: MakeDatabase) -> str:
    url = make_database()
    await service.migrator(url).upgrade()
    await run(url, DRIFT)
    return url


async def test_what_was_changed_by_hand(
    service: BoxOffice, created: str, make_database: MakeDatabase
) -> None:
    migrated = await drifted(service, make_database)
    proven = await proof(service, created, migrated, make_database)
    assert sorted(map(str, proven.differences)) == sorted(FOUND)
    assert sorted(map(str, proven.around)) == sorted(AROUND)


def difference(object_: str, *sql: str) -> Difference:
    return Difference(change="change", object=object_, sql=sql)


@pytest.mark.parametrize(
    "lie",
    [
        [difference("t.ix", "DROP INDEX ix", "CREATE INDEX ix ON t (a)")],
        [difference("t.ix", "DROP INDEX ix"), difference("t.ix", "CREATE INDEX ix ON t (a)")],
        [difference("t.a", "ALTER TABLE t ALTER a SET NOT NULL")],
        [difference("t.a", "SELECT 1")],
    ],
)
async def test_what_the_dumps_do_not_show_is_noticed(
    make_database: MakeDatabase, lie: list[Difference]
) -> None:
    one, other = make_database(), make_database()
    await run(one, "CREATE TABLE t (b int, a int); CREATE INDEX ix ON t (a)")
    await run(other, "CREATE TABLE t (a int, b text); CREATE INDEX ix ON t (a)")
    true = difference("t.b", "ALTER TABLE t ALTER b TYPE int USING b::int")
    assert one_by_one([true], one, make_database(other.rpartition("/")[2])) == ((true,), ())
    with pytest.raises(AssertionError, match="pg_dump does not show"):
        one_by_one([true, *lie], one, other)


class Silent:
    """A service that finds nothing, whatever there is."""

    async def check(self, url: str) -> Sequence[Difference]:
        return []

    async def revise(self, url: str) -> None:
        pass

    async def undo(self, url: str) -> None:
        pass


@pytest.mark.parametrize(
    ("created", "migrated", "said"),
    [
        ("CREATE TABLE t (a int)", "CREATE TABLE t (a bigint)", "the models have it"),
        ("CREATE TABLE t (a int)", "CREATE TABLE t (a int DEFAULT 1)", "the models have it"),
        ("SELECT 1", "CREATE TABLE t (a int)", "do not have it"),
        ("CREATE TABLE t (a int)", "CREATE TABLE t (a int CHECK (a > 0))", "do not have it"),
    ],
)
async def test_what_is_not_reported_is_noticed(
    make_database: MakeDatabase, created: str, migrated: str, said: str
) -> None:
    one, other = make_database(), make_database()
    await run(one, created)
    await run(other, migrated)
    with pytest.raises(AssertionError, match=said):
        await prove(Silent(), created=one, migrated=other, make_database=make_database)
    await prove(Silent(), created=one, migrated=one, make_database=make_database)
