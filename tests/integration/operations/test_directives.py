"""Directives do on a server what they say, and their reverse leaves nothing behind."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from asyncmig import Migrator
from asyncmig.operations.facade import Operations
from support.recording_sink import RecordingSink, record

SUMMARY = """
SELECT 'relation', n.nspname, c.relname, c.relkind::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'type', n.nspname, t.typname, t.typtype::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'function', n.nspname, p.proname, p.prosrc
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
UNION ALL SELECT 'schema', nspname, '', '' FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
UNION ALL SELECT 'extension', extname, extversion, '' FROM pg_extension
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
UNION ALL SELECT 'policy', polrelid::regclass::text, polname, polcmd::text FROM pg_policy
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid <> 0
UNION ALL SELECT 'partition', relname, pg_get_expr(relpartbound, oid), '' FROM pg_class
WHERE relispartition
UNION ALL SELECT 'rights', relname, relacl::text, relrowsecurity::text || relforcerowsecurity::text
FROM pg_class WHERE relacl IS NOT NULL AND relnamespace = 'public'::regnamespace
UNION ALL SELECT 'comment', objoid::text, objsubid::text, description FROM pg_description
WHERE classoid = 'pg_class'::regclass AND objoid > 16384
ORDER BY 1, 2, 3, 4
"""


def tables(op):
    op.create_table(
        "author",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, comment="as on the cover"),
        comment="who writes",
    )
    op.create_table(
        "book",
        sa.Column("id", sa.Integer, autoincrement=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id", ondelete="CASCADE")),
        sa.Column("pages", sa.Integer, sa.CheckConstraint("pages > 0", name="ck_pages")),
        sa.Column("data", postgresql.JSONB, server_default=sa.text("'{}'")),
        sa.Column("twice", sa.Integer, sa.Computed("pages * 2")),
        sa.Column("kind", sa.Text, unique=True),
        sa.PrimaryKeyConstraint("id", name="pk_book"),
        sa.ForeignKeyConstraint(["pages"], ["author.id"], name="fk_odd"),
    )


def columns(op):
    op.add_column("book", sa.Column("isbn", sa.Text, unique=True))
    op.add_column("book", sa.Column("rank", sa.Integer, sa.Identity(always=True, start=7)))
    op.alter_column("book", "pages", new_column_name="page_count", existing_type=sa.Integer())
    op.alter_column(
        "book",
        "isbn",
        type_=sa.String(20),
        existing_type=sa.Text(),
        nullable=False,
        existing_nullable=True,
        server_default="n/a",
        existing_server_default=None,
        comment="of the edition",
        existing_comment=None,
    )


def constraints(op):
    op.create_unique_constraint("uq", "book", ["author_id", "pages"])
    op.create_check_constraint("ck", "book", sa.column("pages") < 5000, postgresql_not_valid=True)
    op.create_foreign_key(
        "fk", "book", "author", ["id"], ["id"], deferrable=True, initially="DEFERRED"
    )
    op.create_exclude_constraint(
        "ex", "book", ("author_id", "="), where="pages > 10", using="btree"
    )
    op.create_primary_key("pk", "keyless", ["a"])
    op.validate_constraint("ck", "book")


def indexes(op):
    op.create_index("ix_1", "book", ["author_id", sa.text("pages DESC")], unique=True)
    op.create_index(
        "ix_2", "book", ["data"], postgresql_using="gin", postgresql_ops={"data": "jsonb_path_ops"}
    )
    op.create_index(
        "ix_3", "author", [sa.func.lower(sa.column("name"))], postgresql_where=sa.column("id") > 5
    )
    op.create_index(
        "ix_4", "author", ["id"], postgresql_include=["name"], postgresql_with={"fillfactor": 70}
    )


def schemas(op):
    op.create_schema("shop", authorization="current_user")
    op.create_schema("Odd Name", if_not_exists=True)


def extensions(op):
    op.create_extension("pg_trgm", schema="public", if_not_exists=True)
    op.create_extension("citext")


def sequences(op):
    op.create_sequence(
        "s",
        data_type=sa.Integer,
        start=5,
        increment=2,
        minvalue=1,
        maxvalue=False,
        cache=3,
        cycle=True,
        owned_by="book.id",
    )
    op.create_sequence("down", increment=-1, minvalue=False)


def enums(op):
    op.create_enum("mood", ["sad", "it's ok"])
    op.create_enum("Mood", ["a"], schema="public")
    op.rename_enum_value("mood", "sad", "blue")
    op.rename_enum("mood", "feeling")


def views(op):
    op.create_view("thick", "SELECT id, pages FROM book WHERE pages > 500;", columns=["a", "b"])
    op.create_view(
        "safe",
        sa.select(sa.column("id")).select_from(sa.table("book")).where(sa.column("pages") > 5),
        options={"security_barrier": True},
    )
    op.create_materialized_view(
        "sums", "SELECT author_id, sum(pages) FROM book GROUP BY 1", with_data=False
    )


def functions(op):
    op.create_function(
        "touch",
        returns="trigger",
        body="BEGIN NEW.pages := NEW.pages; RETURN NEW; END",
        security_definer=True,
        settings={"search_path": "public, pg_temp"},
    )
    op.create_function(
        "add",
        "a integer, b integer DEFAULT (1 + 2), c text = 'x,y'",
        returns="integer",
        language="sql",
        volatility="immutable",
        strict=True,
        parallel="safe",
        body="SELECT $1 + $2 -- $$ $body$",
    )


def triggers(op):
    op.create_trigger(
        "t1", "book", "before", ["insert", "update of pages"], "noop()", when="NEW.pages > 5"
    )
    op.create_trigger(
        "t2",
        "book",
        "after",
        "delete",
        "noop()",
        for_each="statement",
        referencing="OLD TABLE AS o",
    )
    op.create_trigger(
        "t3",
        "book",
        "after",
        "update",
        "noop()",
        constraint=True,
        deferrable=True,
        initially="deferred",
    )


def policies(op):
    op.enable_rls("book", force=True)
    op.create_policy("p1", "book", using="pages > 5", check="pages > 6", roles=["public"])
    op.create_policy(
        "p2", "book", permissive=False, command="select", roles="current_user", using="true"
    )


def grants(op):
    op.grant(
        ["select", "update (pages)"], "book", "public", schema="public", with_grant_option=False
    )
    op.grant("usage", "public", "current_user", kind="schema", with_grant_option=True)
    op.grant("execute", "noop()", "public", kind="function")
    op.grant("select", "public", "public", kind="all tables in schema")


def partitions(op):
    op.attach_partition("sale", "sale_1", "FROM (1) TO (10)")
    op.attach_partition("sale", "sale_rest", "DEFAULT")


GROUND = [
    "CREATE TABLE keyless (a integer NOT NULL)",
    "CREATE TABLE author (id integer PRIMARY KEY, name text)",
    "CREATE TABLE book (id integer PRIMARY KEY, author_id integer, pages integer, data jsonb)",
    "CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE sale (id integer) PARTITION BY RANGE (id)",
    "CREATE TABLE sale_1 (id integer)",
    "CREATE TABLE sale_rest (id integer)",
    # every relation has rights of its own, so that taking some away is seen
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO CURRENT_USER",
]

SCRIPTS = [
    (tables, []),
    (columns, GROUND[:7]),
    (constraints, GROUND),
    (indexes, GROUND),
    (schemas, []),
    (extensions, []),
    (sequences, GROUND),
    (enums, []),
    (views, GROUND),
    (functions, GROUND),
    (triggers, GROUND),
    (policies, GROUND),
    (grants, GROUND),
    (partitions, GROUND),
]
IRREVERSIBLE = {"validate_constraint"}


@pytest.mark.cells(5)
@pytest.mark.parametrize(("script", "ground"), SCRIPTS, ids=[s.__name__ for s, _ in SCRIPTS])
async def test_there_and_back(pg, script, ground):
    for sql in ground:
        await pg.execute(sql)
    before = await pg.fetch(SUMMARY)
    forward = record(script)
    for sql in forward.sql:
        await pg.execute(sql)
    assert await pg.fetch(SUMMARY) != before
    await undo(pg, forward)
    assert await pg.fetch(SUMMARY) == before


@pytest.mark.cells(4)
@pytest.mark.parametrize(("script", "ground"), SCRIPTS, ids=[s.__name__ for s, _ in SCRIPTS])
async def test_there_back_and_there_again(pg, script, ground):
    for sql in ground:
        await pg.execute(sql)
    forward = record(script)
    for sql in forward.sql:
        await pg.execute(sql)
    after = await pg.fetch(SUMMARY)
    backward = await undo(pg, forward)
    await undo(pg, backward)
    assert comparable(await pg.fetch(SUMMARY)) == comparable(after)


async def undo(pg, done: RecordingSink) -> RecordingSink:
    sink = RecordingSink()
    op = Operations(sink)
    for operation in reversed(done.operations):
        if operation.directive not in IRREVERSIBLE:
            op.invoke(operation.reverse())
    for sql in sink.sql:
        await pg.execute(sql)
    return sink


def comparable(rows):
    """Rows without what differs between two objects of one definition: numbers, and a validation."""
    return sorted(
        tuple(re.sub(r"\d{4,}|^\d$| NOT VALID", "", str(value)) for value in row) for row in rows
    )


async def test_enum_values_are_added_in_place(pg):
    def script(op):
        op.create_enum("mood", ["sad", "happy"])
        op.add_enum_value("mood", "it's ok", before="happy")
        op.add_enum_value("mood", "elated", after="happy")
        op.add_enum_value("mood", "elated", if_not_exists=True)

    for sql in record(script).sql:
        await pg.execute(sql)
    labels = await pg.fetchval("SELECT enum_range(NULL::mood)::text[]")
    assert labels == ["sad", "it's ok", "happy", "elated"]


async def test_sequences_change(pg):
    def script(op):
        op.create_sequence("s", start=5)
        op.alter_sequence("s", restart=50, increment=10, cache=2, cycle=False, owned_by=False)
        op.alter_sequence("s", restart=True, if_exists=True, maxvalue=1000, minvalue=1)

    for sql in record(script).sql:
        await pg.execute(sql)
    assert await pg.fetchval("SELECT nextval('s')") == 5
    assert await pg.fetchval("SELECT nextval('s')") == 15


async def test_views_are_replaced_and_refreshed(pg):
    def script(op):
        op.create_view("v", "SELECT 1 AS a")
        op.replace_view("v", "SELECT 2 AS a, 3 AS b", options={"security_barrier": True})
        op.create_materialized_view("m", "SELECT a FROM v", with_data=False, if_not_exists=True)
        op.create_index("ix", "m", ["a"], unique=True)
        op.refresh_materialized_view("m")
        op.refresh_materialized_view("m", concurrently=True)

    for sql in record(script).sql:
        await pg.execute(sql)
    assert await pg.fetchval("SELECT a FROM m") == 2


async def test_partitions_are_detached_concurrently(pg):
    for sql in GROUND:
        await pg.execute(sql)
    sink = record(
        lambda op: (
            op.attach_partition("sale", "sale_1", "FOR VALUES FROM (1) TO (10)"),
            op.detach_partition("sale", "sale_1", concurrently=True),
        )
    )
    assert [statement.autocommit for statement in sink.statements] == [None, True]
    for sql in sink.sql:
        await pg.execute(sql)
    assert await pg.fetchval("SELECT count(*) FROM pg_inherits") == 0


async def test_generated_columns_on_this_server(pg):
    major = pg.get_server_version().major
    table = [
        sa.Column("a", sa.Integer),
        sa.Column("stored", sa.Integer, sa.Computed("a * 2", persisted=True)),
        sa.Column("either", sa.Integer, sa.Computed("a * 3")),
    ]
    for version in (None, (major,)):
        sink = record(
            lambda op: op.create_table("t", *[c._copy() for c in table]), server_version=version
        )
        await pg.execute(sink.sql[0])
        kinds = await pg.fetchval(
            "SELECT string_agg(attgenerated::text, '' ORDER BY attnum) FROM "
            "pg_attribute WHERE attrelid = 't'::regclass AND attnum > 1"
        )
        assert kinds == ("sv" if version and major >= 18 else "ss")
        await pg.execute("DROP TABLE t")


async def test_generation_expressions_change(pg):
    def script(op):
        op.create_table(
            "t", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer, sa.Computed("a * 2"))
        )
        op.alter_column("t", "b", server_default=None, existing_server_default=sa.Computed("a * 2"))

    for sql in record(script).sql:
        await pg.execute(sql)
    await pg.execute("INSERT INTO t VALUES (1, 7)")
    assert await pg.fetchval("SELECT b FROM t") == 7


@pytest.mark.parametrize("rows", [None, 10])
async def test_the_estimated_rows_of_a_function_are_a_number(project, database_url, pg, rows):
    project.revision(
        "a1",
        upgrade=f"""
            op.create_function(
                "several", "", body="SELECT 1", returns="SETOF int", language="sql", rows={rows}
            )
        """,
    )
    await Migrator(database_url, script_location=project.script_location).upgrade()
    found = await pg.fetchval("SELECT prorows FROM pg_proc WHERE proname = 'several'")
    assert found == (rows or 1000)
