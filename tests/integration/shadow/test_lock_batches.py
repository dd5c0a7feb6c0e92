"""More tables than a server has locks for: built in portions, and printed as if in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator, embedded
from asyncmig.catalog.object_name import ObjectName
from asyncmig.errors import DatabaseError, RefusedModelsError
from asyncmig.shadow import scratch_schemas
from asyncmig.shadow.lock_batches import select, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from fix_autogenerate import Comparing
    from fix_project import Project


def shop() -> sa.MetaData:
    """Tables that lead to each other in circles and across schemas, and share types and sequences."""
    metadata = sa.MetaData()
    mood = sa.Enum("sad", "ok", name="mood")
    price = pgs.DOMAIN("price", sa.Numeric(8, 2), check=sa.text("VALUE > 0"))
    numbers = sa.Sequence("numbers", metadata=metadata)
    sa.Table(
        "author",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("best", sa.ForeignKey("book.id", use_alter=True)),
        sa.Column("mood", mood, server_default="ok", comment="as of today"),
        sa.CheckConstraint("mood <> 'sad' OR best IS NULL"),
        comment="who writes",
    )
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("author", sa.ForeignKey("author.id", ondelete="CASCADE"), index=True),
        sa.Column("number", sa.Integer, numbers, server_default=numbers.next_value()),
        sa.Column("isbn", sa.Text, unique=True),
        sa.Column("price", price, server_default="1"),
        sa.Column("mood", mood),
    )
    loan = sa.Table(
        "loan",
        metadata,
        sa.Column("isbn", sa.ForeignKey("book.isbn", onupdate="CASCADE")),
        sa.Column("during", pgs.TSRANGE),
        sa.Column("paid", price),
        sa.Column("back", sa.Integer, sa.ForeignKey("desk.desk.number")),
        pgs.ExcludeConstraint(("during", "&&"), name="one_at_a_time"),
    )
    sa.Index("ix_loan_lower", sa.func.lower(loan.c.isbn), postgresql_where=sa.text("paid IS NULL"))
    desk = sa.Table("desk", metadata, sa.Column("number", sa.Integer), schema="desk")
    sa.Index("uq_desk_number", desk.c.number, unique=True)
    sa.Table("unlike", metadata, sa.Column("a", sa.Text), prefixes=["UNLOGGED"])
    return metadata


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements were built in one piece; every table is a portion by itself."""
    built: list[int] = []
    printed = scratch_schemas._ScratchBuild.printed

    async def counted(building, statements):  # type: ignore[no-untyped-def]
        built.append(len(statements))
        return await printed(building, statements)

    monkeypatch.setattr(scratch_schemas._ScratchBuild, "printed", counted)
    monkeypatch.setattr(scratch_schemas, "split", lambda statements, _: split(statements, 1))
    return built


async def compared(comparing: Comparing, metadata: sa.MetaData, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """What is printed in portions is what is printed in one piece."""
    portioned = await comparing.sides(metadata)
    with monkeypatch.context() as patch:
        patch.setattr(scratch_schemas, "split", lambda statements, _: split(statements, 10**9))
        whole = await comparing.sides(metadata)
    assert portioned.wanted == whole.wanted
    assert list(portioned.wanted.tables) == list(whole.wanted.tables)
    for name, table in whole.wanted.tables.items():
        assert list(portioned.wanted.tables[name].constraints) == list(table.constraints)
        assert list(portioned.wanted.tables[name].columns) == list(table.columns)


async def test_portions_are_printed_as_the_whole(comparing: Comparing, pieces, monkeypatch):
    await compared(comparing, shop(), monkeypatch)
    assert len(pieces) == 5 + 1
    await comparing.build(shop())


def alike_names(metadata: sa.MetaData) -> None:
    """Serial sequences and keys whose names the server makes unlike."""
    sa.Table("a", metadata, sa.Column("b_c", sa.Integer, primary_key=True))
    sa.Table("a_b", metadata, sa.Column("c", sa.Integer, primary_key=True))


def alike_keys(metadata: sa.MetaData) -> None:
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("a", metadata, sa.Column("b_c", sa.ForeignKey("t.id")))
    sa.Table("a_b", metadata, sa.Column("c", sa.ForeignKey("t.id")))


def alike_uniques(metadata: sa.MetaData) -> None:
    sa.Table("a", metadata, sa.Column("b_c", sa.Integer, unique=True))
    sa.Table("a_b", metadata, sa.Column("c", sa.Integer, unique=True))


def named_in_a_default(metadata: sa.MetaData) -> None:
    sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True))
    default = sa.text("nextval('a_id_seq')")
    sa.Table("b", metadata, sa.Column("n", sa.Integer, server_default=default))


def inherited(metadata: sa.MetaData) -> None:
    sa.Table("a", metadata, sa.Column("id", sa.Integer))
    sa.Table("b", metadata, sa.Column("n", sa.Integer), postgresql_inherits="a")


@pytest.mark.parametrize(
    "models",
    [alike_names, alike_keys, alike_uniques, named_in_a_default, inherited],
    ids=lambda models: models.__name__,
)
async def test_what_depends_on_other_tables_is_built_in_one_piece(
    comparing: Comparing, pieces, monkeypatch, models: Callable[[sa.MetaData], None]
):
    metadata = sa.MetaData()
    models(metadata)
    await compared(comparing, metadata, monkeypatch)
    assert pieces[-2] == pieces[-1]


async def test_what_is_refused_in_a_portion_is_named(comparing: Comparing, pieces):
    metadata = shop()
    book = metadata.tables["book"]
    sa.Table("wrong", metadata, sa.Column("price", sa.ForeignKey(book.c.price)))
    with pytest.raises(
        RefusedModelsError, match=r"table wrong, foreign key \(price\): there is no unique"
    ):
        await comparing.sides(metadata)
    metadata = shop()
    sa.Table("first", metadata, sa.Column("x", sa.Integer), sa.Index("ix_loan_lower", "x"))
    with pytest.raises(RefusedModelsError, match='"ix_loan_lower" already exists'):
        await comparing.sides(metadata)
    assert not comparing.driver.is_in_transaction()


def chain(tables: int) -> sa.MetaData:
    metadata = sa.MetaData()
    for number in range(tables):
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("up", sa.ForeignKey(f"t{max(number - 1, 0)}.id"), index=True),
            sa.Column("name", sa.Text, unique=True),
        )
    return metadata


def test_the_size_of_portions():
    from asyncmig.catalog.models import Models

    models = Models([chain(100)], default_schema="public")
    statements = models.statements({"public": "s"}, {})
    portions = split(statements, 210)
    assert sum(map(len, portions)) == 100
    assert frozenset.union(*portions) == {ObjectName("public", f"t{n}") for n in range(100)}
    for own in portions:
        assert sum(item.locks for item in select(statements, own)) <= 210
    assert max(map(len, portions)) == 30  # of 7 locks each
    assert split(statements, 10**6) == [frozenset().union(*portions)]
    assert split([], 100) == [frozenset()]


@pytest.mark.slow
async def test_a_small_server(project: Project, monkeypatch):
    """More locks than there are, with room for others all the while; nothing of it is left."""
    settings = {
        "max_connections": "25",
        "max_locks_per_transaction": "10",
        "max_prepared_transactions": "0",
        "max_wal_senders": "0",
        "wal_level": "minimal",
    }
    async with embedded.server(settings=settings) as server:
        migrator = Migrator(
            settings=project.settings(url=server.url, shadow_cache=False),
            target_metadata=chain(130),
        )
        found = await migrator.check()
        assert len(found.differences) >= 130
        with monkeypatch.context() as patch:
            patch.setattr(scratch_schemas, "split", lambda statements, _: split(statements, 10**9))
            with pytest.raises(DatabaseError, match="out of shared memory") as caught:
                await migrator.check()
        assert "max_locks_per_transaction" in str(caught.value.hint)
        assert 'shadow_url = "embedded"' in str(caught.value.hint)
        other = await asyncpg.connect(server.url)
        with anyio.fail_after(20):
            while await other.fetchval("SELECT count(*) FROM pg_locks") > 20:
                await anyio.sleep(0.01)
        assert (
            await other.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'asyncmig'")
            == 0
        )
        await other.close()
