"""Columns of every type, and from one to another."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import Change, col, enum, n, nothing, only, table, unique

NEW = {
    "smallint": sa.SmallInteger,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
    "numeric": sa.Numeric,
    "numeric with precision and scale": sa.Numeric(12, 3),
    "real": sa.REAL,
    "double precision": sa.Double,
    "float with precision": sa.Float(20),
    "boolean": sa.Boolean,
    "text": sa.Text,
    "varchar": sa.String,
    "varchar with length": sa.String(50),
    "char": sa.CHAR(3),
    '"char"': pgs.CHAR(1),
    "bytea": sa.LargeBinary,
    "date": sa.Date,
    "time": sa.Time,
    "time with zone and precision": pgs.TIME(timezone=True, precision=2),
    "timestamp": sa.DateTime,
    "timestamp with zone": sa.DateTime(timezone=True),
    "timestamp with precision": pgs.TIMESTAMP(precision=3),
    "interval": sa.Interval,
    "interval with fields": pgs.INTERVAL(fields="DAY TO SECOND"),
    "interval with precision": pgs.INTERVAL(precision=3),
    "uuid": sa.Uuid,
    "json": sa.JSON,
    "jsonb": pgs.JSONB,
    "array": pgs.ARRAY(sa.Integer),
    "array of two dimensions": pgs.ARRAY(sa.Text, dimensions=2),
    "array of varchar with length": pgs.ARRAY(sa.String(7)),
    "array of timestamps": pgs.ARRAY(sa.DateTime(timezone=True)),
    "inet": pgs.INET,
    "cidr": pgs.CIDR,
    "macaddr": pgs.MACADDR,
    "macaddr8": pgs.MACADDR8,
    "bit": pgs.BIT(5),
    "bit varying": pgs.BIT(5, varying=True),
    "bit varying without length": pgs.BIT(varying=True),
    "money": pgs.MONEY,
    "oid": pgs.OID,
    "regclass": pgs.REGCLASS,
    "tsvector": pgs.TSVECTOR,
    "tsquery": pgs.TSQUERY,
    "int4range": pgs.INT4RANGE,
    "numrange": pgs.NUMRANGE,
    "tstzrange": pgs.TSTZRANGE,
    "int4multirange": pgs.INT4MULTIRANGE,
    "datemultirange": pgs.DATEMULTIRANGE,
}
EXTENSIONS = {
    "citext": (pgs.CITEXT, "citext"),
    "hstore": (pgs.HSTORE, "hstore"),
}
TO = [
    ("integer to bigint", sa.Integer, sa.BigInteger),
    ("bigint to integer", sa.BigInteger, sa.Integer),
    ("integer to smallint", sa.Integer, sa.SmallInteger),
    ("integer to numeric", sa.Integer, sa.Numeric(10)),
    ("integer to boolean", sa.Integer, sa.Boolean),
    ("integer to text", sa.Integer, sa.Text),
    ("text to integer", sa.Text, sa.Integer),
    ("text to uuid", sa.Text, sa.Uuid),
    ("text to jsonb", sa.Text, pgs.JSONB),
    ("text to date", sa.Text, sa.Date),
    ("text to array", sa.Text, pgs.ARRAY(sa.Text)),
    ("varchar to longer varchar", sa.String(10), sa.String(20)),
    ("varchar to shorter varchar", sa.String(20), sa.String(10)),
    ("varchar to text", sa.String(10), sa.Text),
    ("text to varchar", sa.Text, sa.String(10)),
    ("char to longer char", sa.CHAR(3), sa.CHAR(4)),
    ("numeric: precision", sa.Numeric(8, 2), sa.Numeric(10, 2)),
    ("numeric: scale", sa.Numeric(8, 2), sa.Numeric(8, 4)),
    ("numeric without scale", sa.Numeric, sa.Numeric(10)),
    ("real to double", sa.REAL, sa.Double),
    ("timestamp: zone", sa.DateTime, sa.DateTime(timezone=True)),
    ("timestamp: precision", pgs.TIMESTAMP(precision=3), pgs.TIMESTAMP(precision=6)),
    ("timestamp to date", sa.DateTime, sa.Date),
    ("time: zone and precision", sa.Time, pgs.TIME(timezone=True, precision=2)),
    ("interval: precision", sa.Interval, pgs.INTERVAL(precision=2)),
    ("interval: fields", sa.Interval, pgs.INTERVAL(fields="YEAR TO MONTH")),
    ("json to jsonb", sa.JSON, pgs.JSONB),
    ("array of other varchar", pgs.ARRAY(sa.String(5)), pgs.ARRAY(sa.String(9))),
    ("array of another type", pgs.ARRAY(sa.Integer), pgs.ARRAY(sa.BigInteger)),
    ("bit to bit varying", pgs.BIT(3), pgs.BIT(4, varying=True)),
    ("inet to cidr", pgs.INET, pgs.CIDR),
    ("range to another range", pgs.TSRANGE, pgs.TSTZRANGE),
    ("uuid to text", sa.Uuid, sa.Text),
    ("bytea to text", sa.LargeBinary, sa.Text),
]

CHANGES = [
    *(Change(f"new: {name}", nothing, n(type_)) for name, type_ in NEW.items()),
    *(
        Change(f"new: {name}", nothing, n(type_), setup=f"CREATE EXTENSION {extension}")
        for name, (type_, extension) in EXTENSIONS.items()
    ),
    *(Change(name, n(before), n(after)) for name, before, after in TO),
    Change("text to citext", n(sa.Text), n(pgs.CITEXT), setup="CREATE EXTENSION citext"),
    Change(
        "integer to bigint with default",
        n(sa.Integer, server_default="1"),
        n(sa.BigInteger, server_default="1"),
    ),
    Change(
        "text to integer with default and index",
        n(sa.Text, server_default="1", index=True),
        n(sa.Integer, server_default="1", index=True),
    ),
    Change(
        "text to integer with unique constraint and CHECK",
        table(
            col("n", sa.Text),
            unique("n", name="uq"),
            lambda: sa.CheckConstraint("n IS NOT NULL", name="ck"),
        ),
        table(
            col("n", sa.Integer),
            unique("n", name="uq"),
            lambda: sa.CheckConstraint("n IS NOT NULL", name="ck"),
        ),
    ),
    Change(
        "type of a primary key",
        only(col("id", sa.Text, primary_key=True)),
        only(col("id", sa.Uuid, primary_key=True)),
    ),
    Change(
        "text to enum with default",
        n(sa.Text, server_default="a"),
        n(enum("a", "b"), server_default="a"),
    ),
    Change("enum to text", n(enum("a", "b"), server_default="a"), n(sa.Text, server_default="a")),
    Change(
        "type, NOT NULL, default and comment at once",
        n(sa.Integer),
        n(sa.BigInteger, nullable=False, server_default="0", comment="n"),
    ),
]
