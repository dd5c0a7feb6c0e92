"""``compare`` of two catalogs by hand: the statements from one to the other, in their order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import Need
from asyncmig.diff.compare import (
    compare,
    compare_before_new_entities,
    compare_reporting_unpredictable,
)
from asyncmig.diff.entities.grants import implied_grant
from asyncmig.operations.base.containers import ModifyTableOps
from support.catalogs import (
    COUNTING,
    catalog,
    check,
    column,
    domain,
    enum,
    foreign_key,
    function,
    grant,
    index,
    name,
    needs_column,
    primary_key,
    sequence,
    sql,
    table,
    trigger,
    unique,
    view,
)

ID = column("id", nullable=False)


def book(*parts, **fields):
    return table("book", ID, *parts, primary_key("id", constraint="book_pkey"), **fields)


def changes(before, after, **options):
    return sql(compare(before, after, **options))


def both(before, after, **options):
    """The statements of the upgrade and of the downgrade."""
    return changes(before, after, **options), changes(after, before, **options)


def test_equal_catalogs_need_nothing():
    same = catalog(book(), enum("mood", "ok"))
    assert compare(same, same) == []
    assert compare(same, catalog(book(), enum("mood", "ok"))) == []


def test_tables_in_the_order_of_their_foreign_keys():
    author = table("writer", ID, primary_key("id", constraint="writer_pkey"))
    refers = book(column("writer_id"), foreign_key("fk", "writer_id", "writer"))
    created, dropped = both(catalog(), catalog(refers, author))
    assert [text.partition(" (")[0] for text in created] == [
        "CREATE TABLE writer",
        "CREATE TABLE book",
    ]
    assert "FOREIGN KEY(writer_id) REFERENCES writer (id)" in created[1]
    assert dropped == ["DROP TABLE book", "DROP TABLE writer"]


def test_a_cycle_of_foreign_keys_is_added_last_and_dropped_first():
    key = primary_key("id")
    one = table("one", ID, column("two_id"), key, foreign_key("fk_two", "two_id", "two"))
    two = table("two", ID, column("one_id"), key, foreign_key("fk_one", "one_id", "one"))
    created, dropped = both(catalog(), catalog(one, two))
    assert [text.partition(" (")[0] for text in created] == [
        "CREATE TABLE two",
        "CREATE TABLE one",
        "ALTER TABLE two ADD CONSTRAINT fk_one FOREIGN KEY(one_id) REFERENCES one",
    ]
    assert dropped == [
        "ALTER TABLE two DROP CONSTRAINT fk_one",
        "DROP TABLE one",
        "DROP TABLE two",
    ]


def test_changes_of_one_table_are_together():
    operations = compare(catalog(book()), catalog(book(column("a"), column("b"))))
    (changed,) = operations
    assert isinstance(changed, ModifyTableOps)
    assert sql(operations) == [
        "ALTER TABLE book ADD COLUMN a INTEGER",
        "ALTER TABLE book ADD COLUMN b INTEGER",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            column("n", "text"),
            column("n", "integer"),
            ["ALTER TABLE book ALTER COLUMN n TYPE INTEGER USING n::integer"],
        ),
        (
            column("n"),
            column("n", "bigint"),
            ["ALTER TABLE book ALTER COLUMN n TYPE BIGINT"],
        ),
        (
            column("n"),
            column("n", nullable=False),
            ["ALTER TABLE book ALTER COLUMN n SET NOT NULL"],
        ),
        (
            column("n"),
            column("n", default="1"),
            ["ALTER TABLE book ALTER COLUMN n SET DEFAULT 1"],
        ),
        (
            column("n"),
            column("n", comment="it's"),
            ["COMMENT ON COLUMN book.n IS 'it''s'"],
        ),
        (
            column("n", default="1"),
            column("n"),
            ["ALTER TABLE book ALTER COLUMN n DROP DEFAULT"],
        ),
    ],
)
def test_a_column_changes(before, after, expected):
    assert changes(catalog(book(before)), catalog(book(after))) == expected


def test_a_generated_column_is_dropped_before_its_source_changes():
    source, other = column("n"), column("n", "text")
    generated = column("m", generated="(n + 1)")
    found = changes(catalog(book(source, generated)), catalog(book(other, generated)))
    assert [text.split(" ", 3)[3].partition(" TYPE")[0] for text in found] == [
        "DROP COLUMN m",
        "ALTER COLUMN n",
        "ADD COLUMN m INTEGER GENERATED ALWAYS AS (n + 1) STORED",
    ]


def test_constraints_and_indexes():
    plain = book(column("n"))
    full = book(
        column("n"),
        unique("un", "n"),
        check("positive", "(n > 0)", "n"),
        index("ix", "book", "n"),
    )
    added, dropped = both(catalog(plain), catalog(full))
    assert added == [
        "ALTER TABLE book ADD CONSTRAINT un UNIQUE (n)",
        "ALTER TABLE book ADD CONSTRAINT positive CHECK (n > 0)",
        "CREATE INDEX ix ON book (n)",
    ]
    assert dropped == [
        "DROP INDEX ix",
        "ALTER TABLE book DROP CONSTRAINT un",
        "ALTER TABLE book DROP CONSTRAINT positive",
    ]


def test_another_name_is_a_rename():
    before = book(column("n"), unique("one", "n"), index("ix_old", "book", "n"))
    after = book(column("n"), unique("two", "n"), index("ix_new", "book", "n"))
    assert changes(catalog(before), catalog(after)) == [
        "ALTER TABLE book RENAME CONSTRAINT one TO two",
        "ALTER INDEX ix_old RENAME TO ix_new",
    ]


def test_a_foreign_key_is_dropped_before_its_target_and_added_after_it():
    loan = table("loan", column("n"), foreign_key("fk", "n", "book", "n"))
    before = catalog(book(column("n"), unique("un", "n")), loan)
    after = catalog(book(column("n"), unique("un", "n", deferrable=True)), loan)
    found = changes(before, after)
    assert [text.partition(" (")[0] for text in found] == [
        "ALTER TABLE loan DROP CONSTRAINT fk",
        "ALTER TABLE book DROP CONSTRAINT un",
        "ALTER TABLE book ADD CONSTRAINT un UNIQUE",
        "ALTER TABLE loan ADD CONSTRAINT fk FOREIGN KEY(n) REFERENCES book",
    ]


def test_not_valid_is_validated():
    later = check("positive", "(n > 0)", "n", validated=False)
    done = replace(later, validated=True)
    found = changes(catalog(book(column("n"), later)), catalog(book(column("n"), done)))
    assert found == ["ALTER TABLE book VALIDATE CONSTRAINT positive"]


def test_a_concurrent_index_takes_the_name_when_it_is_complete():
    before = catalog(book(column("n"), column("m"), index("ix", "book", "n")))
    after = catalog(book(column("n"), column("m"), index("ix", "book", "n", "m")))
    assert changes(before, after, concurrent_indexes=True) == [
        "CREATE INDEX CONCURRENTLY ix_new ON book (n, m)",
        "DROP INDEX CONCURRENTLY ix",
        "ALTER INDEX ix_new RENAME TO ix",
    ]


def test_a_concurrent_key_is_added_using_its_index():
    found = changes(
        catalog(book(column("n"))),
        catalog(book(column("n"), unique("un", "n"))),
        concurrent_indexes=True,
    )
    assert found == [
        "CREATE UNIQUE INDEX CONCURRENTLY un ON book (n)",
        "ALTER TABLE book ADD CONSTRAINT un UNIQUE USING INDEX un",
    ]


def test_a_foreign_key_waits_for_the_concurrent_index_of_its_target():
    loan = column("n")
    before = catalog(book(column("n")), table("loan", loan))
    refers = table("loan", loan, foreign_key("fk", "n", "book", "n"))
    after = catalog(book(column("n"), unique("un", "n")), refers)
    found = changes(before, after, concurrent_indexes=True)
    assert found[-1].startswith("ALTER TABLE loan ADD CONSTRAINT fk FOREIGN KEY")
    assert len(found) == 3


def test_a_partitioned_table_gets_plain_indexes():
    parted = {"partition_key": "RANGE (n)"}
    before = catalog(book(column("n"), **parted))
    after = catalog(book(column("n"), index("ix", "book", "n"), **parted))
    assert changes(before, after, concurrent_indexes=True) == ["CREATE INDEX ix ON book (n)"]


def test_labels_are_added_in_place():
    found = changes(catalog(enum("mood", "bad", "ok")), catalog(enum("mood", "bad", "so", "ok")))
    assert found == ["ALTER TYPE mood ADD VALUE 'so' BEFORE 'ok'"]


def test_a_removed_label_makes_a_new_type():
    mood = column("n", "public.mood", kind="e", default="'ok'::public.mood")
    before = catalog(enum("mood", "bad", "ok"), book(mood))
    after = catalog(enum("mood", "ok"), book(mood))
    assert changes(before, after) == [
        "ALTER TYPE mood RENAME TO mood_old",
        "CREATE TYPE mood AS ENUM ('ok')",
        "ALTER TABLE book ALTER COLUMN n DROP DEFAULT",
        "ALTER TABLE book ALTER COLUMN n TYPE mood USING n::text::mood",
        "ALTER TABLE book ALTER COLUMN n SET DEFAULT 'ok'",
        "DROP TYPE mood_old",
    ]


def test_domains():
    before = catalog(domain("price", "numeric", checks=(("positive", "CHECK ((VALUE > 0))"),)))
    after = catalog(domain("price", "numeric", nullable=False))
    assert changes(before, after) == [
        "ALTER DOMAIN price DROP CONSTRAINT positive",
        "ALTER DOMAIN price SET NOT NULL",
    ]
    assert both(catalog(), after) == (
        ["CREATE DOMAIN price AS numeric NOT NULL"],
        ["DROP DOMAIN price"],
    )


def test_a_generated_column_of_a_replaced_domain_is_not_converted():
    price = column("p", "public.price", kind="d")
    twice = column("q", "public.price", kind="d", generated="(p)")
    before = catalog(domain("price", "numeric"), book(price, twice))
    after = catalog(domain("price", "text"), book(price, twice))
    assert changes(before, after) == [
        "ALTER TABLE book DROP COLUMN q",
        "ALTER DOMAIN price RENAME TO price_old",
        "CREATE DOMAIN price AS text",
        "ALTER TABLE book ALTER COLUMN p TYPE price USING p::text::price",
        "ALTER TABLE book ADD COLUMN q price GENERATED ALWAYS AS (p) STORED",
        "DROP DOMAIN price_old",
    ]


def test_sequences():
    many = replace(COUNTING, increment=2)
    assert both(catalog(sequence("s")), catalog(sequence("s", options=many))) == (
        ["ALTER SEQUENCE s INCREMENT BY 2"],
        ["ALTER SEQUENCE s INCREMENT BY 1"],
    )
    owned = sequence("s", owned_by=(name("book"), "id"))
    assert changes(catalog(book(), sequence("s")), catalog(book(), owned)) == [
        "ALTER SEQUENCE s OWNED BY book.id"
    ]


def test_schemas_with_their_first_and_last_table():
    there = catalog(table("shop.book", ID), schemas=frozenset({"public", "shop"}))
    created, dropped = both(catalog(), there)
    assert (created[0], dropped[-1]) == ("CREATE SCHEMA shop", "DROP SCHEMA shop")


def test_comments_of_types_keep_backslashes():
    found = changes(catalog(enum("mood", "ok")), catalog(enum("mood", "ok", comment=r"a\:b")))
    assert found == [r"COMMENT ON TYPE mood IS 'a\:b'"]


def test_a_view_is_dropped_and_created_around_the_change_of_its_column():
    needs = needs_column("book", "n")
    titles = view("titles", "SELECT n FROM book", needs, "n")
    before = catalog(book(column("n")), titles)
    after = catalog(book(column("n", "text")), titles)
    found = changes(before, after)
    assert [text.split(" AS ")[0].partition(" ALTER")[0] for text in found] == [
        "DROP VIEW titles",
        "ALTER TABLE book",
        "CREATE VIEW titles",
    ]


def test_a_view_that_needs_a_dropped_column_blocks_the_drop():
    titles = view("titles", "SELECT n FROM book", needs_column("book", "n"), "n")
    (changed,) = compare(catalog(book(column("n")), titles), catalog(book(), titles))
    assert isinstance(changed, ModifyTableOps)
    assert changed.ops[0].blocked_by == ("view titles",)  # type: ignore[attr-defined]  # DROP COLUMN


def test_a_trigger_goes_with_its_table():
    touched = trigger("touched", "book", needs_column("book", "id"))
    assert changes(catalog(book(), touched), catalog()) == ["DROP TABLE book"]


def test_a_view_that_needs_a_concurrent_key_comes_after_it():
    needs = {Need("constraint", *name("book"), "un"), *needs_column("book", "n")}
    titles = view("titles", "SELECT n FROM book", needs, "n")
    before, after = (
        catalog(book(column("n"))),
        catalog(book(column("n"), unique("un", "n")), titles),
    )
    assert changes(before, after, concurrent_indexes=True)[-1].startswith("CREATE VIEW titles")
    assert changes(before, after)[-1].startswith("CREATE VIEW titles")


def test_a_function_of_a_default_is_there_before_its_table():
    number = function("number", "SELECT 1")
    need = Need("routine", "public", "number", "")
    after = catalog(book(column("n", default="public.number()")), number, implied_grant(number.key))
    after = replace(
        after, entities=replace(after.entities, table_needs={name("book"): frozenset({need})})
    )
    created, dropped = both(catalog(), after)
    assert [text.split("(")[0] for text in created] == [
        "CREATE FUNCTION number",
        "CREATE TABLE book ",
    ]
    assert [text.split("(")[0] for text in dropped] == ["DROP TABLE book", "DROP FUNCTION number"]


def test_a_sql_function_that_names_a_new_table_is_created_unchecked():
    count = function("count_books", "SELECT count(*) FROM book")
    need = Need("routine", "public", "count_books", "")
    after = catalog(table("book", column("n", default="public.count_books()")), count)
    after = replace(
        after, entities=replace(after.entities, table_needs={name("book"): frozenset({need})})
    )
    found = changes(catalog(), after)
    assert found[0] == "SET LOCAL check_function_bodies = off"
    assert found[2] == "SET LOCAL check_function_bodies = on"


def test_grants_return_with_a_view_that_is_created_again():
    titles = view("titles", "SELECT n FROM book", needs_column("book", "n"), "n")
    reads = grant("SELECT", "titles", "app")
    before = catalog(book(column("n")), titles, reads)
    after = catalog(book(column("n", "text")), titles, reads)
    assert changes(before, after)[-1] == "GRANT SELECT ON TABLE titles TO app"


def test_a_comparison_up_to_the_entities():
    titles = view("titles", "SELECT n FROM book", needs_column("book", "n"), "n")
    before = catalog(book(column("n")), titles)
    after = catalog(book(column("n", "text")), titles)
    partial = compare_before_new_entities(before, after)
    assert [text.split(" ")[0] for text in sql(partial.operations)] == ["DROP", "ALTER"]
    assert dict(partial.left.by_key) == {}
    assert partial.last == []
    same = compare_before_new_entities(before, before)
    assert (same.operations, same.left) == ([], before.entities)


def test_an_entity_is_unpredictable_after_a_rename():
    marked = view(
        "titles", "SELECT n FROM book /* before a rename */", needs_column("book", "n"), "n"
    )
    before = catalog(book(column("n")), marked)
    after = catalog(book(column("n", "text")), marked)
    _, unpredictable = compare_reporting_unpredictable(before, after)
    assert unpredictable == (marked.key,)
    _, none = compare_reporting_unpredictable(before, before)
    assert none == ()


def test_a_foreign_key_to_another_key_does_not_wait_for_a_concurrent_index():
    key = primary_key("id", constraint="author_pkey")
    author = [column("id", nullable=False), column("name"), key]
    sides = [
        catalog(table("author", *author, *more), table("book", column("author"), *keys))
        for more, keys in (
            ((), ()),
            ((index("ix", "author", "name"),), (foreign_key("fk", "author", "author"),)),
        )
    ]
    found = sql(compare(*sides, concurrent_indexes=True))
    assert [text.split()[0] for text in found] == ["ALTER", "CREATE"]
    assert "CONCURRENTLY" in found[1]
