"""A value's literal means on the server what the value means."""
# ruff: noqa: DTZ001 - times without a zone are part of what is tested

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import math
import uuid
from decimal import Decimal

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.literal import typed_literal
from support.recording_sink import sql_of

DIALECT = MigrationDialect()
UTC = dt.UTC
NINE_HOURS = dt.timezone(dt.timedelta(hours=9))


class Mood(enum.Enum):
    SAD = "it is sad"
    HAPPY = "happy"


class Money(sa.types.TypeDecorator[Decimal]):
    """Cents in the database."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(value * 100)


ROUND_TRIPS = [
    # value, SQLAlchemy's type, the column's type, what asyncpg reads back
    (None, sa.Integer(), "integer", None),
    (True, sa.Boolean(), "boolean", True),
    (False, sa.Boolean(), "boolean", False),
    (1, sa.Boolean(), "boolean", True),
    (5, sa.Integer(), "integer", 5),
    (-5, sa.Integer(), "integer", -5),
    (2**63 - 1, sa.BigInteger(), "bigint", 2**63 - 1),
    (-(2**63), sa.BigInteger(), "bigint", -(2**63)),
    (2**70, sa.Numeric(), "numeric", Decimal(2**70)),
    (True, sa.Integer(), "integer", 1),
    (1.5, sa.Float(), "double precision", 1.5),
    (1e-300, sa.Float(), "double precision", 1e-300),
    (math.inf, sa.Float(), "double precision", math.inf),
    (-math.inf, sa.Float(), "double precision", -math.inf),
    (Decimal("1.2300"), sa.Numeric(), "numeric", Decimal("1.2300")),
    (Decimal("1E+20"), sa.Numeric(), "numeric", Decimal("1E+20")),
    (Decimal("-0.000001"), sa.Numeric(), "numeric", Decimal("-0.000001")),
    (Decimal("Infinity"), sa.Numeric(), "numeric", Decimal("Infinity")),
    ("plain", sa.Text(), "text", "plain"),
    ("it's", sa.Text(), "text", "it's"),
    ("back\\slash \\n \\'", sa.Text(), "text", "back\\slash \\n \\'"),
    ("100% :name %(name)s $1 {} ;--", sa.Text(), "text", "100% :name %(name)s $1 {} ;--"),
    ("", sa.Text(), "text", ""),
    ("newline\nand\ttab", sa.Text(), "text", "newline\nand\ttab"),
    ("žluťoučký 😀", sa.Text(), "text", "žluťoučký 😀"),
    (b"\x00\xff'\\", sa.LargeBinary(), "bytea", b"\x00\xff'\\"),
    (b"", postgresql.BYTEA(), "bytea", b""),
    (bytearray(b"ab"), sa.LargeBinary(), "bytea", b"ab"),
    (memoryview(b"ab"), sa.LargeBinary(), "bytea", b"ab"),
    (dt.date(2026, 11, 21), sa.Date(), "date", dt.date(2026, 11, 21)),
    (dt.date(1, 1, 1), sa.Date(), "date", dt.date(1, 1, 1)),
    (dt.time(12, 30, 1, 5), sa.Time(), "time", dt.time(12, 30, 1, 5)),
    (
        dt.time(12, 30, tzinfo=NINE_HOURS),
        sa.Time(timezone=True),
        "timetz",
        dt.time(12, 30, tzinfo=NINE_HOURS),
    ),
    (
        dt.datetime(2026, 11, 21, 1, 2, 3, 4),
        sa.DateTime(),
        "timestamp",
        dt.datetime(2026, 11, 21, 1, 2, 3, 4),
    ),
    (
        dt.datetime(2026, 11, 21, 9, tzinfo=NINE_HOURS),
        sa.DateTime(timezone=True),
        "timestamptz",
        dt.datetime(2026, 11, 21, tzinfo=UTC),
    ),
    (dt.timedelta(days=3, seconds=5, microseconds=7), sa.Interval(), "interval", ...),
    (dt.timedelta(microseconds=-1), sa.Interval(), "interval", ...),
    (uuid.UUID(int=7), sa.Uuid(), "uuid", uuid.UUID(int=7)),
    (uuid.UUID(int=7), postgresql.UUID(as_uuid=True), "uuid", uuid.UUID(int=7)),
    (str(uuid.UUID(int=7)), sa.Uuid(as_uuid=False), "uuid", uuid.UUID(int=7)),
    (uuid.UUID(int=7), sa.Uuid(native_uuid=False), "char(32)", uuid.UUID(int=7).hex),
    ({"a": [1, None, 'it\'s \\ "x"']}, sa.JSON(), "json", '{"a": [1, null, "it\'s \\\\ \\"x\\""]}'),
    ({"a": 1}, postgresql.JSONB(), "jsonb", '{"a": 1}'),
    ([1, [2]], postgresql.JSONB(), "jsonb", "[1, [2]]"),
    ("text", postgresql.JSONB(), "jsonb", '"text"'),
    (None, postgresql.JSONB(), "jsonb", "null"),
    (None, postgresql.JSONB(none_as_null=True), "jsonb", None),
    (sa.JSON.NULL, postgresql.JSONB(none_as_null=True), "jsonb", "null"),
    ([1, None, 3], sa.ARRAY(sa.Integer), "integer[]", [1, None, 3]),
    ([], sa.ARRAY(sa.Integer), "integer[]", []),
    ([[1, 2], [3, 4]], postgresql.ARRAY(sa.Integer), "integer[]", [[1, 2], [3, 4]]),
    ([[1, 2], [3, 4]], postgresql.ARRAY(sa.Integer, dimensions=2), "integer[]", [[1, 2], [3, 4]]),
    (
        ["a", 'q"uote', "back\\slash", "com,ma", "{brace}", "NULL", "", " x ", None, "it's"],
        postgresql.ARRAY(sa.Text),
        "text[]",
        ["a", 'q"uote', "back\\slash", "com,ma", "{brace}", "NULL", "", " x ", None, "it's"],
    ),
    ([True, False], postgresql.ARRAY(sa.Boolean), "boolean[]", [True, False]),
    ([b"\x00\\"], postgresql.ARRAY(sa.LargeBinary), "bytea[]", [b"\x00\\"]),
    ([dt.date(2026, 1, 1)], postgresql.ARRAY(sa.Date), "date[]", [dt.date(2026, 1, 1)]),
    ([uuid.UUID(int=7)], postgresql.ARRAY(sa.Uuid), "uuid[]", [uuid.UUID(int=7)]),
    ([{"a": 1}, [1, 2]], postgresql.ARRAY(postgresql.JSONB), "jsonb[]", ['{"a": 1}', "[1, 2]"]),
    ([1.5, math.inf], postgresql.ARRAY(sa.Float), "float8[]", [1.5, math.inf]),
    (("a", "b"), postgresql.ARRAY(sa.Text), "text[]", ["a", "b"]),
    (
        ipaddress.ip_address("10.0.0.1"),
        postgresql.INET(),
        "inet",
        ipaddress.ip_interface("10.0.0.1/32").ip,
    ),
    (ipaddress.ip_address("::1"), postgresql.INET(), "inet", ipaddress.ip_address("::1")),
    (
        ipaddress.ip_network("10.0.0.0/8"),
        postgresql.CIDR(),
        "cidr",
        ipaddress.ip_network("10.0.0.0/8"),
    ),
    ("10.0.0.1/24", postgresql.INET(), "inet", ipaddress.ip_interface("10.0.0.1/24")),
    ("08:00:2b:01:02:03", postgresql.MACADDR(), "macaddr", "08:00:2b:01:02:03"),
    (postgresql.Range(1, 5), postgresql.INT4RANGE(), "int4range", asyncpg.Range(1, 5)),
    (
        postgresql.Range(None, 5, bounds="()"),
        postgresql.INT8RANGE(),
        "int8range",
        asyncpg.Range(None, 5),
    ),
    (postgresql.Range(empty=True), postgresql.INT4RANGE(), "int4range", asyncpg.Range(empty=True)),
    (asyncpg.Range(1, 5, upper_inc=True), postgresql.INT4RANGE(), "int4range", asyncpg.Range(1, 6)),
    (asyncpg.Range(empty=True), postgresql.INT4RANGE(), "int4range", asyncpg.Range(empty=True)),
    (
        postgresql.Range(dt.datetime(2026, 1, 1, tzinfo=UTC), None),
        postgresql.TSTZRANGE(),
        "tstzrange",
        asyncpg.Range(dt.datetime(2026, 1, 1, tzinfo=UTC), None),
    ),
    (
        postgresql.Range(Decimal("1.5"), Decimal("2.5"), bounds="[]"),
        postgresql.NUMRANGE(),
        "numrange",
        asyncpg.Range(Decimal("1.5"), Decimal("2.5"), upper_inc=True),
    ),
    (
        [postgresql.Range(1, 3), postgresql.Range(5, 7)],
        postgresql.INT4MULTIRANGE(),
        "int4multirange",
        [asyncpg.Range(1, 3), asyncpg.Range(5, 7)],
    ),
    (
        [postgresql.Range(1, 3)],
        postgresql.ARRAY(postgresql.INT4RANGE),
        "int4range[]",
        [asyncpg.Range(1, 3)],
    ),
    (Mood.SAD, sa.Enum(Mood, name="mood"), "mood", "SAD"),
    ("HAPPY", sa.Enum(Mood, name="mood"), "mood", "HAPPY"),
    ([Mood.SAD, None], postgresql.ARRAY(sa.Enum(Mood, name="mood")), "mood[]", ["SAD", None]),
    ("SAD", postgresql.ENUM("SAD", "HAPPY", name="mood"), "mood", "SAD"),
    (Mood.SAD, sa.Text(), "text", "it is sad"),
    (Decimal("1.50"), Money(), "integer", 150),
    ("101", postgresql.BIT(3), "bit(3)", asyncpg.BitString("101")),
    (asyncpg.BitString("101"), postgresql.BIT(3), "bit(3)", asyncpg.BitString("101")),
    ("fat cats", postgresql.TSVECTOR(), "tsvector", "'cats' 'fat'"),
    (5, sa.Text(), "text", "5"),
    ("5", sa.Integer(), "integer", 5),
    ("2026-11-21", sa.Date(), "date", dt.date(2026, 11, 21)),
    ("{1,2}", postgresql.ARRAY(sa.Integer), "integer[]", [1, 2]),
    ("[1,5)", postgresql.INT4RANGE(), "int4range", asyncpg.Range(1, 5)),
    (dt.datetime(2026, 11, 21, 5), sa.Date(), "date", dt.date(2026, 11, 21)),
    ([1, 2], sa.types.NullType(), "integer[]", [1, 2]),
    (["a", None], sa.types.NullType(), "text[]", ["a", None]),
]


@pytest.fixture
async def moods(pg):
    await pg.execute("CREATE TYPE mood AS ENUM ('SAD', 'HAPPY')")
    return pg


@pytest.mark.parametrize("explicit", [False, True], ids=["inferred", "explicit"])
async def test_round_trips(moods, explicit):
    """One table a case: the literal as it stands in VALUES, and with its type named."""
    for number, (value, type_, column, expected) in enumerate(ROUND_TRIPS):
        text = typed_literal(value, type_, DIALECT, explicit=explicit)
        await moods.execute(f"CREATE TABLE t{number} (x {column})")
        await moods.execute(f"INSERT INTO t{number} VALUES ({text})")
        found = await moods.fetchval(f"SELECT x FROM t{number}")
        assert found == (value if expected is ... else expected), (value, type_, text)


async def test_nan(pg):
    for value, type_ in ((math.nan, sa.Float()), (Decimal("NaN"), sa.Numeric())):
        text = typed_literal(value, type_, DIALECT, explicit=True)
        assert math.isnan(await pg.fetchval(f"SELECT {text}"))


async def test_hstore(pg):
    await pg.execute("CREATE EXTENSION hstore")
    value = {"a": "1", 'q"': "b\\'s", "none": None}
    text = typed_literal(value, postgresql.HSTORE(), DIALECT)
    await pg.execute(f"CREATE TABLE t (x hstore); INSERT INTO t VALUES ({text})")
    assert await pg.fetchval("SELECT x -> 'q\"' FROM t") == "b\\'s"
    assert await pg.fetchval("SELECT x ? 'none' AND x -> 'none' IS NULL FROM t")


async def test_an_offset_counts_even_where_the_column_has_no_time_zone(pg):
    await pg.execute("SET TimeZone TO 'Asia/Tokyo'; CREATE TABLE t (x timestamp)")
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=UTC)
    await pg.execute(f"INSERT INTO t VALUES ({typed_literal(noon, sa.DateTime(), DIALECT)})")
    assert await pg.fetchval("SELECT x FROM t") == dt.datetime(2026, 1, 1, 21)


async def test_places_that_do_not_tell_the_type(pg):
    """Each statement fails, or means something else, when its literals carry no type."""
    t = sa.table("t", sa.column("d", sa.Date), sa.column("i", sa.Integer), sa.column("tags"))
    day = dt.date(2026, 11, 21)
    await pg.execute("CREATE TABLE t (d date, i integer, tags varchar[])")

    def script(op):
        op.execute(t.insert().values(d=day, i=1))
        op.execute(t.update().values(d=sa.case((t.c.i == 1, day), else_=sa.null())))
        op.execute(t.update().values(d=sa.func.date_trunc("month", day)).where(t.c.d == day))
        op.execute(t.update().values(d=sa.literal(day) + sa.literal(dt.timedelta(days=1))))
        op.execute(
            t.insert().from_select(
                ["i"], sa.select(sa.func.unnest(sa.literal([5, 6], postgresql.ARRAY(sa.Integer))))
            )
        )
        op.execute(sa.text("DELETE FROM t WHERE i = ANY(:ids)").bindparams(ids=[6]))
        op.execute(sa.text("UPDATE t SET i = i -:less").bindparams(less=-1))
        op.execute(sa.text("UPDATE t SET i = i WHERE i IN :ids").bindparams(ids=(1, 2)))
        op.execute(t.update().values(tags=["a", "b"]))
        op.execute(t.update().values(i=0).where(sa.column("tags").bool_op("&&")(sa.literal(["z"]))))

    for sql in sql_of(script):
        await pg.execute(sql)
    rows = await pg.fetch("SELECT d, i, tags FROM t ORDER BY i")
    assert [tuple(row) for row in rows] == [
        (dt.date(2026, 11, 22), 2, ["a", "b"]),
        (None, 6, ["a", "b"]),
    ]


async def test_bulk_insert_keeps_every_value(moods):
    table = sa.table(
        "t",
        sa.column("id", sa.Integer),
        sa.column("mood", sa.Enum(Mood, name="mood")),
        sa.column("data", postgresql.JSONB),
        sa.column("tags", postgresql.ARRAY(sa.Text)),
        sa.column("price", Money),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    await moods.execute(
        "CREATE TABLE t (id int, mood mood, data jsonb, tags text[], price int, at timestamptz)"
    )
    at = dt.datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"id": n, "mood": Mood.SAD, "data": {"n": n}, "tags": ["a"], "price": Decimal(n), "at": at}
        for n in range(2500)
    ]
    statements = sql_of(lambda op: op.bulk_insert(table, rows))
    assert len(statements) == 3
    for sql in statements:
        await moods.execute(sql)
    assert (
        await moods.fetchval("SELECT count(*) FROM t WHERE price = id * 100 AND at = $1", at)
        == 2500
    )
    assert await moods.fetchval("SELECT sum((data->>'n')::int) FROM t") == sum(range(2500))


VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))).map(
        lambda value: (value, sa.Text(), "text")
    ),
    st.binary().map(lambda value: (value, sa.LargeBinary(), "bytea")),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (value, sa.BigInteger(), "bigint")),
    st.floats(allow_nan=False).map(lambda value: (value, sa.Float(), "float8")),
    st.datetimes().map(lambda value: (value, sa.DateTime(), "timestamp")),
    st.datetimes(
        min_value=dt.datetime(2, 1, 1), max_value=dt.datetime(9998, 1, 1), timezones=st.just(UTC)
    ).map(lambda value: (value, sa.DateTime(timezone=True), "timestamptz")),
    st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999)).map(
        lambda value: (value, sa.Interval(), "interval")
    ),
    st.lists(
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
    ).map(lambda value: (value, postgresql.ARRAY(sa.Text), "text[]")),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=1, max_size=20))
def test_anything_round_trips(psycopg_cursor, values):
    """Many values in one statement, read back as text by the server's own output functions."""
    same = [
        f"CAST({typed_literal(value, type_, DIALECT).replace('%', '%%')} AS {column}) = CAST(%s AS {column})"
        for value, type_, column in values
    ]
    psycopg_cursor.execute(f"SELECT {' AND '.join(same)}", [value for value, _, _ in values])
    assert psycopg_cursor.fetchone() == (True,)


@pytest.fixture
def psycopg_cursor(database_url):
    import psycopg2

    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


async def test_statements_of_every_kind_run(pg):
    """DDL with literals in it: comments, defaults, checks, index predicates."""

    def script(op):
        op.create_table(
            "t",
            sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
            sa.Column("a", sa.Text, server_default="it's 100% \\ :x", comment="it's \\ %"),
            sa.Column("d", sa.Date, server_default=sa.literal(dt.date(2026, 1, 1))),
            sa.CheckConstraint(sa.column("a") != "\\'", name="ck"),
            comment="t's",
        )
        op.create_index("ix", "t", ["a"], postgresql_where=sa.column("a") == "o'\\")

    for sql in sql_of(script):
        await pg.execute(sql)
    await pg.execute("INSERT INTO t DEFAULT VALUES")
    assert tuple(await pg.fetchrow("SELECT a, d FROM t")) == (
        "it's 100% \\ :x",
        dt.date(2026, 1, 1),
    )
    assert await pg.fetchval("SELECT col_description('t'::regclass, 2)") == "it's \\ %"
