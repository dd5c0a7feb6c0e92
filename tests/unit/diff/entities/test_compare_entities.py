"""Entities around the changes of what they need: dropped before, created after, or left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import CompositeType, EntityKey, Need
from asyncmig.diff.compare import compare
from asyncmig.diff.entities.drop_blockers import drop_blockers
from support.catalogs import (
    catalog,
    column,
    enum,
    function,
    grant,
    name,
    needs_column,
    sequence,
    sql,
    table,
    trigger,
    view,
)

BOOK = table("book", column("n"))
WIDE = table("book", column("n", "text"))
NUMBER = function("number", "SELECT 1")
CALL = Need("routine", "public", "number", "")
TITLES = view("titles", "SELECT n FROM book", needs_column("book", "n"), "n")
PLACE = CompositeType(
    key=EntityKey("composite_type", "public", "place"),
    attributes={"x": "public.mood"},
    needs=frozenset({Need("type", "public", "mood")}),
)


def changes(before, after):
    """The statements, each without the definition after AS, or in parentheses."""
    return [
        text.partition(" AS ")[0].partition("(")[0].strip() for text in sql(compare(before, after))
    ]


def of_a_default(default_of, *items):
    """A catalog with a column whose default calls ``number()``."""
    book = table("book", column("n", default="public.number()"))
    found = catalog(book, *items)
    needs = {name("book"): frozenset({default_of})}
    return replace(found, entities=replace(found.entities, table_needs=needs))


def test_a_composite_type_is_created_again_with_a_type_that_is_replaced():
    found = changes(catalog(enum("mood", "a", "b"), PLACE), catalog(enum("mood", "a"), PLACE))
    assert found == [
        "DROP TYPE place",
        "ALTER TYPE mood RENAME TO mood_old",
        "CREATE TYPE mood",
        "CREATE TYPE place",
        "DROP TYPE mood_old",
    ]


def test_a_composite_type_without_its_type_is_left():
    """It is not declared, or the declaration is wrong: PostgreSQL refuses the DROP TYPE and names it."""
    assert changes(catalog(enum("mood", "a"), PLACE), catalog(PLACE)) == ["DROP TYPE mood"]


def test_a_view_is_created_again_if_everything_that_it_needs_is_there():
    calls = replace(TITLES, needs=TITLES.needs | {CALL})
    assert changes(catalog(BOOK, NUMBER, calls), catalog(WIDE, NUMBER, calls)) == [
        "DROP VIEW titles",
        "ALTER TABLE book ALTER COLUMN n TYPE TEXT",
        "CREATE VIEW titles",
    ]


def test_a_view_may_take_the_place_of_a_table():
    of_that_name = view("book", "SELECT 1 AS n", (), "n")
    assert changes(catalog(BOOK, TITLES), catalog(of_that_name, TITLES)) == [
        "DROP VIEW titles",
        "DROP TABLE book",
        "CREATE VIEW book",
        "CREATE VIEW titles",
    ]
    assert changes(catalog(BOOK, TITLES), catalog(TITLES)) == ["DROP TABLE book"]


def test_a_function_that_gets_another_signature_is_dropped_first():
    """Otherwise a call in something that is created could mean both; what a table needs is dropped last."""
    other = replace(NUMBER, key=NUMBER.key._replace(detail="integer"), arguments="i integer")
    created = ["CREATE FUNCTION number", "REVOKE EXECUTE ON FUNCTION number"]
    found = changes(catalog(BOOK, NUMBER), catalog(BOOK, other))
    assert found == ["DROP FUNCTION number", *created]
    found = changes(of_a_default(CALL, NUMBER), catalog(BOOK, other))
    assert found == [
        "ALTER TABLE book ALTER COLUMN n DROP DEFAULT",
        *created,
        "DROP FUNCTION number",
    ]


@pytest.mark.parametrize(
    ("kind", "object_name", "item", "dropped"),
    [
        ("sequence", "numbers", sequence("numbers"), "DROP SEQUENCE numbers"),
        ("function", "number()", NUMBER, "DROP FUNCTION number"),
    ],
)
def test_grants_go_with_their_object(kind, object_name, item, dropped):
    privilege = "USAGE" if kind == "sequence" else "EXECUTE"
    right = replace(
        grant(privilege, "book", "app"),
        key=EntityKey("grant", "public", object_name, f"{kind}\0\0app\0{privilege}"),
        object_kind=kind,
    )
    assert changes(catalog(item, right), catalog()) == [dropped]
    (revoked,) = changes(catalog(item, right), catalog(item))
    assert revoked.startswith(f"REVOKE {privilege} ON {kind.upper()} ")


def test_the_grants_of_a_table_go_with_it():
    assert changes(catalog(BOOK, grant("SELECT", "book", "app")), catalog()) == ["DROP TABLE book"]


def test_what_blocks_a_drop():
    """Entities that need a dropped table or column, and are not dropped with it."""
    reads = replace(TITLES, needs=TITLES.needs | {CALL})
    before = catalog(BOOK, NUMBER, reads, trigger("touched", "book", needs_column("book", "n")))
    blocked = ("view titles",)
    assert drop_blockers(before, catalog(NUMBER), ()) == {(name("book"), ""): blocked}
    without = catalog(table("book", column("id")), NUMBER)
    assert drop_blockers(before, without, ()) == {
        (name("book"), "n"): (*blocked, "trigger touched on book")
    }
    assert drop_blockers(before, without, before.entities.by_key) == {}
    assert drop_blockers(before, catalog(BOOK), ()) == {}
