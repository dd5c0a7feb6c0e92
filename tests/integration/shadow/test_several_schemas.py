"""Models of several schemas and several MetaData, and what they lead to outside of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT, DOMAIN, ENUM

from asyncmig import Migrator
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.compare import compare
from asyncmig.errors import DatabaseError, RefusedModelsError
from asyncmig.shadow import scratch_schemas

if TYPE_CHECKING:
    from fix_autogenerate import Comparing

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def accounts() -> sa.MetaData:
    metadata = sa.MetaData(schema="auth", naming_convention=CONVENTION)
    sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("email", sa.Text, unique=True),
        sa.Column("state", ENUM("new", "old", name="state", schema="auth"), index=True),
        sa.CheckConstraint("email <> ''", name="email"),
    )
    return metadata


def orders(default: object = sa.text("'new'::auth.state")) -> sa.MetaData:
    metadata = sa.MetaData()
    price = DOMAIN("price", sa.Numeric(8, 2), check=sa.text("VALUE > 0"))
    state = ENUM("new", "old", name="state", schema="auth")
    sa.Table(
        "order",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("who", sa.BigInteger, sa.ForeignKey("auth.account.id", ondelete="CASCADE")),
        sa.Column("price", price),
        sa.Column("state", state, server_default=default),
        sa.Column("states", ARRAY(state)),
    )
    sa.Table("item", metadata, sa.Column("price", price, server_default="1"))
    return metadata


async def test_a_foreign_key_by_text_from_one_to_another(comparing: Comparing):
    after = await comparing.build(accounts(), orders())
    key = after.actual.tables[ObjectName("public", "order")].constraints["order_who_fkey"]
    assert key.reference is not None
    assert key.reference.table == ("auth", "account")
    assert set(after.wanted.enums) == {("auth", "state")}
    assert set(after.wanted.domains) == {("public", "price")}


async def test_the_order_of_several_is_free(comparing: Comparing):
    await comparing.build(orders(), accounts())
    await comparing.nothing_to_do(await comparing.sides(accounts(), orders()))


async def test_of_a_table_that_two_have_the_first_counts(comparing: Comparing):
    other = sa.MetaData(schema="auth")
    sa.Table("account", other, sa.Column("id", sa.Integer), comment="another")
    sides = await comparing.sides(accounts(), other)
    table = sides.wanted.tables[ObjectName("auth", "account")]
    assert table.comment is None
    assert "email" in table.columns


@pytest.mark.parametrize("by_text", [True, False])
async def test_a_foreign_key_to_a_table_of_nobodys_models(comparing: Comparing, by_text):
    await comparing.build(accounts())
    account = accounts().tables["auth.account"]
    models = sa.MetaData()
    sa.Table(
        "note",
        models,
        sa.Column("who", sa.BigInteger),
        sa.Column("email", sa.Text),
        sa.ForeignKeyConstraint(["who"], ["auth.account.id" if by_text else account.c.id]),
        sa.ForeignKeyConstraint(
            ["email"], ["auth.account.email" if by_text else account.c.email], onupdate="CASCADE"
        ),
    )
    sides = await comparing.sides(models)
    assert ("auth", "account") not in sides.wanted.tables
    await comparing.apply(compare(sides.actual, sides.wanted), sides)
    await comparing.nothing_to_do(await comparing.sides(models))
    tables = await comparing.driver.fetchval("SELECT count(*) FROM auth.account")
    assert tables == 0


async def test_a_foreign_key_to_no_table(comparing: Comparing):
    models = sa.MetaData()
    sa.Table("note", models, sa.Column("who", sa.BigInteger, sa.ForeignKey("auth.acount.id")))
    with pytest.raises(RefusedModelsError) as caught:
        await comparing.sides(models)
    [refused] = caught.value.refused
    assert (refused.subject, refused.part) == ("table note", "foreign key (who)")
    assert refused.reason == (
        "it refers to auth.acount, which exists neither in the models nor in the database"
    )
    assert "are all models imported" in str(refused.hint)
    assert not comparing.driver.is_in_transaction()


async def test_a_foreign_key_that_gives_no_type(comparing: Comparing):
    await comparing.driver.execute("CREATE TABLE legacy (code text PRIMARY KEY)")
    models = sa.MetaData()
    sa.Table("t", models, sa.Column("code", sa.ForeignKey("legacy.code")))
    with pytest.raises(RefusedModelsError) as caught:
        await comparing.sides(models)
    [refused] = caught.value.refused
    assert (refused.subject, refused.part) == ("table t", None)
    assert refused.reason == (
        "the foreign key (code) refers to public.legacy, which is not in the models, so that the type of"
        " the column is unknown"
    )
    assert "give the column a type" in str(refused.hint)


async def test_a_table_of_the_same_schema_that_no_model_has(comparing: Comparing):
    await comparing.driver.execute("CREATE TABLE legacy (code text PRIMARY KEY)")
    models = sa.MetaData()
    sa.Table("t", models, sa.Column("code", sa.Text, sa.ForeignKey("legacy.code")))
    sides = await comparing.sides(models)
    assert ("public", "legacy") in sides.actual.tables
    assert ("public", "legacy") not in sides.wanted.tables


@pytest.mark.parametrize(
    "tenant", ["acme", "Größe & Söhne", 'x"; DROP SCHEMA public; --', "select"]
)
async def test_schemas_are_translated(comparing: Comparing, tenant):
    places = {None: tenant, "auth": f"{tenant} auth"}
    options = {"schema_translate_map": places}
    models = (accounts(), orders(default="new"))
    sides = await comparing.sides(*models, **options)
    assert sides.wanted.schemas == {tenant, f"{tenant} auth", "public"}
    await comparing.apply(compare(sides.actual, sides.wanted), sides)
    after = await comparing.sides(*models, **options)
    await comparing.nothing_to_do(after)
    assert ObjectName(tenant, "order") in after.actual.tables
    assert not await comparing.driver.fetch("SELECT FROM pg_tables WHERE schemaname = 'public'")


async def test_the_setting_of_schemas(project, database_url, pg):
    await pg.execute("CREATE SCHEMA acme; CREATE TABLE acme.t (id int)")
    project.revision("a1", upgrade="op.execute('SELECT 1')")
    models = sa.MetaData()
    sa.Table("t", models, sa.Column("id", sa.Integer))
    settings = project.settings(url=database_url, schema_translate_map={None: "acme"})
    migrator = Migrator(settings=settings, target_metadata=models)
    await migrator.upgrade()
    assert (await migrator.check()).ok


@pytest.mark.parametrize("schema", [None, "auth"])
async def test_a_translation_that_no_model_needs(comparing: Comparing, schema):
    models = sa.MetaData(schema=schema)
    sa.Table("t", models, sa.Column("id", sa.Integer))
    places = {None: "acme"} if schema else {"tenant": "acme"}
    sides = await comparing.sides(models, schema_translate_map=places)
    assert list(sides.wanted.tables) == [(schema or "public", "t")]


async def test_extensions_functions_and_sequences(comparing: Comparing):
    await comparing.driver.execute(
        "CREATE SCHEMA lib; CREATE EXTENSION citext SCHEMA lib;"
        "CREATE FUNCTION lib.next(text) RETURNS int LANGUAGE sql RETURN 1;"
        "CREATE SEQUENCE lib.numbers; SET search_path = public, lib"
    )
    models = sa.MetaData()
    sa.Table(
        "t",
        models,
        sa.Column("name", CITEXT, index=True),
        sa.Column("a", sa.Integer, server_default=sa.text("lib.next('x')")),
        sa.Column("b", sa.Integer, server_default=sa.text("next('x')")),
        sa.Column("c", sa.Integer, server_default=sa.text("nextval('numbers')")),
        sa.CheckConstraint("next(name::text) > 0"),
    )
    after = await comparing.build(models)
    columns = after.wanted.tables[ObjectName("public", "t")].columns
    assert columns["b"].default == "lib.next('x'::text)"
    assert columns["c"].default == "nextval('lib.numbers'::regclass)"


async def test_everything_of_the_users_may_be_locked(comparing: Comparing, pg, monkeypatch):
    """Only reading takes locks, and only those of a SELECT: building needs none."""
    await comparing.build(accounts(), orders())
    reading = anyio.Event()
    build = scratch_schemas.build_and_read

    async def announced(*arguments, **keywords):
        reading.set()
        with anyio.fail_after(60):
            await locked.wait()
        return await build(*arguments, **keywords)

    locked = anyio.Event()
    monkeypatch.setattr("asyncmig.shadow.read_sides.build_and_read", announced)
    tables = await pg.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'auth')"
    )
    models = orders()
    sa.Table("extra", models, sa.Column("who", sa.BigInteger, sa.ForeignKey("auth.account.id")))
    async with anyio.create_task_group() as group:
        found = []

        async def compared() -> None:
            found.append(await comparing.sides(models))

        group.start_soon(compared)
        await reading.wait()
        async with pg.transaction():
            await pg.execute(
                f"LOCK TABLE {', '.join(row['name'] for row in tables)} IN ACCESS EXCLUSIVE MODE NOWAIT"
            )
            held = await pg.fetchval(
                "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND pid = pg_backend_pid()"
            )
            assert held >= len(tables)
            locked.set()
            with anyio.fail_after(60):
                while not found:
                    await anyio.sleep(0.02)
    assert ObjectName("public", "extra") in found[0].wanted.tables


async def test_reading_waits_no_longer_than_the_server_lets_it(comparing: Comparing, pg):
    await comparing.driver.execute(
        "CREATE TABLE t (a int CHECK (a > 0)); SET lock_timeout = '50ms'"
    )
    models = sa.MetaData()
    sa.Table("t", models, sa.Column("a", sa.Integer))
    async with pg.transaction():
        await pg.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseError, match=r"lock_timeout \(50ms\)"):
            await comparing.sides(models)
    await comparing.sides(models)
