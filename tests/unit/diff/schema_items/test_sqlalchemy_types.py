"""The server's types as SQLAlchemy's, and which of them need a cast."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.catalog.model import Catalog, Enum, TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.schema_items.casts import converted, needs_cast
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family, sql_type

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
        ("interval", "INTERVAL"),
        ("time without time zone", "TIME WITHOUT TIME ZONE"),
        ("bit(3)", "BIT(3)"),
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
        ("integer", "money[]", "CASE WHEN v IS NOT NULL THEN ARRAY[v]::money[] END"),
        ("uuid", "integer[]", "CASE WHEN v IS NOT NULL THEN ARRAY[v::text]::integer[] END"),
    ],
)
def test_casts(before, after, using):
    old, new = (built_in(text, array=text.endswith("[]")) for text in (before, after))
    found = converted("v", old, new, after) if needs_cast(old, new) else None
    assert found == using


MOOD = TypeName(text="shop.mood", name=ObjectName("shop", "mood"), kind="e")
MOODS = TypeName(text="shop.mood[]", name=ObjectName("shop", "mood"), kind="e", array=True)
HSTORE = TypeName(text="public.hstore", name=ObjectName("public", "hstore"))


@pytest.mark.parametrize(
    ("before", "after", "using"),
    [
        (built_in("text"), MOOD, "v::text::t"),
        (built_in("integer[]", array=True), MOOD, "v[1]::text::t"),
        (MOOD, MOODS, "CASE WHEN v IS NOT NULL THEN ARRAY[v::text]::t END"),
        (MOODS, MOOD, "v[1]::text::t"),
        (MOODS, MOODS, "v::text[]::t"),
        (HSTORE, built_in("jsonb"), "v::t"),
        (HSTORE, built_in("uuid"), "v::text::t"),
    ],
)
def test_casts_of_other_types(before, after, using):
    """An enum type may be replaced under its name, so that its values are converted as text."""
    assert converted("v", before, after, "t") == using


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("timestamp(3) without time zone", "timestamp with time zone", False),
        ("character(3)", "text", False),
        ("smallint", "numeric(8,2)", False),
        ("date", "timestamp without time zone", True),
        ("uuid", "text", True),
    ],
)
def test_families_of_types(before, after, changes):
    """Within a family, constraints and indexes of the column are kept."""
    assert changes_family(built_in(before), built_in(after)) is changes


def test_a_type_outside_the_families_is_one_by_itself():
    assert changes_family(HSTORE, built_in("text"))
    assert not changes_family(HSTORE, HSTORE)
