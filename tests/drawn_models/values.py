"""What is drawn from: names, types with their defaults and conditions, options."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.types import ServerType
from model_changes.building import LONG

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
PARTITIONED = "parts"
"""The table of this name is partitioned, in every model: a partition key cannot be altered."""
TABLES = ("x", "y", "Big Order", 'q"uote', "select", LONG, PARTITIONED)
NEW_TABLES = ("z", "Re named", 'r"uote', "order")
SCHEMAS = (None, None, None, "other", "My Shop")
COLUMNS = ("a", "b", "C c", 'd"q', "user", "p%c", "größe", LONG)
NEW_COLUMNS = ("n", "N w", 'r"q', "table", "neu:ß")
LABELS = ("a", "b", "c d", "d:e", "it's", "Ü")
NEW_LABELS = ("n", "n:e w", "ne'w")
COMMENTS = (None, None, None, "it's", 'b:c "quoted"', "100% ü\\\nnext line")
ROLES = ("public", "pg_read_all_data")
EXTENSIONS = ("citext", "hstore", "pg_trgm", "btree_gist")
EXTENDED = {"citext": "citext", "hstore": "hstore"}
"""Kinds of columns by the extension that they need."""

_WORDS = ("{c} IN ('a', 'b:c')", "length({c}) > 3", "{c} LIKE 'a%'", "{c} ~ '^[a-z]+:\\d$'")
_NUMBERS = ("{c} BETWEEN 1 AND 5", "{c} NOT IN (1, 2)", "{c} > 0 OR {c} IS NULL", "-{c} < 1.5")
_TIMES = ("{c} > '2020-01-01'",)
TYPES: dict[str, tuple[Any, tuple[str | None, ...], tuple[str, ...]]] = {
    "smallint": (sa.SmallInteger, (None, "-1"), _NUMBERS),
    "integer": (sa.Integer, (None, "0", "1 + 1", "{calc}(1)"), _NUMBERS),
    "bigint": (sa.BigInteger, (None, "7"), _NUMBERS),
    "text": (sa.Text, (None, "'a:b'", "upper('x')", "'it''s'"), _WORDS),
    "text C": (sa.Text(collation="C"), (None, "'a'"), _WORDS),
    "varchar": (sa.String(20), (None, "'a'", "'a' || 'b'"), _WORDS),
    "varchar wide": (sa.String(40), (None,), _WORDS),
    "char": (sa.CHAR(3), (None, "'abc'"), _WORDS[:1]),
    "numeric": (sa.Numeric(8, 2), (None, "1.5"), _NUMBERS),
    "numeric wide": (sa.Numeric(10, 2), (None, "0"), _NUMBERS),
    "double": (sa.Double, (None, "0.1", "random()"), _NUMBERS),
    "date": (sa.Date, (None, "CURRENT_DATE", "'2026-01-01'"), _TIMES),
    "time": (sa.Time, (None, "'10:00'"), ()),
    "timestamp": (sa.DateTime, (None, "now()"), _TIMES),
    "timestamptz": (sa.DateTime(timezone=True), (None, "now()"), _TIMES),
    "interval": (sa.Interval, (None, "'1 day 02:00'"), ()),
    "boolean": (sa.Boolean, (None, "true"), ("{c} IS NOT TRUE", "NOT {c}")),
    "uuid": (sa.Uuid, (None, "gen_random_uuid()"), ()),
    "bytea": (sa.LargeBinary, (None, "'\\x00'"), ()),
    "inet": (pgs.INET, (None, "'10.0.0.1'"), ()),
    "json": (sa.JSON, (None, "'[]'"), ()),
    "jsonb": (pgs.JSONB, (None, "'{{\"a\": 1}}'"), ("jsonb_typeof({c}) = 'object'", "{c} ? 'a'")),
    "tsvector": (pgs.TSVECTOR, (None,), ()),
    "array": (
        pgs.ARRAY(sa.Text),
        (None, "'{{}}'", "ARRAY['a', 'b:c']"),
        ("cardinality({c}) < 9",),
    ),
    "array of varchar": (pgs.ARRAY(sa.String(9)), (None, "'{{}}'"), ("'a' = ANY ({c})",)),
    "range": (pgs.TSRANGE, (None,), ("NOT isempty({c})",)),
    "multirange": (pgs.INT4MULTIRANGE, (None,), ()),
    "mood": ("mood", (None, "'{label}'"), ("{c} <> '{label}'", "{c} IN ('{label}', '{label}')")),
    "moods": ("moods", (None, "'{{}}'"), ("cardinality({c}) < 9",)),
    "feeling": ("feeling", (None, "'{label}'"), ()),
    "price": ("price", (None, "'5'"), ()),
    "citext": (pgs.CITEXT, (None, "'a'"), ("{c} <> 'a'",)),
    "hstore": (pgs.HSTORE, (None,), ("{c} ? 'a'",)),
    "address": (ServerType('"ad dress"'), (None,), ()),
    "addresses": (pgs.ARRAY(ServerType('"ad dress"')), (None,), ()),
}
KEYABLE = frozenset(TYPES) - {"json", "jsonb", "price", "address", "addresses", "hstore"}
WORDY = frozenset({"text", "text C", "varchar", "varchar wide"})
ATTRIBUTES = ("text", "integer", "character varying(10)", "numeric(8,2)", "date")
"""Types within the composite type."""


def quoted(name: str) -> str:
    """An identifier within SQL."""
    return '"' + name.replace('"', '""') + '"'


def place(schema: str | None, name: str) -> str:
    """A name with its schema within SQL."""
    return quoted(name) if schema is None else f"{quoted(schema)}.{quoted(name)}"
