"""Sequences that are created again continue after the existing values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import COUNTING, catalog, column, domain, name, sequence, sql, table

PLAIN = column("id", nullable=False)
SERIAL = column("id", nullable=False, serial=True, options=COUNTING, sequence=name("book_id_seq"))
IDENTITY = replace(SERIAL, serial=False, identity="always")
DOWN = replace(COUNTING, increment=-2, start=-1, minimum=-100, maximum=-1)


def values(before, after, *items):
    """The setval() statements between two forms of a column."""
    found = sql(
        compare(catalog(table("book", before), *items), catalog(table("book", after), *items))
    )
    return [text for text in found if "setval" in text]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            PLAIN,
            IDENTITY,
            "SELECT setval(pg_get_serial_sequence('book', 'id'), max(id)) FROM book WHERE id >= 1",
        ),
        (PLAIN, SERIAL, "SELECT setval('book_id_seq', max(id)) FROM book WHERE id >= 1"),
        (
            PLAIN,
            replace(SERIAL, options=DOWN),
            (
                "SELECT setval('book_id_seq', min(id) - (min(id) + 1) % 2) FROM book "
                "WHERE id <= -1 AND id >= -100"
            ),
        ),
        (
            PLAIN,
            replace(SERIAL, options=replace(COUNTING, increment=2, start=3, maximum=99)),
            (
                "SELECT setval('book_id_seq', max(id) - (max(id) - 3) % 2) FROM book "
                "WHERE id >= 3 AND id <= 99"
            ),
        ),
    ],
)
def test_a_new_sequence_of_a_column(before, after, expected):
    assert values(before, after) == [expected]


def test_values_that_are_no_integers():
    numeric = replace(PLAIN, type=column("x", "numeric").type)
    (found,) = values(
        numeric, replace(numeric, serial=True, options=COUNTING, sequence=name("book_id_seq"))
    )
    assert "(max(id))::bigint" in found
    text = replace(PLAIN, type=column("x", "text").type)
    assert values(text, replace(text, serial=True, options=COUNTING, sequence=name("s"))) == []


def test_the_values_of_a_domain():
    price = domain("price", "integer")
    plain = replace(PLAIN, type=column("x", "public.price", kind="d").type)
    after = replace(plain, serial=True, options=COUNTING, sequence=name("book_id_seq"))
    assert values(plain, after, price) == [
        "SELECT setval('book_id_seq', max(id)) FROM book WHERE id >= 1"
    ]


def test_a_default_with_a_new_sequence_is_never_set_back():
    default = replace(PLAIN, default="nextval('public.numbers'::regclass)")
    found = sql(
        compare(catalog(table("book", PLAIN)), catalog(table("book", default), sequence("numbers")))
    )
    assert found[-1] == (
        "SELECT setval('numbers', max(id)) FROM book WHERE id >= (SELECT last_value FROM numbers)"
    )


def test_a_restarted_sequence_continues_after_all_columns_that_use_it():
    default = replace(PLAIN, default="nextval('public.numbers'::regclass)")
    tables = [table(each, default) for each in ("book", "loan")]
    before = catalog(*tables, sequence("numbers"))
    after = catalog(*tables, sequence("numbers", options=DOWN))
    found = [text for text in sql(compare(before, after)) if "setval" in text]
    assert [text.partition(" FROM ")[2].split()[0] for text in found] == ["book", "loan"]


def test_a_restarted_sequence_leaves_columns_of_other_sequences_alone():
    other = replace(PLAIN, default="nextval('public.other'::regclass)")
    before = catalog(table("book", other), sequence("numbers"), sequence("other"))
    after = catalog(table("book", other), sequence("numbers", options=DOWN), sequence("other"))
    assert not [text for text in sql(compare(before, after)) if "setval" in text]


def test_a_serial_column_whose_sequence_has_an_unknown_name():
    assert values(PLAIN, replace(SERIAL, sequence=None)) == []


def test_a_restarted_sequence_leaves_columns_alone_that_stop_using_it():
    default = replace(PLAIN, default="nextval('public.numbers'::regclass)")
    before = catalog(table("book", default), table("loan", default), sequence("numbers"))
    after = catalog(table("book", PLAIN), sequence("numbers", options=DOWN))
    assert not [text for text in sql(compare(before, after)) if "setval" in text]


@pytest.mark.parametrize(
    ("type_", "least", "most"),
    [
        ("smallint", -(2**15), 2**15 - 1),
        ("integer", -(2**31), 2**31 - 1),
        ("bigint", -(2**63), 2**63 - 1),
    ],
)
def test_the_limits_of_the_type_are_no_condition(type_, least, most):
    plain = replace(PLAIN, type=column("x", type_).type)
    up = replace(COUNTING, maximum=most)
    down = replace(COUNTING, increment=-1, start=-1, minimum=least, maximum=-1)
    for options, bound in ((up, "id >= 1"), (down, "id <= -1")):
        serial = replace(plain, serial=True, options=options, sequence=name("book_id_seq"))
        (found,) = values(plain, serial)
        assert found.partition(" WHERE ")[2] == bound
    narrow = replace(up, maximum=most - 1)
    (found,) = values(
        plain, replace(plain, serial=True, options=narrow, sequence=name("book_id_seq"))
    )
    assert found.endswith(f" AND id <= {most - 1}")


@pytest.mark.parametrize("make", [SERIAL, IDENTITY])
def test_a_sequence_that_is_not_restarted_keeps_its_value(make):
    cached = replace(make, options=replace(COUNTING, cache=5))
    assert values(make, cached) == []
    assert values(make, replace(make, options=DOWN)) != []


def test_a_restarted_sequence_has_the_name_that_it_had():
    after = replace(SERIAL, options=DOWN, sequence=name("other"))
    (found,) = values(SERIAL, after)
    assert found.startswith("SELECT setval('book_id_seq', ")


def test_sequences_that_are_not_restarted_keep_their_values():
    default = replace(PLAIN, default="nextval('public.numbers'::regclass)")
    before = catalog(table("book", default), sequence("numbers"))
    options = replace(COUNTING, cache=5)
    after = catalog(table("book", default), sequence("numbers", options=options))
    assert not [text for text in sql(compare(before, after)) if "setval" in text]
