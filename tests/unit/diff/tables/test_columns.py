"""Columns that are added, changed and dropped, on catalogs by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.model import Constraint
from asyncmig.diff.compare import compare
from asyncmig.diff.report import differences
from asyncmig.operations.directives.tables import DropTableOp
from support.catalogs import (
    COUNTING,
    catalog,
    check,
    column,
    enum,
    foreign_key,
    index,
    name,
    primary_key,
    sequence,
    sql,
    table,
    unique,
)

ID = column("id", nullable=False)
NUMBERS = name("book_n_seq")
SERIAL = column("n", serial=True, options=COUNTING, sequence=NUMBERS)
IDENTITY = column("n", nullable=False, identity="always", options=COUNTING, sequence=NUMBERS)


def changes(before, after, *items):
    """The statements between two forms of the columns of a table."""
    return sql(
        compare(catalog(table("book", *before), *items), catalog(table("book", *after), *items))
    )


def test_a_new_serial_column_numbers_the_rows_that_are_there():
    """Its sequence is created before it, and owned by it afterwards."""
    assert changes([ID], [ID, SERIAL]) == [
        "CREATE SEQUENCE book_n_seq AS INTEGER",
        "ALTER TABLE book ADD COLUMN n INTEGER DEFAULT nextval('book_n_seq'::regclass)",
        "ALTER SEQUENCE book_n_seq OWNED BY book.n",
    ]


def test_a_new_table_with_a_serial_column_that_is_no_key():
    assert sql(compare(catalog(), catalog(table("book", ID, SERIAL)))) == [
        "CREATE SEQUENCE book_n_seq AS INTEGER",
        "CREATE TABLE book ( id INTEGER NOT NULL, n INTEGER )",
        "ALTER TABLE book ALTER COLUMN n SET DEFAULT nextval('book_n_seq'::regclass)",
        "ALTER SEQUENCE book_n_seq OWNED BY book.n",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            IDENTITY,
            column("n", nullable=False),
            ["ALTER TABLE book ALTER COLUMN n DROP IDENTITY"],
        ),
        (
            SERIAL,
            column("n"),
            ["ALTER TABLE book ALTER COLUMN n DROP DEFAULT", "DROP SEQUENCE book_n_seq"],
        ),
        (
            # the sequence has another name than the catalog knows
            column("n", serial=True),
            column("n"),
            ["ALTER TABLE book ALTER COLUMN n DROP DEFAULT"],
        ),
        (
            SERIAL,
            replace(SERIAL, options=replace(COUNTING, increment=2)),
            ["ALTER SEQUENCE book_n_seq INCREMENT BY 2"],
        ),
        (column("n", serial=True), replace(SERIAL, options=COUNTING), []),
    ],
)
def test_the_sequence_of_a_column(before, after, expected):
    assert changes([before], [after]) == expected


def test_a_sequence_of_bigint_names_no_type():
    whole = replace(COUNTING, type="bigint", maximum=2**63 - 1)
    assert sql(compare(catalog(), catalog(sequence("s", options=whole)))) == ["CREATE SEQUENCE s"]


@pytest.mark.parametrize("keys", ["lower(n)", "lower((n)::text)"])
def test_between_text_and_varchar_expressions_differ_in_casts_only(keys):
    """PostgreSQL adapts them: neither the constraint nor the index is built again."""
    old, new = column("n", "text"), column("n", "character varying")
    new = replace(new, type=replace(new.type, name=new.type.name._replace(name="varchar")))
    short = check("short", "(n <> ''::text)", "n"), index("ix", "book", "lower(n)")
    cast = check("short", "((n)::text <> ''::text)", "n"), index("ix", "book", keys)
    assert changes([old, *short], [new, *cast]) == ["ALTER TABLE book ALTER COLUMN n TYPE VARCHAR"]
    other = check("short", "((n)::text <> 'a'::text)", "n")
    assert "ALTER TABLE book DROP CONSTRAINT short" in changes([old, *short], [new, other, cast[1]])


def test_a_table_that_moves_to_another_schema_says_so():
    """A drop and a creation of the same columns: the comment in the script names the other schema."""
    gone, new = table("book", ID), table("shop.book", ID)
    operations = compare(catalog(gone), catalog(new))
    (drop,) = (item for item in operations if isinstance(item, DropTableOp))
    assert drop.twin == "shop"
    for other in (table("shop.book", column("id", "text")), table("shop.books", ID)):
        operations = compare(catalog(gone), catalog(other))
        (drop,) = (item for item in operations if isinstance(item, DropTableOp))
        assert drop.twin is None


def test_constraints_that_create_table_cannot_express_are_added_after_it():
    ex = Constraint(name="ex", kind="x", definition="EXCLUDE USING gist (id WITH =)")
    created, added = sql(compare(catalog(), catalog(table("book", ID, ex))))
    assert "ex" not in created
    assert added == "ALTER TABLE book ADD CONSTRAINT ex EXCLUDE USING gist (id WITH =)"


@pytest.mark.parametrize(
    "target",
    [
        [],
        [table("shelf", ID, index("ix", "shelf", "id", unique=True))],
        [table("shelf", ID, unique("un", "id", deferrable=True))],
    ],
)
def test_a_foreign_key_waits_for_a_key_that_create_table_does_not_make(target):
    """It refers to a table outside of the models, to a unique index, or to a key that is added later."""
    target = [
        replace(
            item,
            constraints={
                key: replace(each, definition="UNIQUE (id) INCLUDE (id)")
                for key, each in item.constraints.items()
            },
        )
        for item in target
    ]
    refers = table("book", ID, foreign_key("fk", "id", "shelf"))
    found = sql(compare(catalog(), catalog(*target, refers)))
    assert [text for text in found if "FOREIGN KEY" in text] == [found[-1]]
    assert found[-1].startswith("ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY")


def test_the_type_of_a_partition_key_cannot_change():
    key = {"partition_key": "RANGE (n)"}
    before = catalog(table("book", column("n"), column("m"), **key))
    after = catalog(table("book", column("n", "bigint"), column("m", "bigint"), **key))
    found = [
        (item.object, item.before, item.after)
        for item in differences(compare(before, after))
        if not item.sql
    ]
    assert found == [("book", "integer", "bigint")]


def test_a_column_of_a_replaced_type_that_gets_another_type():
    mood = column("n", "public.mood", kind="e")
    stays = column("m", "public.mood", kind="e")
    before = catalog(enum("mood", "ok", "bad"), table("book", mood, stays))
    after = catalog(enum("mood", "ok"), table("book", column("n", "text"), stays))
    assert [text for text in sql(compare(before, after)) if "COLUMN" in text] == [
        "ALTER TABLE book ALTER COLUMN m TYPE mood USING m::text::mood",
        "ALTER TABLE book ALTER COLUMN n TYPE TEXT",
    ]


def test_a_key_is_replaced_when_the_index_of_the_new_one_exists():
    keyed = primary_key("id", constraint="book_key")
    wider = primary_key("id", "n", constraint="book_key")
    columns = ID, column("n", nullable=False)
    before, after = (catalog(table("book", *columns, key)) for key in (keyed, wider))
    assert sql(compare(before, after, concurrent_indexes=True)) == [
        "CREATE UNIQUE INDEX CONCURRENTLY book_key_new ON book (id, n)",
        "ALTER TABLE book DROP CONSTRAINT book_key",
        "ALTER TABLE book ADD CONSTRAINT book_key PRIMARY KEY USING INDEX book_key_new",
    ]
    checked = catalog(table("book", *columns, check("c", "(n > 0)", "n")))
    assert sql(compare(catalog(table("book", *columns)), checked, concurrent_indexes=True)) == [
        "ALTER TABLE book ADD CONSTRAINT c CHECK (n > 0)"
    ]


def test_a_renamed_foreign_key_whose_target_changes_is_built_again():
    loan = table("loan", column("n"), foreign_key("one", "n", "book", "n"))
    again = table("loan", column("n"), foreign_key("two", "n", "book", "n"))
    before = catalog(table("book", column("n"), unique("un", "n")), loan)
    after = catalog(table("book", column("n"), unique("un", "n", deferrable=True)), again)
    found = [text for text in sql(compare(before, after)) if "loan" in text]
    assert [text.partition(" FOREIGN")[0] for text in found] == [
        "ALTER TABLE loan DROP CONSTRAINT one",
        "ALTER TABLE loan ADD CONSTRAINT two",
    ]
