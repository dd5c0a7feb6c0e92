"""How literals are written; ``tests/integration/ddl/test_literal.py`` asks a server what they mean."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import uuid
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType, TypeDecorator, UserDefinedType

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.literal import typed_literal
from asyncmig.errors import DirectiveError

DIALECT = MigrationDialect()
NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)


class Kind(enum.Enum):
    A = "it's a"


class Label(enum.StrEnum):
    B = "b"


class Number(enum.IntEnum):
    TWO = 2


OTHER_RANGE = SimpleNamespace(lower=1, upper=2, lower_inc=False, upper_inc=True, isempty=False)
"""As asyncpg and psycopg2 have them."""

PLAIN = [
    (None, NullType(), "NULL"),
    (None, sa.Text(), "NULL"),
    (True, NullType(), "true"),
    (False, NullType(), "false"),
    (True, sa.Numeric(), "1"),
    (1, sa.Boolean(), "true"),
    (0, sa.Boolean(), "false"),
    ("{1,2}", sa.ARRAY(sa.Integer), "'{1,2}'"),
    (SimpleNamespace(as_string=lambda: "1010 1"), NullType(), "'10101'"),
    (-3, NullType(), "-3"),
    (1.5, NullType(), "1.5"),
    (Decimal("1.50"), NullType(), "1.50"),
    ("it's", NullType(), "'it''s'"),
    ("\\", sa.String(5), "'\\'"),
    (b"\x01\xff", NullType(), "'\\x01ff'"),
    (float("nan"), sa.Float(), "'NaN'"),
    (float("-inf"), sa.Float(), "'-Infinity'"),
    (Decimal("-Infinity"), sa.Numeric(), "'-Infinity'"),
    (Decimal("Infinity"), sa.Numeric(), "'Infinity'"),
    (dt.date(2026, 1, 2), sa.Date(), "'2026-01-02'"),
    (dt.time(1, 2), sa.Time(), "'01:02:00'"),
    (NOON, sa.DateTime(timezone=True), "'2026-01-02 12:00:00+00:00'"),
    (NOON, postgresql.TIMESTAMP(timezone=True), "'2026-01-02 12:00:00+00:00'"),
    (NOON, NullType(), "'2026-01-02 12:00:00+00:00'::TIMESTAMPTZ"),
    (NOON, sa.DateTime(), "'2026-01-02 12:00:00+00:00'::TIMESTAMPTZ"),
    (dt.timedelta(days=-1, seconds=5), sa.Interval(), "'-1 days 5.000000 seconds'"),
    (dt.timedelta(seconds=5), sa.Interval(native=False), "'1970-01-01 00:00:05'"),
    (uuid.UUID(int=1), sa.Uuid(), "'00000000-0000-0000-0000-000000000001'"),
    (Kind.A, sa.Enum(Kind), "'A'"),
    (Kind.A, NullType(), "'it''s a'"),
    (Label.B, sa.Text(), "'b'"),
    (Number.TWO, sa.Integer(), "2"),
    ([1, None], sa.ARRAY(sa.Integer), "'{1,NULL}'"),
    ([[1], [2]], postgresql.ARRAY(sa.Integer, dimensions=2), "'{{1},{2}}'"),
    (
        [[{"a": 1}], [[2]]],
        postgresql.ARRAY(postgresql.JSONB, dimensions=2),
        """'{{"{\\"a\\": 1}"},{"[2]"}}'""",
    ),
    ([[1, [2]]], postgresql.ARRAY(sa.Integer), "'{{1,{2}}}'"),
    ([[[1]]], postgresql.ARRAY(postgresql.JSONB, dimensions=2), """'{{"[1]"}}'"""),
    (postgresql.Range(None, 5), postgresql.INT4RANGE(), "'[,5)'"),
    ([[1, 2]], postgresql.ARRAY(postgresql.JSONB), """'{"[1, 2]"}'"""),
    (['a"\\', None, "it's"], postgresql.ARRAY(sa.Text), """'{"a\\"\\\\",NULL,"it''s"}'"""),
    ([Kind.A], sa.ARRAY(sa.Enum(Kind)), "'{\"A\"}'"),
    ([], postgresql.ARRAY(sa.Text), "'{}'"),
    (["a"], NullType(), "'{\"a\"}'"),
    ((1, "a"), NullType(), "(1, 'a')"),
    ({"a": "it's"}, sa.JSON(), "'{\"a\": \"it''s\"}'"),
    (None, NullType(), "NULL"),
    (None, sa.ARRAY(sa.Integer), "NULL"),
    (None, postgresql.INT4RANGE(), "NULL"),
    (None, sa.Date(), "NULL"),
    ("yes", sa.Boolean(), "'yes'"),
    ([[[1, 2]], [[3, 4]]], postgresql.ARRAY(sa.Integer, dimensions=3), "'{{{1,2}},{{3,4}}}'"),
    ([[[[1]]]], postgresql.ARRAY(postgresql.JSONB, dimensions=3), """'{{{"[1]"}}}'"""),
    (sa.null(), sa.JSON(), "NULL"),
    (None, sa.JSON(), "'null'"),
    (None, sa.JSON(none_as_null=True), "NULL"),
    (postgresql.Range(1, 5), postgresql.INT4RANGE(), "'[1,5)'"),
    (postgresql.Range(1, 5), NullType(), "'[1,5)'"),
    (postgresql.Range(empty=True), NullType(), "'empty'"),
    (
        SimpleNamespace(lower=1, upper=2, lower_inc=False, upper_inc=True, isempty=False),
        NullType(),
        "'(1,2]'",
    ),
    (postgresql.Range("a b", None, bounds="(]"), NullType(), "'(\"a b\",]'"),
    ([postgresql.Range(1, 5)], postgresql.INT4MULTIRANGE(), "'{[1,5)}'"),
    (["[1,5)"], postgresql.INT4MULTIRANGE(), "'{[1,5)}'"),
    ("{[1,5)}", postgresql.INT4MULTIRANGE(), "'{[1,5)}'"),
    ({"a": None, "b": "x"}, postgresql.HSTORE(), '\'"a"=>NULL, "b"=>"x"\''),
    (ipaddress.ip_address("::1"), postgresql.INET(), "'::1'"),
    (b"\x80\x05N.", sa.PickleType(pickler=None), None),
]


@pytest.mark.parametrize(("value", "type_", "text"), PLAIN[:-1])
def test_where_the_place_tells_the_type(value, type_, text):
    assert typed_literal(value, type_, DIALECT) == text


EXPLICIT = [
    ("x", sa.Text(), "'x'"),
    (5, sa.Integer(), "5"),
    (Kind.A, sa.Enum(Kind), "'A'"),
    (dt.date(2026, 1, 2), NullType(), "'2026-01-02'::DATE"),
    (dt.datetime(2026, 1, 2), sa.DateTime(), "'2026-01-02 00:00:00'::TIMESTAMP"),  # noqa: DTZ001 - naive
    (NOON, sa.DateTime(timezone=True), "'2026-01-02 12:00:00+00:00'::TIMESTAMPTZ"),
    (dt.time(1), sa.Time(), "'01:00:00'::TIME"),
    (dt.time(1, tzinfo=dt.UTC), sa.Time(), "'01:00:00+00:00'::TIMETZ"),
    (dt.timedelta(1), sa.Interval(), "'1 days 0.000000 seconds'::INTERVAL"),
    (uuid.UUID(int=1), sa.Uuid(), "'00000000-0000-0000-0000-000000000001'::UUID"),
    (b"", sa.LargeBinary(), "'\\x'::BYTEA"),
    (Decimal("NaN"), sa.Numeric(), "'NaN'::NUMERIC"),
    (float("inf"), sa.Float(), "'Infinity'::FLOAT8"),
    ([1], sa.ARRAY(sa.Integer), "'{1}'::INTEGER[]"),
    ([], NullType(), "'{}'"),
    ([1, "a"], NullType(), "ARRAY[1, 'a']"),
    ({}, postgresql.JSONB(), "'{}'::JSONB"),
    (postgresql.Range(1, 2), postgresql.INT4RANGE(), "'[1,2)'::INT4RANGE"),
    ({}, postgresql.HSTORE(), "''::HSTORE"),
    (ipaddress.ip_address("10.0.0.1"), NullType(), "'10.0.0.1'::INET"),
    (ipaddress.ip_interface("10.0.0.1/8"), NullType(), "'10.0.0.1/8'::INET"),
    (ipaddress.ip_network("10.0.0.0/8"), NullType(), "'10.0.0.0/8'::CIDR"),
]


@pytest.mark.parametrize(("value", "type_", "text"), EXPLICIT)
def test_where_the_place_does_not(value, type_, text):
    assert typed_literal(value, type_, DIALECT, explicit=True) == text


def test_a_text_with_a_nul_is_refused():
    with pytest.raises(DirectiveError, match="NUL"):
        typed_literal("a\0b", sa.Text(), DIALECT)


@pytest.mark.parametrize(
    "value",
    [object(), {"a": 1}, {1, 2}, SimpleNamespace(lower_inc=True), SimpleNamespace(isempty=1)],
)
def test_a_value_without_a_literal_is_named(value):
    with pytest.raises(DirectiveError, match=type(value).__name__) as caught:
        typed_literal(value, NullType(), DIALECT)
    assert "type_" in caught.value.hint


# types of users


class Upper(TypeDecorator[str]):
    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return "NOTHING" if value is None else value.upper()


class Quoted(TypeDecorator[str]):
    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        raise AssertionError("the literal has its own way")

    def process_literal_param(self, value, dialect):
        return f"<{value}>"


class Tags(TypeDecorator[list]):
    impl = postgresql.ARRAY(sa.Text)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return sorted(value)


class Packed(TypeDecorator[dict]):
    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return {"packed": value}


class OnPostgres(TypeDecorator[object]):
    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect):
        return dialect.type_descriptor(
            postgresql.JSONB() if dialect.name == "postgresql" else sa.Text()
        )


class Vector(UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_):
        return "VECTOR"

    def bind_processor(self, dialect):
        return lambda value: "[" + ",".join(map(str, value)) + "]"


class Point(UserDefinedType):
    cache_ok = True

    def literal_processor(self, dialect):
        return lambda value: f"POINT({value[0]}, {value[1]})"


class Plain(UserDefinedType):
    cache_ok = True

    def literal_processor(self, dialect):
        return None


class Raw(TypeDecorator[str]):
    impl = sa.String
    cache_ok = True

    def literal_processor(self, dialect):
        return lambda value: f"raw({value})"


class MyJson(postgresql.JSONB):
    pass


class MyArray(postgresql.ARRAY):
    pass


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        ("x", Upper(), "'X'"),
        (None, Upper(), "'NOTHING'"),
        ("x", Quoted(), "'<x>'"),
        (["b", "a"], Tags(), '\'{"a","b"}\''),
        (1, Packed(), "'{\"packed\": 1}'"),
        ({"a": 1}, OnPostgres(), "'{\"a\": 1}'"),
        ([1, 2], Vector(), "'[1,2]'"),
        ((1, 2), Point(), "POINT(1, 2)"),
        ("x", Raw(), "raw(x)"),
        ("it's", Plain(), "'it''s'"),
        ({"a": 1}, MyJson(), "'{\"a\": 1}'"),
        (["a"], MyArray(sa.Text), "'{\"a\"}'"),
        ("x", sa.String().with_variant(Upper(), "postgresql"), "'X'"),
        (["x"], postgresql.ARRAY(Upper()), "'{\"X\"}'"),
    ],
)
def test_types_of_users_process_their_values(value, type_, text):
    assert typed_literal(value, type_, DIALECT) == text


def test_types_may_have_a_value_for_nothing():
    update = sa.table("t", sa.column("a", Upper)).update()
    compiled = update.values(a=None).compile(
        dialect=DIALECT, compile_kwargs={"literal_binds": True}
    )
    assert str(compiled) == "UPDATE t SET a='NOTHING'"


def test_paths_of_json():
    path = sa.column("data", postgresql.JSONB)[("a", "it's")]
    compiled = path.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
    assert str(compiled) == "data #> '{a, it''s}'"


def test_pickled_values():
    import pickle

    text = typed_literal({"a": 1}, sa.PickleType(), DIALECT)
    assert pickle.loads(bytes.fromhex(text.removeprefix("'\\x").removesuffix("'"))) == {"a": 1}


def test_unknown_enum_labels_are_refused():
    with pytest.raises(LookupError, match="wrong"):
        typed_literal("wrong", sa.Enum("a", "b", name="x", validate_strings=True), DIALECT)
