"""Changes of columns, but for their types."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import (
    LONG,
    Change,
    author,
    both,
    check,
    col,
    computed,
    enum,
    identity,
    n,
    nothing,
    only,
    table,
    text,
    unique,
)

lower = n(sa.Text, computed("lower(title)"))


def number(**keywords):
    return n(sa.Integer, identity(**keywords))


def default(type_, sql):
    return n(type_, server_default=text(sql))


CHANGES = [
    Change("a column added", nothing, n(sa.Integer)),
    Change("a column removed", n(sa.Integer), nothing),
    Change("three columns added", nothing, table(*(col(x, sa.Text) for x in "abc"))),
    Change("one added, one removed", table(col("a", sa.Text)), table(col("b", sa.Date))),
    Change("a column removed with its index", n(sa.Text, index=True), nothing),
    Change("a column removed with its unique constraint", n(sa.Text, unique=True), nothing),
    Change(
        "a column removed with its foreign key",
        both(author, n(sa.Integer, lambda: sa.ForeignKey("author.id"))),
        both(author, nothing),
    ),
    Change(
        "a column removed with its CHECK",
        table(col("n", sa.Integer), check("n > 0", name="ck")),
        nothing,
    ),
    Change(
        "a column removed from a key of two",
        table(col("n", sa.Integer), unique("title", "n", name="uq")),
        table(unique("title", name="uq")),
    ),
    Change("NOT NULL without default", nothing, n(sa.Integer, nullable=False)),
    Change(
        "NOT NULL with default", nothing, n(sa.Text, server_default="it's: here", nullable=False)
    ),
    Change("with comment", nothing, n(sa.Text, comment="a:b")),
    Change("unique", nothing, n(sa.Text, unique=True)),
    Change("indexed", nothing, n(sa.Text, index=True)),
    Change("unique index", nothing, n(sa.Text, index=True, unique=True)),
    Change("name that needs quotes", nothing, table(col('Größe "x"', sa.Text, index=True))),
    Change("name of 63 bytes", nothing, table(col(LONG, sa.Text, index=True, unique=True))),
    Change("name with a percent sign and a colon", nothing, table(col("a%b:c", sa.Text))),
    Change("NOT NULL", n(sa.Integer), n(sa.Integer, nullable=False)),
    Change("NULL again", n(sa.Integer, nullable=False), n(sa.Integer)),
    Change("comment", n(sa.Integer), n(sa.Integer, comment='it\'s "x": 100%\nü')),
    Change("comment changed", n(sa.Integer, comment="x"), n(sa.Integer, comment="y")),
    Change("comment removed", n(sa.Integer, comment="y"), n(sa.Integer)),
    Change("collation", n(sa.Text), n(sa.Text(collation="C"))),
    Change("collation changed", n(sa.Text(collation="C")), n(sa.Text(collation="POSIX"))),
    Change("collation removed", n(sa.String(9, collation="C")), n(sa.String(9))),
    Change("collation of a new column", nothing, n(sa.String(9, collation="POSIX"))),
    Change(
        "collation of an indexed column",
        n(sa.Text, index=True),
        n(sa.Text(collation="C"), index=True),
    ),
    # defaults
    Change("default", n(sa.Integer), n(sa.Integer, server_default="7")),
    Change("default changed", n(sa.Integer, server_default="6"), n(sa.Integer, server_default="7")),
    Change("default removed", n(sa.Integer, server_default="6"), n(sa.Integer)),
    Change("default of a text with quotes", n(sa.Text), n(sa.Text, server_default="it's: \\ 100%")),
    Change("default that is empty", n(sa.Text), n(sa.Text, server_default="")),
    Change("default now()", n(sa.DateTime), n(sa.DateTime, server_default=sa.func.now())),
    Change(
        "default of another function",
        default(sa.DateTime, "now()"),
        default(sa.DateTime, "clock_timestamp()"),
    ),
    Change(
        "default of an expression",
        default(sa.Integer, "1 + 1"),
        default(sa.Integer, "1 + 2"),
    ),
    Change(
        "default of an expression for a literal",
        default(sa.Integer, "2"),
        default(sa.Integer, "1 + 1"),
    ),
    Change(
        "default with a cast",
        default(sa.Text, "'a'"),
        default(sa.Text, "('a' || 1)::varchar"),
    ),
    Change("default of a boolean", default(sa.Boolean, "true"), default(sa.Boolean, "false")),
    Change("default of a date", default(sa.Date, "'2020-01-01'"), default(sa.Date, "CURRENT_DATE")),
    Change(
        "default of an interval",
        default(sa.Interval, "'1 day'"),
        default(sa.Interval, "'2 days 03:00:00'"),
    ),
    Change(
        "default of a numeric", default(sa.Numeric(8, 2), "1.5"), default(sa.Numeric(8, 2), "-1.5")
    ),
    Change("default of a UUID", n(sa.Uuid), default(sa.Uuid, "gen_random_uuid()")),
    Change(
        "default of an array",
        default(pgs.ARRAY(sa.Text), "'{}'"),
        default(pgs.ARRAY(sa.Text), "ARRAY['a:b', 'c']"),
    ),
    Change("default of a JSON", n(pgs.JSONB), default(pgs.JSONB, '\'{"a": {"b": [1]}}\'')),
    Change(
        "default of a JSON changed",
        default(pgs.JSONB, "'{\"a\": 1}'"),
        default(pgs.JSONB, "'{\"a\": 2}'"),
    ),
    Change(
        "default of an enum",
        n(enum("a", "b"), server_default="a"),
        n(enum("a", "b"), server_default="b"),
    ),
    Change(
        "default with CASE",
        default(sa.Integer, "CASE WHEN true THEN 1 ELSE 2 END"),
        default(sa.Integer, "CASE WHEN true THEN 1 ELSE 3 END"),
    ),
    # identity
    Change("an identity column added", nothing, number(start=5)),
    Change("an identity column removed", number(), nothing),
    Change("identity", n(sa.Integer, nullable=False), number()),
    Change("identity removed", number(), n(sa.Integer, nullable=False)),
    Change("identity for a default", n(sa.Integer, nullable=False, server_default="3"), number()),
    Change("identity ALWAYS", number(), number(always=True)),
    Change("identity BY DEFAULT", number(always=True), number()),
    Change("identity: start", number(), number(start=7)),
    Change("identity: increment", number(), number(increment=10)),
    Change("identity: smallest", number(), number(minvalue=-5, start=1)),
    Change("identity: largest", number(), number(maxvalue=900)),
    Change("identity: cache", number(), number(cache=20)),
    Change("identity: cycle", number(), number(cycle=True)),
    Change(
        "identity: downwards", number(), number(increment=-1, start=-1, maxvalue=-1, minvalue=-900)
    ),
    Change(
        "identity: several options",
        number(),
        number(start=7, increment=2, cycle=True, maxvalue=900, cache=3),
    ),
    Change("identity: options removed", number(start=7, increment=2, maxvalue=900), number()),
    Change("identity of another type", number(), n(sa.BigInteger, identity())),
    Change(
        "identity of a smaller type", n(sa.BigInteger, identity()), n(sa.SmallInteger, identity())
    ),
    Change(
        "identity with limits: wider column",
        only(col("x", sa.Integer, identity(minvalue=1, maxvalue=99), primary_key=True)),
        only(col("x", sa.BigInteger, identity(minvalue=1, maxvalue=99), primary_key=True)),
    ),
    # serial
    Change(
        "serial to bigserial",
        only(col("x", sa.Integer, primary_key=True)),
        only(col("x", sa.BigInteger, primary_key=True)),
    ),
    Change(
        "bigserial to serial",
        only(col("x", sa.BigInteger, primary_key=True)),
        only(col("x", sa.Integer, primary_key=True)),
    ),
    Change(
        "serial to identity",
        only(col("x", sa.Integer, primary_key=True)),
        only(col("x", sa.Integer, identity(), primary_key=True)),
    ),
    Change(
        "serial to plain",
        only(col("x", sa.Integer, primary_key=True)),
        only(col("x", sa.Integer, primary_key=True, autoincrement=False)),
    ),
    Change(
        "plain to serial",
        only(col("x", sa.Integer, primary_key=True, autoincrement=False)),
        only(col("x", sa.Integer, primary_key=True)),
    ),
    # generated
    Change("a generated column added", nothing, lower),
    Change("a generated column removed", lower, nothing),
    Change(
        "a generated column that is NOT NULL",
        nothing,
        n(sa.Text, computed("lower(title)"), nullable=False),
    ),
    Change(
        "generated: another expression",
        n(sa.Text, computed("lower(title)"), index=True),
        n(sa.Text, computed("upper(title)"), index=True),
    ),
    Change("generated to plain", lower, n(sa.Text)),
    Change("plain to generated", n(sa.Text), lower),
    Change("generated: another type", lower, n(sa.String(40), computed("lower(title)"))),
    Change("generated: comment", lower, n(sa.Text, computed("lower(title)"), comment="low")),
    Change(
        "generated from what is cast",
        n(pgs.TSVECTOR, computed("to_tsvector('english', title)")),
        n(pgs.TSVECTOR, computed("to_tsvector('simple', title)")),
    ),
    Change(
        "a virtual column added", nothing, n(sa.Text, computed("lower(title)", False)), since=18
    ),
    Change("stored to virtual", lower, n(sa.Text, computed("lower(title)", False)), since=18),
    Change(
        "virtual: another expression",
        n(sa.Text, computed("lower(title)", False)),
        n(sa.Text, computed("upper(title)", False)),
        since=18,
    ),
]
