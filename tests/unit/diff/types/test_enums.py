"""Labels of enum types: added in place, or a new type."""

from __future__ import annotations

import pytest

from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.types.enums import add_labels, create_enum, drop_enum, only_adds_labels
from support.catalogs import catalog, enum, sql

FACTORY = SchemaItemFactory(catalog())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b", "a b", True),
        ("a b", "a b c", True),
        ("a b", "x a y b z", True),
        ("", "a", True),
        ("a b", "b a", False),
        ("a b", "a", False),
        ("a b", "a c", False),
    ],
)
def test_labels_that_can_be_added_in_place(before, after, expected):
    pair = enum("mood", *before.split()), enum("mood", *after.split())
    assert only_adds_labels(*pair) is expected


def test_each_label_before_the_next_existing_one():
    before, after = enum("shop.mood", "b", "d"), enum("shop.mood", "a", "b", "c1", "c2", "d", "e")
    assert sql(add_labels(before, after, FACTORY)) == [
        "ALTER TYPE shop.mood ADD VALUE 'a' BEFORE 'b'",
        "ALTER TYPE shop.mood ADD VALUE 'c1' BEFORE 'd'",
        "ALTER TYPE shop.mood ADD VALUE 'c2' BEFORE 'd'",
        "ALTER TYPE shop.mood ADD VALUE 'e'",
    ]


def test_create_and_drop():
    mood = enum("mood", "it's", "ok")
    assert sql([create_enum(mood, FACTORY)]) == ["CREATE TYPE mood AS ENUM ('it''s', 'ok')"]
    assert sql([drop_enum(mood, FACTORY)]) == ["DROP TYPE mood"]
    assert sql([drop_enum(mood, FACTORY).reverse()]) == sql([create_enum(mood, FACTORY)])
