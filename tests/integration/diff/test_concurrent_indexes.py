"""``concurrent_indexes``: nothing is missing for as long as an index is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import Grant, View, register
from asyncmig.errors import StatementFailedError
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from fix_project import Project

    Revise = Callable[..., Any]


@pytest.fixture
def revise(project: Project, database_url: str) -> Revise:
    """Write a revision for models, and give the migrator and the lines of its upgrade."""

    async def revise(metadata: sa.MetaData, rev_id: str) -> tuple[Migrator, str]:
        settings = project.settings(url=database_url, concurrent_indexes=True)
        migrator = Migrator(settings=settings, target_metadata=metadata)
        await migrator.revision("x", autogenerate=True, rev_id=rev_id)
        text = project.versions.joinpath(f"{rev_id}_x.py").read_text()
        return migrator, text.split("def upgrade")[1].split("def downgrade")[0]

    return revise


def account(
    *columns: sa.Column[Any], key: str = "id", entities: tuple[Any, ...] = ()
) -> sa.MetaData:
    metadata = sa.MetaData()
    names = [column.name for column in columns]
    given = [] if key in names else [sa.Column(key, sa.Integer)]
    sa.Table("account", metadata, *given, *columns, sa.PrimaryKeyConstraint(key, name="pk"))
    register(metadata, *entities)
    return metadata


def in_order(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


async def test_a_view_is_away_in_no_phase(project, revise, database_url, pg):
    read = (View("emails", "SELECT email FROM account"), Grant(["select"], "emails", "public"))
    migrator, _ = await revise(account(sa.Column("email", sa.String(50)), entities=read), "a1")
    await migrator.upgrade()
    before = catalog_dump(database_url, version_table=False)
    await pg.execute("INSERT INTO account VALUES (1, 'a'), (2, 'a')")
    unique = account(sa.Column("email", sa.Integer, index=True, unique=True), entities=read)
    with pytest.raises(StatementFailedError):
        await (await revise(unique, "b2"))[0].upgrade()  # "a" is no integer
    assert await pg.fetchval("SELECT count(*) FROM emails") == 2
    project.versions.joinpath("b2_x.py").unlink()
    unique = account(sa.Column("email", sa.Text, index=True, unique=True), entities=read)
    migrator, up = await revise(unique, "b3")
    assert in_order(up, "drop_view", "alter_column", "create_view", "grant", "create_index")
    with pytest.raises(StatementFailedError, match="could not create unique index"):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM emails") == 2
    assert await pg.fetchval("SELECT has_table_privilege('pg_read_all_stats', 'emails', 'select')")
    await pg.execute("DELETE FROM account WHERE id = 2")
    await migrator.upgrade()
    assert (await migrator.check()).ok
    await migrator.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before


async def test_a_new_label_comes_before_anything_goes(revise):
    def models(type_: Any, *labels: str) -> sa.MetaData:
        mood = sa.Column("mood", sa.Enum(*labels, name="mood"), server_default=labels[-1])
        view = View("moods", "SELECT email, mood FROM account")
        return account(sa.Column("email", type_), mood, entities=(view,))

    migrator, _ = await revise(models(sa.String(9), "sad"), "a1")
    await migrator.upgrade()
    migrator, up = await revise(models(sa.Text, "sad", "ok"), "b2")
    assert in_order(up, "add_enum_value", "drop_view", "alter_column", "create_view")
    phases = (await migrator.plan()).steps[0].phases
    assert [phase.kind for phase in phases] == ["autocommit", "transaction"]
    await migrator.upgrade()
    assert (await migrator.check()).ok


async def test_an_index_serves_until_its_successor_does(revise, database_url, pg):
    def indexed(*what: Any, unique: bool = True) -> sa.MetaData:
        metadata = account(sa.Column("email", sa.Text), sa.Column("name", sa.Text))
        sa.Index("ix", *what, unique=unique, _table=metadata.tables["account"])
        return metadata

    migrator, _ = await revise(indexed("email"), "a1")
    await migrator.upgrade()
    before = catalog_dump(database_url, version_table=False)
    await pg.execute("INSERT INTO account (id, email) VALUES (1, 'a'), (2, 'A')")
    migrator, up = await revise(indexed(sa.text("lower(email)")), "b2")
    assert in_order(up, '"ix_new"', 'drop_index("ix"', "RENAME TO ix")
    with pytest.raises(StatementFailedError):
        await migrator.upgrade()
    definition = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix'"
    assert (await pg.fetchval(definition)).endswith("(email)")
    await pg.execute("DELETE FROM account WHERE id = 2")
    await migrator.upgrade()
    assert (await pg.fetchval(definition)).endswith("(lower(email))")
    assert (await migrator.check()).ok
    await migrator.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before


async def test_a_key_stands_until_its_successor_does(revise, database_url):
    def models(key: str, *more: Any) -> sa.MetaData:
        metadata = account(
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("n", sa.Integer, nullable=False),
            key=key,
        )
        metadata.tables["account"].append_constraint(sa.UniqueConstraint(*more, name="uq"))
        sa.Table(
            "login",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("by", sa.ForeignKey(f"account.{key}", name="by")),
        )
        return metadata

    migrator, _ = await revise(models("id", "n"), "a1")
    await migrator.upgrade()
    before = catalog_dump(database_url, version_table=False)
    migrator, up = await revise(models("n", "n", "id"), "b2")
    assert in_order(
        up,
        'drop_constraint("by"',
        '"pk_new"',
        'drop_constraint("pk"',
        "USING INDEX pk_new",
        'create_foreign_key("by"',
    )
    await migrator.upgrade()
    assert (await migrator.check()).ok
    await migrator.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before


async def test_a_view_that_needs_a_key_waits_for_it(revise, database_url):
    metadata = sa.MetaData()
    columns = sa.Column("id", sa.Integer, nullable=False), sa.Column("email", sa.Text)
    sa.Table("account", metadata, *columns)
    migrator, _ = await revise(metadata, "a1")
    await migrator.upgrade()
    before = catalog_dump(database_url, version_table=False)
    grouped = View("grouped", "SELECT id, email FROM account GROUP BY id")
    migrator, up = await revise(account(sa.Column("email", sa.Text), entities=(grouped,)), "b2")
    assert in_order(up, '"pk"', "USING INDEX pk", "create_view")
    await migrator.upgrade()
    assert (await migrator.check()).ok
    await migrator.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before
