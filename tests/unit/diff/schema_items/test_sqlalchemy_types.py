"""The server's types as SQLAlchemy's, and which of them need a cast."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.catalog.model import Catalog, Enum, TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.schema_items.casts import converted, needs_cast
from asyncmig.diff.schema_items.sqlalchemy_types import sql_type

CATALOG = Catalog(
    default_schema="public",
    enums={ObjectName("shop", "mood"): Enum(name=ObjectName("shop", "mood"), labels=("a", "b"))},
)


def built_in(text: str, *, array: bool = False) -> TypeName:
    return TypeName(text=text, name=ObjectName("pg_catalog", text.removesuffix("[]")), array=array)


def ddl(type_: TypeName, collation: str | None = None) -> str:
    return sql_type(type_, collation, CATALOG).compile(dialect=MigrationDialect())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("integer", "INTEGER"),
        ("character varying(50)", "VARCHAR(50)"),
        ("character varying", "VARCHAR"),
        ("character(3)", "CHAR(3)"),
        ("numeric(8,2)", "NUMERIC(8, 2)"),
        ("numeric", "NUMERIC"),
        ("timestamp(3) with time zone", "TIMESTAMP(3) WITH TIME ZONE"),
        ("timestamp without time zone", "TIMESTAMP WITHOUT TIME ZONE"),
        ("time(2) with time zone", "TIME(2) WITH TIME ZONE"),
        ("interval(2)", "INTERVAL (2)"),
        ("bit varying(4)", "BIT VARYING(4)"),
        ("double precision", "DOUBLE PRECISION"),
        ("interval day to second", "interval day to second"),
        ("pg_lsn", "pg_lsn"),
    ],
)
def test_built_in_types(text, written):
    assert ddl(built_in(text)) == written


def test_arrays_collations_and_types_of_ones_own():
    assert ddl(built_in("text[]", array=True)) == "TEXT[]"
    assert ddl(built_in("text"), 'pg_catalog."C"') == 'TEXT COLLATE "C"'
    mood = TypeName(text="shop.mood", name=ObjectName("shop", "mood"), kind="e")
    found = sql_type(mood, None, CATALOG)
    assert isinstance(found, pgs.ENUM)
    assert (found.enums, found.schema, found.create_type) == (["a", "b"], "shop", False)
    vector = TypeName(text="public.vector(3)", name=ObjectName("public", "vector"))
    assert ddl(vector) == "vector(3)"
    citext = TypeName(text="public.citext", name=ObjectName("public", "citext"))
    assert ddl(citext) == "CITEXT"
    assert ddl(citext, 'pg_catalog."C"') == 'citext COLLATE pg_catalog."C"'


@pytest.mark.parametrize(
    ("collation", "written"),
    [
        ("public.nordic", "TEXT COLLATE nordic"),
        ('public."My Coll"', 'TEXT COLLATE "My Coll"'),
        ('public."s.co"', 'TEXT COLLATE "s.co"'),
        ("s.co", "text COLLATE s.co"),
        ('s."My"', 'text COLLATE s."My"'),
        ('"My S"."My"', 'text COLLATE "My S"."My"'),
        ('public."a""b"', 'text COLLATE "a""b"'),
    ],
)
def test_collations_of_ones_own(collation, written):
    assert ddl(built_in("text"), collation) == written
    sized, words = (
        TypeName(text="character(3)", name=ObjectName("pg_catalog", "bpchar")),
        written[5:],
    )
    assert ddl(sized, collation) == f"{'CHAR' if 'TEXT' in written else 'character'}(3) {words}"


def test_a_default_schema_that_needs_quotes():
    vector = TypeName(text='"Acme".vector(3)', name=ObjectName("Acme", "vector"))
    found = sql_type(vector, '"Acme".nordic', Catalog(default_schema="Acme"))
    assert found.compile(dialect=MigrationDialect()) == "vector(3) COLLATE nordic"


@pytest.mark.parametrize(
    ("before", "after", "using"),
    [
        ("integer", "bigint", None),
        ("text", "integer", "v::integer"),
        ("integer", "text", None),
        ("date", "timestamp with time zone", None),
        ("json", "jsonb", None),
        ("uuid", "jsonb", "v::text::jsonb"),
        ("character varying(5)", "text", None),
        ("boolean", "bigint", "v::integer::bigint"),
        ("bigint", "boolean", "v <> 0"),
        ("text[]", "jsonb", "to_jsonb(v)"),
        ("jsonb", "text[]", "translate(v::text, '[]', '{}')::text[]"),
        ("integer[]", "integer", "v[1]::integer"),
        ("uuid[]", "integer[]", "v::text[]::integer[]"),
        ("uuid[]", "integer", "v::text::integer"),
    ],
)
def test_casts(before, after, using):
    old, new = (built_in(text, array=text.endswith("[]")) for text in (before, after))
    found = converted("v", old, new, after) if needs_cast(old, new) else None
    assert found == using
