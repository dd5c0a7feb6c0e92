"""What may have been renamed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.renames.candidates import candidates
from support.catalogs import COUNTING, catalog, column, enum, name, sequence, table


def with_table(table_name, columns, **fields):
    return table(table_name, *(column(each, "text") for each in columns.split()), **fields)


def found(before, after):
    """Kind, table or type, old and new name of each candidate, in order."""
    return [
        (item.rename.kind, item.rename.parent, item.rename.old, item.rename.new)
        for item in candidates(before, after)
    ]


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ("id email name fone town", "id email name phone city", True),
        ("id name", "id name more most", True),
        ("id name", "id more most other", False),
        ("id email", "id phone", True),
        ("id email name", "id phone city", False),
        ("", "", True),
    ],
)
def test_tables_that_share_half_of_the_wider_ones_columns(before, after, alike):
    both = catalog(with_table("old", before)), catalog(with_table("new", after))
    assert found(*both) == [("table", None, "old", "new")] * alike


def test_a_partitioned_table_is_not_one_without_partitions():
    partitioned = with_table("new", "id", partition_key="RANGE (id)")
    assert found(catalog(with_table("old", "id")), catalog(partitioned)) == []
    again = replace(partitioned, name=name("old"))
    assert found(catalog(again), catalog(partitioned)) == [("table", None, "old", "new")]


def test_objects_of_both_sides_and_of_other_schemas_are_left_alone():
    before = catalog(
        with_table("kept", "id"), with_table("old", "id"), with_table("shop.gone", "id")
    )
    after = catalog(with_table("kept", "id"), with_table("new", "id"))
    assert found(before, after) == [("table", None, "old", "new")]


def test_the_three_most_similar_names_the_best_first():
    before = catalog(with_table("accounts", "id"))
    after = catalog(*(with_table(each, "id") for each in ("account", "users", "counts", "zz")))
    assert [new for *_, new in found(before, after)] == ["account", "counts", "users"]


def test_types_with_the_same_labels_and_sequences_with_the_same_options():
    before = catalog(enum("mood", "ok", "bad"), sequence("s"), sequence("kept"))
    after = catalog(
        enum("state", "ok", "bad"),
        enum("other", "ok"),
        sequence("numbers"),
        sequence("t", options=replace(COUNTING, increment=2)),
        sequence("kept"),
    )
    assert found(before, after) == [
        ("enum", None, "mood", "state"),
        ("sequence", None, "s", "numbers"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("low mid high", "low middle high", [("mid", "middle")]),
        ("a b", "x y", [("a", "x"), ("b", "y")]),
        ("low high", "low mid high", []),
        ("low mid high", "low other more high", []),
        ("k a b", "a k d e", [("b", "e")]),
        ("ok", "ok", []),
    ],
)
def test_labels_at_the_same_position(before, after, pairs):
    """Between the same neighbours; a label that both have was moved, and not renamed."""
    both = [catalog(enum("mood", *labels.split())) for labels in (before, after)]
    assert found(*both) == [("enum_value", "mood", old, new) for old, new in pairs]


def test_a_label_of_a_type_that_is_dropped_is_not_renamed():
    assert found(catalog(enum("mood", "ok")), catalog()) == []


def test_columns_of_one_type_and_kind():
    before = catalog(table("book", column("id"), column("fone", "text"), column("n")))
    after = catalog(
        table(
            "book",
            column("id"),
            column("phone", "text"),
            column("n2"),
            column("computed", generated="(id + 1)"),
            column("numbered", identity="always", options=COUNTING),
            column("counted", serial=True, options=COUNTING),
        )
    )
    assert found(before, after) == [
        ("column", "book", "fone", "phone"),
        ("column", "book", "n", "n2"),
    ]


def test_an_inherited_column_is_renamed_with_its_parents():
    before = catalog(
        table("child", column("old", local=False), inherits=(name("base"),)),
        table("base", column("old")),
    )
    after = catalog(
        table("child", column("new", local=False), inherits=(name("base"),)),
        table("base", column("new")),
    )
    assert found(before, after) == [("column", "base", "old", "new")]


def test_likeness_is_the_similarity_of_names_and_other_properties():
    before = catalog(table("book", column("name", "text", nullable=False, comment="x")))
    same = column("title", "text", nullable=False, comment="x")
    other = column("names", "text", default="'a'::text")
    (first, second) = candidates(before, catalog(table("book", same, other)))
    assert (first.rename.new, second.rename.new) == ("title", "names")
    assert first.likeness == pytest.approx((3 * 2 / 9 + 3) / 6)
    assert second.likeness == pytest.approx((3 * 8 / 9) / 6)
