"""What becomes of values when a column's type changes: PostgreSQL is asked about every pair of types."""

from __future__ import annotations

from itertools import permutations

import asyncpg
import pytest

from asyncmig.catalog.model import TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.casts import converted, needs_cast
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family

BUILT_IN = [
    *("smallint", "integer", "bigint", "real", "double precision", "numeric(8,2)", "money"),
    *("boolean", "text", "character varying(20)", "character(5)", "bytea", "uuid", "json", "jsonb"),
    *("date", "timestamp without time zone", "timestamp(3) with time zone", "interval"),
    *("time without time zone", "time with time zone", "inet", "cidr", "macaddr", "macaddr8"),
    *("bit(5)", "bit varying(5)", "point", "box", "path", "polygon", "circle", "lseg"),
    *("int4range", "int4multirange", "tstzrange", "tstzmultirange", "tsvector", "xml"),
    *("integer[]", "text[]", "jsonb[]", "boolean[]", "timestamp without time zone[]"),
]


def named(text: str) -> TypeName:
    if text.startswith("public."):
        kind = "b" if text == "public.hstore" else "e"
        return TypeName(text=text, name=ObjectName("public", text[7:]), kind=kind)
    name = ObjectName("pg_catalog", text.removesuffix("[]"))
    return TypeName(text=text, name=name, array=text.endswith("[]"))


@pytest.mark.slow
async def test_using_stands_where_postgresql_wants_it(pg):
    await pg.execute("CREATE TYPE mood AS ENUM ('a'); CREATE TYPE state AS ENUM ('a')")
    wrong = []
    for before, after in permutations([*BUILT_IN, "public.mood", "public.state"], 2):
        old, new = named(before), named(after)
        if not changes_family(old, new):
            continue
        for using in ("", f" USING {converted('v', old, new, after)}"):
            sql = f"CREATE TABLE t (v {before}); ALTER TABLE t ALTER v TYPE {after}{using}"
            await pg.execute("BEGIN")
            try:
                await pg.execute(sql)
            except asyncpg.PostgresError as error:
                if using or not needs_cast(old, new):
                    wrong.append(f"{sql}: {error}")
            else:
                if not using and needs_cast(old, new):
                    wrong.append(f"{sql}: accepted")
            await pg.execute("ROLLBACK")
    assert not wrong, "\n".join(wrong)


@pytest.mark.cells(6)
@pytest.mark.parametrize(
    ("before", "values", "after", "became", "back"),
    [
        ("boolean", ["true", "false"], "smallint", ["1", "0"], True),
        ("boolean", ["true", "false"], "integer", ["1", "0"], True),
        ("integer", ["7", "0"], "boolean", ["true", "false"], False),
        ("numeric", ["0.5", "0"], "boolean", ["true", "false"], False),
        ("text[]", ["{}", '{a,"b c"}'], "jsonb", ["[]", '["a", "b c"]'], True),
        ("integer[]", ["{1,2}"], "json", ["[1,2]"], True),
        ("integer", ["5"], "integer[]", ["{5}"], True),
        ("text", ["7"], "integer[]", ["{7}"], False),
        ("text", ["[1]"], "jsonb", ["[1]"], True),
        ("jsonb", ["7"], "integer", ["7"], True),
        ("public.hstore", ["a=>1"], "jsonb", ['{"a": "1"}'], False),
        ("timestamp without time zone", ["2026-01-02 03:04:05"], "date", ["2026-01-02"], False),
        (
            "timestamp with time zone",
            ["2026-01-02 03:04:05+00"],
            "time without time zone",
            ["03:04:05"],
            False,
        ),
        ("public.mood", ["a"], "public.state", ["a"], True),
        ("text", ["a"], "public.mood", ["a"], True),
        ("text[]", ["{7,8}"], "integer[]", ["{7,8}"], True),
        ("boolean[]", ["{t}"], "text[]", ["{true}"], True),
    ],
)
async def test_values_move_over(pg, before, values, after, became, back):
    await pg.execute(
        "SET TimeZone = 'UTC'; CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('a');"
        "CREATE TYPE state AS ENUM ('a');"
        f"CREATE TABLE t (id serial, v {before})"
    )
    for value in (*values, None):
        await pg.execute("INSERT INTO t (v) SELECT $1::text" + f"::{before}", value)

    async def rows() -> list[str | None]:
        return [row["v"] for row in await pg.fetch("SELECT v::text FROM t ORDER BY id")]

    there = await rows()
    for source, target, expected in ((before, after, [*became, None]), (after, before, there)):
        old, new = named(source), named(target)
        using = f" USING {converted('v', old, new, target)}" if needs_cast(old, new) else ""
        await pg.execute(f"ALTER TABLE t ALTER v TYPE {target}{using}")
        assert await rows() == expected
        if not back:
            break
