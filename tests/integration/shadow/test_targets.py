"""Models that are built in another database are printed as their own would print them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT, DOMAIN, HSTORE, INTERVAL
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.config.settings import Settings
from asyncmig.database.session import Session
from asyncmig.diff.compare import compare
from asyncmig.errors import ConnectionFailedError, DatabaseError, RefusedModelsError
from asyncmig.shadow.targets import EmbeddedShadow, UrlShadow
from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_autogenerate import Comparing


def everything() -> sa.MetaData:
    """What is printed differently under other settings, and what leads to other places."""
    metadata = sa.MetaData()
    for schema in (None, 'We "quote"'):
        sa.Table(
            "thing",
            metadata,
            sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
            sa.Column("number", sa.Integer, sa.Sequence("numbers", schema=schema)),
            sa.Column("name", CITEXT, sa.CheckConstraint("name <> ''"), server_default="x"),
            sa.Column("tags", HSTORE, server_default=sa.text("'a=>1'::hstore")),
            sa.Column("mood", sa.Enum("sad", "ok", name="mood", schema=schema), index=True),
            sa.Column(
                "price", DOMAIN("price", sa.Numeric(8, 2), schema=schema, default=sa.text("1.5"))
            ),
            sa.Column(
                "at",
                sa.DateTime(timezone=True),
                server_default=sa.text("timestamptz '2026-03-04 05:06'"),
            ),
            sa.Column("on", sa.Date, server_default=sa.text("date '04-03-2026'")),
            sa.Column("every", INTERVAL, server_default=sa.text("interval '1 day 2 hours'")),
            sa.Column("ratio", sa.Float, server_default=sa.text("0.1::float4")),
            sa.Column(
                "label", sa.Text(collation="C"), server_default=sa.text("lower(current_user)")
            ),
            sa.Column("half", sa.Numeric, sa.Computed("price / 2", persisted=True)),
            sa.Column("up", sa.ForeignKey("thing.id" if schema is None else f"{schema}.thing.id")),
            sa.Index(f"ix_{schema}", sa.text('(label COLLATE "POSIX") DESC'), unique=True),
            schema=schema,
            comment="it's",
        )
    return metadata


@asynccontextmanager
async def other_settings(url: str, name: str):
    """The shadow of a role whose settings are others."""
    async with UrlShadow(Settings(), url).session() as session:
        await session.send(
            "SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, MDY'; SET IntervalStyle = iso_8601;"
            "SET extra_float_digits = -3; SET quote_all_identifiers = on; SET search_path = pg_catalog"
        )
        yield session


class Contrary:
    """A shadow all of whose settings are others."""

    contents = None
    name = "contrary"

    def __init__(self, url: str) -> None:
        self.url = url

    def session(self):
        return other_settings(self.url, self.name)


async def test_another_database_prints_the_same(comparing: Comparing, make_database):
    url = make_database()
    await comparing.driver.execute("CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext")
    await comparing.driver.execute("CREATE EXTENSION hstore; SET DateStyle = 'ISO, DMY'")
    await comparing.driver.execute("SET search_path = public, ext; SET IntervalStyle = postgres")
    here = await comparing.sides(everything())
    before = catalog_dump(url)
    there = await comparing.sides(everything(), target=Contrary(url))
    assert there.wanted == here.wanted
    assert "2026-03-04" in str(here.wanted)
    assert catalog_dump(url) == before


async def test_nothing_to_do_after_create_all(comparing: Comparing, make_database, database_url):
    await comparing.driver.execute("CREATE EXTENSION citext; CREATE EXTENSION hstore")
    await comparing.driver.execute('CREATE SCHEMA "We ""quote"""')
    url = make_database()
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(everything().create_all)
    await engine.dispose()
    await comparing.nothing_to_do(await comparing.sides(everything(), target=Contrary(url)))


@pytest.mark.pg(">=18")
async def test_a_private_server(comparing: Comparing):
    await comparing.driver.execute("CREATE EXTENSION citext; CREATE EXTENSION hstore")
    here = await comparing.sides(everything())
    there = await comparing.sides(everything(), target=EmbeddedShadow(Settings()))
    assert there.wanted == here.wanted


async def test_what_models_name_by_their_schema_is_built_too(comparing: Comparing, make_database):
    metadata = sa.MetaData(schema="shop")
    sa.Table(
        "t",
        metadata,
        sa.Column("n", sa.Integer, sa.Sequence("n", schema="shop")),
        sa.Column("m", sa.Integer, server_default=sa.text("nextval('shop.n')")),
        sa.Column(
            "mood",
            sa.Enum("sad", "ok", name="mood", schema="shop"),
            server_default=sa.text("'ok'::shop.mood"),
        ),
        sa.Column("said", sa.Text, server_default=sa.text("'ok, shop.mood'")),
    )
    for options in ({}, {"target": Contrary(make_database())}):
        sides = await comparing.sides(metadata, **options)
        columns = sides.wanted.tables["shop", "t"].columns  # type: ignore[index]
        assert columns["mood"].default == "'ok'::shop.mood"
        assert columns["m"].default == "nextval('shop.n'::regclass)"
        assert columns["said"].default == "'ok, shop.mood'::text"
    await comparing.build(metadata)


def small() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


async def test_a_read_only_database(comparing: Comparing, make_database):
    await comparing.driver.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseError, match="is read-only") as info:
        await comparing.sides(small())
    assert "shadow_url" in (info.value.hint or "")
    sides = await comparing.sides(small(), target=UrlShadow(Settings(), make_database()))
    assert len(compare(sides.actual, sides.wanted)) == 1


async def test_a_role_that_may_create_nothing(project, database_url, make_database, pg, admin):
    role = "asyncmig_reader"
    admin(f"DROP ROLE IF EXISTS {role}")
    admin(f"CREATE ROLE {role}")
    project.revision("a1", upgrade="op.execute('CREATE TABLE t (id int PRIMARY KEY)')")
    settings = project.settings(url=database_url, shadow_cache=False)
    try:
        await Migrator(settings=settings).upgrade()
        await pg.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        with pytest.raises(DatabaseError, match=f"role {role} cannot create schemas") as info:
            await Migrator(settings=settings, role=role, target_metadata=small()).check()
        assert "GRANT CREATE ON DATABASE" in (info.value.hint or "")
        assert "shadow_url" in (info.value.hint or "")
        found = await Migrator(
            settings=settings, role=role, target_metadata=small(), shadow_url=make_database()
        ).check()
        assert "alter_column" in [item.change for item in found.differences]
    finally:
        await pg.execute(f"DROP OWNED BY {role}")
        admin(f"DROP ROLE {role}")


async def test_the_shadow_cannot_be_written(comparing: Comparing, make_database, admin):
    url = make_database()
    name = url.rsplit("/", 1)[1]
    admin(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(DatabaseError, match=r"the shadow .* is read-only"):
        await comparing.sides(small(), target=UrlShadow(Settings(), url))


async def test_the_shadow_cannot_be_reached(comparing: Comparing, server):
    with pytest.raises(ConnectionFailedError, match="no_such_database"):
        await comparing.sides(
            small(), target=UrlShadow(Settings(), server.database("no_such_database"))
        )
    assert not comparing.driver.is_in_transaction()


async def test_a_shadow_of_another_version(comparing: Comparing, make_database, monkeypatch):
    class Old(Session):
        server_version = 13  # type: ignore[assignment]  # what it says of itself

    monkeypatch.setattr("asyncmig.database.connections.Session", Old)
    with pytest.raises(DatabaseError, match=r"PostgreSQL 13, and .* print .* differently"):
        await comparing.sides(small(), target=UrlShadow(Settings(), make_database()))


async def test_an_extension_in_another_schema(comparing: Comparing, make_database):
    url = make_database()
    driver = await asyncpg.connect(url)
    await driver.execute("CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext")
    await driver.close()
    await comparing.driver.execute("CREATE EXTENSION citext")
    with pytest.raises(DatabaseError, match="citext is in the schema ext of the shadow") as info:
        await comparing.sides(small(), target=UrlShadow(Settings(), url))
    assert "ALTER EXTENSION citext SET SCHEMA public" in (info.value.hint or "")


async def test_a_function_that_the_shadow_lacks(comparing: Comparing, make_database):
    await comparing.driver.execute("CREATE FUNCTION seven() RETURNS int LANGUAGE sql RETURN 7")
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("n", sa.Integer, server_default=sa.text("seven()")))
    await comparing.sides(metadata)
    with pytest.raises(
        RefusedModelsError, match=r"table t, column n: function seven\(\) does not exist"
    ) as info:
        await comparing.sides(metadata, target=UrlShadow(Settings(), make_database()))
    assert info.value.subject == "table t"


async def test_the_caches_of_two_shadows(comparing: Comparing, make_database, tmp_path):
    from asyncmig.shadow.cache import ShadowCache

    cache = ShadowCache(tmp_path)
    here = await comparing.sides(small(), cache=cache)
    shadow = UrlShadow(Settings(), make_database())
    there = await comparing.sides(small(), cache=cache, target=shadow)
    again = await comparing.sides(small(), cache=cache, target=shadow)
    assert here.wanted == there.wanted == again.wanted
