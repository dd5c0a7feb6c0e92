"""Names that people give for a rename without saying what they belong to."""

from __future__ import annotations

import pytest

from asyncmig.catalog.model import Catalog, Column, Enum, Table, TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.renames.requests import parse_requests
from asyncmig.errors import TargetError

TEXT = TypeName(text="text", name=ObjectName("pg_catalog", "text"))


def table(schema: str, name: str, *columns: str) -> Table:
    return Table(
        name=ObjectName(schema, name),
        columns={column: Column(name=column, type=TEXT) for column in columns},
        constraints={},
        indexes={},
    )


TABLES = (
    table("public", "users", "phone", "email"),
    table("public", "shops", "email"),
    table("shop", "a.b", "c.d", "everywhere"),
    *(table("public", f"t{number}", "everywhere") for number in range(3)),
)
DATABASE = Catalog(
    default_schema="public",
    tables={one.name: one for one in TABLES},
    enums={ObjectName("public", "mood"): Enum(name=ObjectName("public", "mood"), labels=("ok",))},
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
