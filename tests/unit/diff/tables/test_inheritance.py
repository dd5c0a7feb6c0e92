"""Columns and checks of parents and children that both change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import COUNTING, catalog, check, column, enum, name, sql, table

ID = column("id", nullable=False)
HEIR = {"inherits": (name("parent"),)}
SERIAL = column("n", serial=True, options=COUNTING, sequence=name("parent_n_seq"))
OWN_SERIAL = replace(SERIAL, sequence=name("child_n_seq"))


def changes(before, after, *items):
    """The statements between two forms of a column of the parent, and of the child."""
    sides = (
        catalog(
            *items,
            table("parent", ID, *filter(None, [parent])),
            table("child", ID, *filter(None, [child]), **HEIR),
        )
        for parent, child in (before, after)
    )
    return sql(compare(*sides))


def of_parent(action):
    return f"ALTER TABLE parent ALTER COLUMN n {action}"


def of_child(action):
    return f"ALTER TABLE child ALTER COLUMN n {action}"


def test_the_child_is_not_null_before_its_parent_if_it_says_so_itself():
    null, not_null = column("n"), column("n", nullable=False)
    assert changes((null, null), (not_null, not_null)) == [
        of_child("SET NOT NULL"),
        of_parent("SET NOT NULL"),
    ]
    inherited = replace(null, local=False), replace(not_null, local=False)
    assert changes((null, inherited[0]), (not_null, inherited[1])) == [of_parent("SET NOT NULL")]


def test_null_of_the_parent_and_its_children():
    null, not_null = column("n"), column("n", nullable=False)
    # which PostgreSQL 18 keeps for the child, and older versions do not
    assert changes((not_null, not_null), (null, null)) == [
        of_parent("DROP NOT NULL"),
        of_child("DROP NOT NULL"),
    ]
    inherited = replace(not_null, local=False), replace(null, local=False)
    assert changes((not_null, inherited[0]), (null, inherited[1])) == [of_parent("DROP NOT NULL")]
    assert changes((not_null, not_null), (null, not_null)) == [
        of_parent("DROP NOT NULL"),
        of_child("SET NOT NULL"),
    ]


def test_a_default_of_the_child_that_does_not_fit_the_new_type_is_dropped_first():
    text, number = column("n", "text"), column("n", "integer")
    assert changes(
        (text, replace(text, default="'a'::text")), (number, replace(number, default="1"))
    ) == [
        of_child("DROP DEFAULT"),
        of_parent("TYPE INTEGER USING n::integer"),
        of_child("SET DEFAULT 1"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # the parent's default reaches the child
        (
            (column("n", default="1"), column("n", default="1")),
            (column("n", default="2"), column("n", default="2")),
            [of_parent("SET DEFAULT 2")],
        ),
        (
            (column("n", default="1"), column("n", default="1")),
            (column("n", default="2"), column("n", default="1")),
            [of_parent("SET DEFAULT 2"), of_child("SET DEFAULT 1")],
        ),
        # with the type, the default of the child is printed anew
        (
            (column("n"), column("n", default="1")),
            (column("n", "bigint"), column("n", "bigint", default="1")),
            [of_parent("TYPE BIGINT"), of_child("SET DEFAULT 1")],
        ),
    ],
)
def test_defaults(before, after, expected):
    assert changes(before, after) == expected


def test_a_serial_column_of_the_child_is_attached_again():
    """The parent's change replaces the default of the child as well."""
    plain = column("n")
    found = changes((plain, OWN_SERIAL), (replace(plain, default="1"), OWN_SERIAL))
    assert found == [
        of_parent("SET DEFAULT 1"),
        of_child("SET DEFAULT nextval('child_n_seq'::regclass)"),
        "ALTER SEQUENCE child_n_seq OWNED BY child.n",
    ]
    assert changes((plain, OWN_SERIAL), (replace(plain, comment="x"), OWN_SERIAL)) == [
        "COMMENT ON COLUMN parent.n IS 'x'"
    ]


def test_the_child_of_a_new_serial_column_has_its_default():
    plain = column("n")
    with_default = column("n", default="nextval('public.parent_n_seq'::regclass)")
    serial = replace(SERIAL, owned_default=with_default.default)
    found = changes((plain, plain), (serial, with_default))
    assert [text for text in found if " child " in text] == []


def test_a_serial_column_of_the_child_ends_with_the_default_of_its_parent():
    plain = column("n")
    found = changes((plain, OWN_SERIAL), (plain, plain))
    assert found == [of_child("DROP DEFAULT"), "DROP SEQUENCE child_n_seq"]


def test_a_column_that_exists_here_is_made_like_the_parents_before_that_is_added():
    number, text = column("n"), column("n", "text")
    assert changes((None, number), (text, text)) == [
        of_child("TYPE TEXT"),
        "ALTER TABLE parent ADD COLUMN n TEXT",
    ]


def test_a_column_that_the_parent_loses_is_changed_after_that():
    number, text = column("n"), column("n", "text")
    assert changes((number, number), (None, text)) == [
        "ALTER TABLE parent DROP COLUMN n",
        of_child("TYPE TEXT"),
    ]


def test_a_check_is_renamed_in_the_parent_alone():
    one, two = (check(each, "(id > 0)", "id") for each in ("one", "two"))
    assert changes((one, one), (two, two)) == ["ALTER TABLE parent RENAME CONSTRAINT one TO two"]
    assert changes((None, one), (None, two)) == ["ALTER TABLE child RENAME CONSTRAINT one TO two"]


def test_a_replaced_type_changes_in_the_parent_and_its_default_in_both():
    mood = column("n", "public.mood", kind="e")
    own = replace(mood, default="'ok'::public.mood")
    found = sql(
        compare(
            *(
                catalog(
                    enum("mood", *labels),
                    table("parent", mood),
                    table("child", own, **HEIR),
                    table("plain", mood, **HEIR),
                    table("other", mood),
                )
                for labels in (("ok", "bad"), ("ok",))
            )
        )
    )
    assert [text for text in found if "COLUMN" in text] == [
        of_child("DROP DEFAULT"),
        of_parent("TYPE mood USING n::text::mood"),
        "ALTER TABLE other ALTER COLUMN n TYPE mood USING n::text::mood",
        of_child("SET DEFAULT 'ok'"),
    ]
