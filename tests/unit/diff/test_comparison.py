"""The state of a comparison: names that are taken, and what changes affect."""

from __future__ import annotations

import pytest

from asyncmig.diff.comparison import Comparison, Replacements, common_tables
from support.catalogs import catalog, column, enum, foreign_key, index, name, table

BOOK = name("book")


def comparison(before, after, **replacements) -> Comparison:
    return Comparison(before, after, common_tables(before, after), Replacements(**replacements))


def test_a_free_name_is_given_once() -> None:
    side = catalog(table("book", column("id"), index("i", "book", "id")))
    made = comparison(side, side)
    assert not made.concurrent_indexes
    assert made.free_index_name(BOOK, "i") == "i_new"
    assert made.free_index_name(BOOK, "i") != "i_new"


def test_only_foreign_keys_of_dropped_tables_free_a_key() -> None:
    author = table("author", column("id"), column("n"))
    kept = table("book", column("a"), foreign_key("f", "a", "author"))
    dropped = table("loan", column("n"), foreign_key("g", "n", "author", "n"))
    made = comparison(catalog(author, kept, dropped), catalog(author, kept))
    assert made.keys_of_dropped == {(name("author"), frozenset({"n"}))}


@pytest.mark.parametrize(
    ("place", "sql", "replacements", "is_affected"),
    [
        ("book", "CHECK (a > 0)", {}, False),
        ("book", "CHECK (a > 'x'::public.mood)", {"types": frozenset({name("mood")})}, True),
        ("book", "CHECK (a > 0)", {"types": frozenset({name("mood")})}, False),
        ("book", "CHECK (a > 0)", {"generated_columns": {BOOK: frozenset({"a"})}}, True),
        ("book", "CHECK (b > 0)", {"generated_columns": {BOOK: frozenset({"a"})}}, False),
        ("other", "CHECK (a > 0)", {"generated_columns": {BOOK: frozenset({"a"})}}, False),
    ],
)
def test_what_a_replacement_affects(place, sql, replacements, is_affected) -> None:
    side = catalog(table("book", column("a"), column("b")), enum("mood", "ok"))
    made = comparison(side, side, **replacements)
    assert made.is_affected(name(place), [], sql) is is_affected


@pytest.mark.parametrize(
    ("after", "types", "is_retyped"),
    [
        (column("a"), (), False),
        (column("a", "text"), (), True),
        (column("a"), (name("pg_catalog.integer"),), True),
        (column("z"), (), False),
    ],
)
def test_an_included_column_that_changes_its_type(after, types, is_retyped) -> None:
    made = comparison(
        catalog(table("book", column("a"))),
        catalog(table("book", after)),
        types=frozenset(types),
    )
    assert made.includes_retyped(BOOK, ["a"]) is is_retyped
    assert not made.includes_retyped(BOOK, ["nowhere"])
