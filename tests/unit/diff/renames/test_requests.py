"""Renames by the names that people give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.renames.requests import parse_requests
from asyncmig.errors import TargetError
from support.catalogs import catalog, column, enum, index, name, sequence, table, unique

DATABASE = catalog(
    table("users", column("phone"), column("email")),
    table("shops", column("email")),
    replace(table("x", column("c.d"), column("everywhere")), name=ObjectName("shop", "a.b")),
    *(table(f"t{number}", column("everywhere")) for number in range(3)),
    enum("mood", "ok"),
)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("phone", "mobile", "phone is a column of users: write users.phone=users.mobile"),
        ("phone", "users.mobile", "phone is a column of users: write users.phone=users.mobile"),
        ("ok", "fine", "ok is a label of mood: write mood.ok=mood.fine"),
        (
            "email",
            "mail",
            "email is a column of users, shops: write the intended one: users.email=users.mail",
        ),
        (
            "everywhere",
            "gone",
            (
                'everywhere is a column of shop."a.b", t0, t1 and others: '
                'write the intended one: shop."a.b".everywhere=shop."a.b".gone'
            ),
        ),
        (
            '"c.d"',
            '"e.f"',
            'c.d is a column of shop."a.b": write shop."a.b"."c.d"=shop."a.b"."e.f"',
        ),
    ],
)
def test_whose_part_it_is(old: str, new: str, hint: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_requests({old: new}, DATABASE, DATABASE)
    assert str(caught.value) == f"the database has no table, type, sequence or index {old}"
    assert caught.value.hint == hint
    assert caught.value.fields()["nearest"] in hint


def test_a_name_of_nothing_is_told_as_before() -> None:
    with pytest.raises(TargetError, match=r"the database has no user$") as caught:
        parse_requests({"user": "x"}, DATABASE, DATABASE)
    assert caught.value.hint == "did you mean users?"


# what is renamed

SHOP = catalog(
    table(
        "users", column("fone"), column("kept"), unique("un", "fone"), index("ix", "users", "fone")
    ),
    table("shop.orders", column("n"), index("shop_ix", "shop.orders", "n")),
    enum("mood", "ok", "bad"),
    sequence("numbers"),
)
MODELS = catalog(
    table(
        "accounts",
        column("phone"),
        column("kept"),
        unique("uq", "phone"),
        index("iy", "accounts", "phone"),
    ),
    table("shop.sales", column("m"), index("shop_iy", "shop.sales", "m")),
    enum("state", "fine", "bad"),
    sequence("counts"),
)


def requested(pairs, before=SHOP, after=MODELS):
    """Kind, table or type, old and new name of each rename, in order."""
    renames, _ = parse_requests(pairs, before, after)
    return [(item.kind, item.parent, item.old, item.new) for item in renames]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({"users": "accounts"}, [("table", None, "users", "accounts")]),
        ({"mood": "state"}, [("enum", None, "mood", "state")]),
        ({"numbers": "counts"}, [("sequence", None, "numbers", "counts")]),
        ({"public.numbers": "public.counts"}, [("sequence", None, "numbers", "counts")]),
        ({"shop.shop_ix": "shop_iy"}, [("index", None, "shop_ix", "shop_iy")]),
        (
            {"users.fone": "accounts.phone", "users.un": "uq", "users": "accounts"},
            [
                ("table", None, "users", "accounts"),
                ("column", "accounts", "fone", "phone"),
                ("constraint", "accounts", "un", "uq"),
            ],
        ),
        (
            {"mood": "state", "mood.ok": "fine"},
            [("enum", None, "mood", "state"), ("enum_value", "state", "ok", "fine")],
        ),
        (
            {"shop.orders": "shop.sales", "shop.orders.n": "m"},
            [("table", None, "orders", "sales"), ("column", "sales", "n", "m")],
        ),
        (
            {"users": "accounts", "accounts.fone": "accounts.phone"},
            [("table", None, "users", "accounts"), ("column", "accounts", "fone", "phone")],
        ),
    ],
)
def test_objects_first_then_what_belongs_to_them(pairs, expected):
    assert requested(pairs) == expected


def test_the_database_after_the_renames():
    _, after = parse_requests({"users": "accounts", "users.fone": "phone"}, SHOP, MODELS)
    assert list(after.tables[name("accounts")].columns) == ["phone", "kept"]


def heirs(column_name):
    child = table("child", column(column_name, local=False), inherits=(name("base"),))
    return catalog(table("base", column(column_name)), child)


def test_a_column_is_renamed_in_the_table_that_defines_it():
    expected = [("column", "base", "old", "new"), ("column", "child", "old", "new")]
    assert requested({"child.old": "new"}, heirs("old"), heirs("new")) == expected
    both = {"base.old": "new", "public.child.old": "child.new"}
    assert requested(both, heirs("old"), heirs("new")) == expected
    with pytest.raises(TargetError, match=r"the database has no child\.old"):
        requested({"base.old": "new", "child.old": "other"}, heirs("old"), heirs("new"))


TAKEN = catalog(table("users", column("a"), column("b")), table("other", column("b")))
MANY = catalog(*(table(f"t{number:02}", column("n")) for number in range(12)))


@pytest.mark.parametrize(
    ("pairs", "before", "after", "message", "hint"),
    [
        (
            {"users.a": "b"},
            TAKEN,
            TAKEN,
            "users.a cannot be renamed to b: the database has a column of that name",
            "rename or drop that one first, in a separate revision",
        ),
        (
            {"users": "shop.accounts"},
            SHOP,
            MODELS,
            "users cannot be renamed to shop.accounts: a rename cannot change the schema",
            "op.execute('ALTER ... SET SCHEMA shop') moves it",
        ),
        (
            {"users": "account"},
            SHOP,
            MODELS,
            "the models have no table 'account', the new name of users",
            "did you mean accounts?",
        ),
        (
            {"users": "accounts", "users.fone": "zzz"},
            SHOP,
            MODELS,
            "the models have no column 'zzz' of accounts, the new name of users.fone",
            "there are phone, kept",
        ),
        (
            {"mood": "state", "mood.ok": "zzz"},
            SHOP,
            MODELS,
            "the models have no label 'zzz' of state, the new name of mood.ok",
            "there are fine, bad",
        ),
        (
            {"numbers": "x"},
            SHOP,
            catalog(),
            "the models have no sequence 'x', the new name of numbers",
            "there are no sequences",
        ),
        (
            {"users.fon": "x"},
            SHOP,
            MODELS,
            "the database has no users.fon",
            "did you mean users.fone?",
        ),
        (
            {"shop.orders.zzzzzzzzzzzz": "x"},
            SHOP,
            MODELS,
            "the database has no shop.orders.zzzzzzzzzzzz",
            "did you mean shop.orders.n?",
        ),
        (
            {"zzzzzz": "x"},
            MANY,
            MANY,
            "the database has no zzzzzz",
            "there are t00, t01, t02, t03, t04, t05, t06, t07, t08, t09 and 2 more",
        ),
        (
            {"zzzz.y": "x"},
            catalog(),
            catalog(),
            "the database has no zzzz.y",
            "there are no tables",
        ),
        *(
            (
                {wrong: "x"},
                SHOP,
                MODELS,
                f"{wrong!r} is not a name that can be renamed",
                "write table, table.column or schema.table.column",
            )
            for wrong in ("a.b.c.d", "", "a..b", '"a')
        ),
    ],
)
def test_what_cannot_be_renamed(pairs, before, after, message, hint):
    with pytest.raises(TargetError) as caught:
        parse_requests(pairs, before, after)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_the_first_meaning_whose_new_name_the_models_have():
    """A name can be a table, a type, a sequence or an index; a member, a column or a constraint."""
    before = catalog(table("a", column("id")), enum("a", "ok"))
    assert requested({"a": "b"}, before, catalog(enum("b", "ok"))) == [("enum", None, "a", "b")]
    both = catalog(table("t", column("x"), unique("x", "x")))
    wanted = catalog(table("t", column("x"), unique("y", "x")))
    assert requested({"t.x": "y"}, both, wanted) == [("constraint", "t", "x", "y")]
