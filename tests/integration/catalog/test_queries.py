"""What a join prints of plain indexes is what the server prints."""

from __future__ import annotations

import asyncpg

from asyncmig.catalog.object_name import ObjectName
from asyncmig.catalog.reading import catalog_of, read_rows

TABLES = """
CREATE SCHEMA "Odd s";
CREATE EXTENSION citext;
CREATE TYPE "Odd s".mood AS ENUM ('sad', 'ok');
CREATE TABLE public.plain (id bigint, "Name" text, "select" int, c citext, at timestamptz, tags text[],
                           doc jsonb, r int4range, m "Odd s".mood, v varchar(9) COLLATE "C");
CREATE TABLE "Odd s"."T t" (LIKE public.plain);
CREATE TABLE public.parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE public.part PARTITION OF public.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE MATERIALIZED VIEW public.seen AS SELECT id FROM public.plain;
"""

INDEXES = (
    "(id)",
    '("Name", "select")',
    "(c, m)",
    "(v)",
    '(v COLLATE "POSIX")',
    "(id DESC)",
    "(id NULLS FIRST, at DESC NULLS LAST)",
    '(lower("Name"))',
    "(id, (at IS NULL))",
    '(id) INCLUDE ("Name", at)',
    "(id) WHERE at IS NULL",
    "(id) WITH (fillfactor = 70)",
    '("Name" text_pattern_ops)',
    "USING hash (id)",
    "USING gin (tags)",
    "USING gin (doc jsonb_path_ops)",
    "USING gist (r)",
    "USING gist (to_tsvector('simple'::regconfig, v) tsvector_ops (siglen = 100))",
    "USING brin (at) WITH (pages_per_range = 8)",
    "USING brin (id int8_minmax_multi_ops (values_per_range = 16))",
    'USING spgist ("Name")',
)


async def test_every_kind_of_index(pg: asyncpg.Connection, server):
    await pg.execute(TABLES)
    number = 0
    for table in ("public.plain", '"Odd s"."T t"'):
        for index in (*INDEXES, *(("(id) NULLS NOT DISTINCT",) if server.major >= 15 else ())):
            unique = "UNIQUE" if "USING" not in index and number % 2 else ""
            unique = "UNIQUE" if "DISTINCT" in index else unique
            await pg.execute(f'CREATE {unique} INDEX "Ix {number}" ON {table} {index}')
            number += 1
    await pg.execute("CREATE INDEX ON public.parts (id); CREATE INDEX ON ONLY public.parts (at)")
    await pg.execute("ALTER TABLE public.plain ALTER COLUMN id SET STATISTICS 10")
    await pg.execute("SET search_path = ''")
    rows = await read_rows(pg.fetch, ["public", "Odd s"])
    catalog = catalog_of(rows, default_schema="public")
    printed = await pg.fetch(
        "SELECT relname AS name, pg_get_indexdef(oid) AS text FROM pg_class WHERE relkind IN ('i', 'I')"
    )
    expected = {row["name"]: row["text"] for row in printed}
    found = [item for table in catalog.tables.values() for item in table.indexes.values()]
    assert len(found) == number + 2
    for index in found:
        assert index.definition == expected[index.name]
        assert index.definition.endswith(f" {index.body}")


async def test_reading_needs_no_lock_where_tables_are_plain(pg: asyncpg.Connection, database_url):
    """Only what names columns (CHECK, generated, partial and expression indexes) locks its table."""
    await pg.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, a text DEFAULT lower('X'), at timestamptz DEFAULT now(),"
        " up int UNIQUE REFERENCES t); CREATE INDEX ON t (a, at)"
    )
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        await pg.execute("SET lock_timeout = '1s'; SET search_path = ''")
        rows = await read_rows(pg.fetch, ["public"])
    await other.close()
    table = catalog_of(rows, default_schema="public").tables[ObjectName("public", "t")]
    assert list(table.columns) == ["id", "a", "at", "up"]
    assert len(table.indexes) == 1
