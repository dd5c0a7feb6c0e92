"""Which changes of type are free; tests/integration/lint asks a server about the same pairs."""

import pytest

from asyncmig.lint.types import TypeChange, change_of_type

FREE = [
    ("varchar(20)", "varchar(50)"),
    ("varchar(20)", "varchar"),
    ("character varying(20)", "text"),
    ("text", "varchar"),
    ("numeric(10,2)", "numeric(12, 2)"),
    ("numeric(10,2)", "numeric"),
    ("timestamp(3)", "timestamp(6)"),
    ("timestamp(3) without time zone", "timestamp"),
    ("cidr", "inet"),
    ("bit varying(4)", "bit varying(8)"),
]
REWRITE = [
    ("varchar(50)", "varchar(20)"),
    ("text", "varchar(20)"),
    ("numeric(10,2)", "numeric(10,3)"),
    ("numeric", "numeric(10,2)"),
    ("integer", "bigint"),
    ("int4", "int8"),
    ("json", "jsonb"),
    ("char(4)", "text"),
    ("timestamp(6)", "timestamp(3)"),
    ("text", "text[]"),
    ("varchar(10)[]", "text[]"),
    ("bit(3)", "bit(4)"),
    ("char(3)", "char(5)"),
]
SAME = [
    ("int", "integer"),
    ("VARCHAR(20)", "character varying(20)"),
    ("int8", "bigint"),
    ("char", "char(1)"),
]
UNKNOWN = [
    (None, "text"),
    ("mood", "text"),
    ("mood", "state"),
    ("text", None),
    ("varchar(20", "text"),
    ("geometry(Point,4326)", "geometry(Polygon,4326)"),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        *((old, new, TypeChange.FREE) for old, new in FREE),
        *((old, new, TypeChange.REWRITE) for old, new in REWRITE),
        *((old, new, TypeChange.SAME) for old, new in SAME),
        *((old, new, TypeChange.UNKNOWN) for old, new in UNKNOWN),
    ],
)
def test_change(old, new, expected):
    assert change_of_type(old, new) is expected


def test_using_more_than_a_cast_rewrites():
    assert change_of_type("text", "text", using=True) is TypeChange.REWRITE
