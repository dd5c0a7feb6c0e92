"""asyncmig.diff: what is replaced while something else that uses it is dropped or kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import (
    catalog,
    column,
    enum,
    foreign_key,
    index,
    primary_key,
    sql,
    table,
    unique,
)

OLD, NEW = enum("mood", "bad", "ok"), enum("mood", "ok")
MOOD = column("n", "public.mood", kind="e")
ID = column("id", nullable=False)


def changes(before, after, **options):
    return sql(compare(before, after, **options))


def book(*parts, **fields):
    return table("book", ID, *parts, primary_key("id", constraint="book_pkey"), **fields)


REPLACED = [
    "ALTER TYPE mood RENAME TO mood_old",
    "CREATE TYPE mood AS ENUM ('ok')",
    "DROP TYPE mood_old",
]


@pytest.mark.parametrize(
    ("after", "dropped"),
    [(catalog(NEW), "DROP TABLE book"), (catalog(NEW, book()), "ALTER TABLE book DROP COLUMN n")],
)
def test_a_replaced_enum_converts_no_column_that_is_dropped(after, dropped):
    found = changes(catalog(OLD, book(MOOD)), after)
    assert sorted(found) == sorted([*REPLACED, dropped])
    assert found.index(dropped) < found.index("DROP TYPE mood_old")


def test_a_replaced_enum_converts_no_column_of_another_type():
    other = column("n", "text")
    found = changes(catalog(OLD, book(other)), catalog(NEW, book(other)))
    assert found == REPLACED


@pytest.mark.parametrize("taken", [index("ix_new", "book", "m"), unique("ix_new", "m")])
def test_the_name_of_a_concurrent_index_is_free(taken):
    columns = column("n"), column("m"), taken
    before = catalog(book(*columns, index("ix", "book", "n")))
    after = catalog(book(*columns, index("ix", "book", "n", "m")))
    assert changes(before, after, concurrent_indexes=True) == [
        "CREATE INDEX CONCURRENTLY ix_new2 ON book (n, m)",
        "DROP INDEX CONCURRENTLY ix",
        "ALTER INDEX ix_new2 RENAME TO ix",
    ]


def test_two_concurrent_indexes_do_not_share_a_name():
    def books(*keys):
        indexes = [index(name, name.removesuffix("_i"), *keys) for name in ("a_i", "b_i")]
        return [
            table(name, column("n"), column("m"), item)
            for name, item in zip("ab", indexes, strict=True)
        ]

    found = changes(catalog(*books("n")), catalog(*books("n", "m")), concurrent_indexes=True)
    assert "CREATE INDEX CONCURRENTLY a_i_new ON a (n, m)" in found
    assert "CREATE INDEX CONCURRENTLY b_i_new ON b (n, m)" in found


def test_a_key_that_a_dropped_table_refers_to_is_dropped_after_the_table():
    loan = table("loan", column("n"), foreign_key("fk", "n", "book", "n"))
    key = index("un", "book", "n", unique=True)
    before = catalog(book(column("n"), column("m"), key), loan)
    after = catalog(book(column("n"), column("m"), index("un2", "book", "m", unique=True)))
    found = changes(before, after, concurrent_indexes=True)
    assert found.index("DROP TABLE loan") < found.index("DROP INDEX CONCURRENTLY un")


def with_included(type_: str):
    key = replace(unique("un", "n"), definition="UNIQUE (n) INCLUDE (m)")
    return book(column("n"), column("m", type_), key)


def test_a_key_whose_included_column_changes_its_type_is_built_again_without_its_foreign_key():
    loan = table("loan", column("n"), foreign_key("fk", "n", "book", "n"))
    found = changes(catalog(with_included("integer"), loan), catalog(with_included("bigint"), loan))
    assert [text.partition(" (")[0] for text in found] == [
        "ALTER TABLE loan DROP CONSTRAINT fk",
        "ALTER TABLE book DROP CONSTRAINT un",
        "ALTER TABLE book ALTER COLUMN m TYPE BIGINT",
        "ALTER TABLE book ADD CONSTRAINT un UNIQUE",
        "ALTER TABLE loan ADD CONSTRAINT fk FOREIGN KEY(n) REFERENCES book",
    ]


def test_a_key_whose_included_column_keeps_its_type_stays():
    loan = table("loan", column("n"), foreign_key("fk", "n", "book", "n"))
    before = catalog(with_included("integer"), loan)
    assert changes(before, catalog(with_included("integer"), loan)) == []
