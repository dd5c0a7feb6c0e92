"""Tables and columns of a catalog as SQLAlchemy's."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from asyncmig.diff.schema_items.rename import Rename
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.schema_items.script_sql import unwrapped
from support.catalogs import COUNTING, catalog, column, name, primary_key, sql, table

FACTORY = SchemaItemFactory(catalog())
SERIAL = column("id", serial=True, nullable=False, options=COUNTING, sequence=name("t_id_seq"))
KEY = primary_key("id")


def created(*parts, table_name="t", **fields):
    (text,) = sql([FACTORY.create_table(table(table_name, *parts, **fields))])
    return text.removeprefix(f"CREATE TABLE {table_name} ")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"partition_key": "RANGE (n)"}, "PARTITION BY RANGE (n)"),
        ({"options": ("fillfactor=70",)}, "WITH (fillfactor = 70)"),
        ({"tablespace": "fast"}, "TABLESPACE fast"),
        ({"access_method": "columnar"}, "USING columnar"),
        ({"inherits": (name("base"),)}, "INHERITS (base)"),
    ],
)
def test_what_follows_the_columns(fields, expected):
    assert created(column("n"), **fields).endswith(expected)


def test_an_unlogged_table():
    assert created(column("n"), unlogged=True) == "CREATE UNLOGGED TABLE t ( n INTEGER )"


def test_inherited_columns_are_left_to_the_parents():
    parts = column("own"), column("inherited", local=False)
    assert created(*parts, inherits=(name("base"),)) == "( own INTEGER ) INHERITS (base)"
    elsewhere = created(*parts, inherits=(name("shop.base"),))
    assert elsewhere == "( own INTEGER, inherited INTEGER )"


@pytest.mark.parametrize(
    ("item", "parts", "expected"),
    [
        (SERIAL, (KEY,), "SERIAL"),
        (replace(SERIAL, serial=False, options=None, sequence=None), (KEY,), "INTEGER"),
        # what SQLAlchemy would call otherwise, or with other options, is attached afterwards
        (replace(SERIAL, sequence=name("numbers")), (KEY,), "INTEGER"),
        (replace(SERIAL, options=replace(COUNTING, increment=2)), (KEY,), "INTEGER"),
        (replace(SERIAL, options=replace(COUNTING, type="bigint")), (KEY,), "INTEGER"),
        (SERIAL, (), "INTEGER"),
        (SERIAL, (column("n"), primary_key("id", "n")), "SERIAL"),
    ],
)
def test_serial_keys(item, parts, expected):
    assert created(item, *parts).startswith(f"( id {expected} NOT NULL")


def test_the_identity_of_a_key_is_no_serial():
    identity = replace(SERIAL, serial=False, identity="always")
    assert created(identity, KEY).startswith("( id INTEGER GENERATED ALWAYS AS IDENTITY")


@pytest.mark.parametrize(
    ("default", "type_", "expected"),
    [
        ("'it''s'::text", "text", "it's"),
        ("'x'::bpchar", "character(3)", "x"),
        ("'2020-01-01'::date", "date", "2020-01-01"),
        ("'x'::public.mood", "text", sa.TextClause),
        ("'1 day'::interval", "interval", sa.TextClause),
        ("now()", "date", sa.TextClause),
        (None, "date", None),
    ],
)
def test_a_constant_of_the_type_of_its_column_is_a_string(default, type_, expected):
    found = FACTORY.default(column("c", type_, default=default))
    assert found == expected if not isinstance(expected, type) else isinstance(found, expected)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("(a > 0)", "a > 0"),
        ("a > 0", "a > 0"),
        ("(a) + (b)", "(a) + (b)"),
        ("((a) + (b))", "(a) + (b)"),
        ("(a = ')' OR b = '(')", "a = ')' OR b = '('"),
        ("(a", "(a"),
    ],
)
def test_the_parentheses_around_an_expression(text, inside):
    assert unwrapped(text) == inside


@pytest.mark.parametrize(
    ("item", "label"),
    [
        (Rename(kind="table", schema="public", old="a", new="b"), "a"),
        (Rename(kind="table", schema="shop", old="a", new="b"), "shop.a"),
        (Rename(kind="column", schema="public", parent="t", old="a", new="b"), "t.a"),
        (Rename(kind="enum_value", schema="shop", parent="t", old="a", new="b"), "shop.t.a"),
    ],
)
def test_the_label_of_a_rename(item, label):
    assert item.label(item.old, "public") == label
