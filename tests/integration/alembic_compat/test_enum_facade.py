"""Scripts of alembic-postgresql-enum, with and without that package."""

import pytest

from asyncmig import Migrator

SETUP = """
    op.execute('''
        CREATE TYPE "Mood" AS ENUM ('sad', 'ok');
        CREATE TABLE person (a "Mood" DEFAULT 'ok', b "Mood"[] DEFAULT '{ok}', c "Mood");
        CREATE INDEX ix_person_c ON person (c);
        INSERT INTO person VALUES ('sad', '{sad,ok}', 'ok')
    ''')
"""
NEW = """
    op.sync_enum_values(
        enum_schema="public",
        enum_name="Mood",
        new_values=["ok", "happy", "it's sad"],
        affected_columns=[
            TableReference(table_schema="public", table_name="person", column_name="a"),
            TableReference(table_name="person", column_name="b", column_type=ColumnType.ARRAY),
            TableReference("person", "c"),
        ],
        enum_values_to_rename=[("sad", "it's sad")],
    )
"""
OLD = 'op.sync_enum_values("public", "Mood", ["sad", "ok", "new"], [("person", "a"), ("person", "c")])'


@pytest.fixture
def upgrade(project, database_url):
    async def run(*bodies):
        for number, body in enumerate(bodies):
            project.revision(
                f"a{number}",
                down=f"a{number - 1}" if number else None,
                header="from alembic import op\nfrom alembic_postgresql_enum import *",
                signature="def {name}():",
                upgrade=body,
            )
        return await Migrator(settings=project.settings(url=database_url)).upgrade()

    return run


async def test_values_are_renamed_and_added_and_defaults_kept(upgrade, pg):
    await upgrade(SETUP, NEW)

    assert [
        tuple(row) for row in await pg.fetch("SELECT a::text, b::text[], c::text FROM person")
    ] == [("it's sad", ["it's sad", "ok"], "ok")]
    assert await pg.fetchval('SELECT enum_range(NULL::"Mood")::text[]') == [
        "ok",
        "happy",
        "it's sad",
    ]
    await pg.execute("INSERT INTO person DEFAULT VALUES")
    assert await pg.fetchval("SELECT count(*) FROM person WHERE a = 'ok'") == 1
    assert await pg.fetchval("SELECT to_regtype('\"Mood_old\"')") is None


async def test_pairs_of_table_and_column_as_in_older_scripts(upgrade, pg):
    await upgrade(SETUP, 'op.execute("ALTER TABLE person DROP COLUMN b")', OLD)

    assert await pg.fetchval('SELECT enum_range(NULL::"Mood")::text[]') == ["sad", "ok", "new"]
    assert await pg.fetchval("SELECT a::text FROM person") == "sad"


INDEXES = r"""
    from alembic_postgresql_enum.get_enum_data import ColumnType
    from alembic_postgresql_enum.sql_commands.indexes import TableIndex

    op.execute('CREATE INDEX "Ix" ON person (a) WHERE (a = \'sad\'::"Mood")')
    op.sync_enum_values(
        enum_schema="public",
        enum_name="Mood",
        new_values=["it's: sad", "ok"],
        affected_columns=[("person", "a"), ("person", "b", ColumnType.ARRAY), ("person", "c")],
        enum_values_to_rename=[("sad", "it's: sad")],
        indexes_to_recreate=[
            TableIndex(
                name='public."Ix"',
                definition='CREATE INDEX "Ix" ON public.person (a) WHERE (a = \'sad\'::public."Mood")',
            )
        ],
    )
"""
ADDED = """
    op.add_enum_value(enum_schema="public", enum_name="Mood", new_value="calm", before_value="ok")
    op.add_enum_value("public", "Mood", "last")
    op.add_enum_value("Mood", "later", after="last", schema="public")
"""


async def test_indexes_with_a_label_in_their_condition(upgrade, pg):
    await upgrade(
        SETUP,
        INDEXES,
    )

    assert "it''s: sad" in await pg.fetchval("SELECT pg_get_indexdef('\"Ix\"'::regclass)")
    assert await pg.fetchval("SELECT b::text[] FROM person") == ["it's: sad", "ok"]


async def test_values_are_added_with_the_arguments_of_either(upgrade, pg):
    await upgrade(SETUP, ADDED)

    assert await pg.fetchval('SELECT enum_range(NULL::"Mood")::text[]') == [
        *("sad", "calm", "ok", "last", "later")
    ]
