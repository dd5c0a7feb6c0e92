"""Tables, types and sequences, drawn as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drawn_models.entities import declared
from drawn_models.values import (
    ATTRIBUTES,
    COLUMNS,
    COMMENTS,
    EXTENSIONS,
    KEYABLE,
    LABELS,
    PARTITIONED,
    SCHEMAS,
    TABLES,
    TYPES,
    WORDY,
)

if TYPE_CHECKING:
    from drawn_models.drawing import Draw

KEYS = ("serial", "identity", "always", "plain", "counting", "down")
ACTIONS = (None, None, "CASCADE", "SET NULL", "RESTRICT", "SET NULL (to_id)")
GENERATED = ("{key} * 2", "{key} + 1", "{calc}({key})")
METHODS = ("btree", "btree", "btree", "hash", "gin", "trigrams")
DOMAINS = (("", False), ("VALUE > 0", False), ("VALUE <> 1", True))
SEQUENCES: tuple[dict[str, int] | None, ...] = (
    None,
    {},
    {"start": 10},
    {"increment": -1, "cache": 5},
)


def column(draw: Draw) -> dict[str, Any]:
    """A column."""
    kind = draw.one(sorted(TYPES))
    generated = draw.one(GENERATED) if draw.yes(0.2) else None
    return {
        "type": "integer" if generated else kind,
        "default": None if generated else draw.one(TYPES[kind][1]),
        "generated": generated,
        "virtual": draw.yes(),
        "nullable": draw.yes(),
        "comment": draw.one(COMMENTS),
    }


def columns(draw: Draw) -> dict[str, dict[str, Any]]:
    """Columns by name."""
    return {name: column(draw) for name in draw.some(COLUMNS, 0, 5)}


def table(draw: Draw, name: str) -> dict[str, Any]:
    """A table; what names columns names those that it has, or ``id``."""
    mine = columns(draw)
    keyable = [column for column, about in mine.items() if about["type"] in KEYABLE]
    wordy = [column for column, about in mine.items() if about["type"] in WORDY]
    every = ["id", *mine]

    def condition() -> tuple[str, int]:
        return draw.one(every), draw.number(4)

    def index() -> dict[str, Any]:
        return {
            "columns": draw.some(keyable, 1, 2),
            "unique": draw.yes(),
            "where": condition() if draw.yes() else None,
            "order": draw.one(["", "", " DESC", " NULLS FIRST"]),
            "include": draw.yes(0.3),
            "expression": draw.one([None, None, "lower", "calc"]),
            "fillfactor": draw.one([None, None, 70]),
            "method": draw.one(METHODS),
            "nulls_not_distinct": draw.yes(),
        }

    partitioned = name == PARTITIONED
    return {
        "schema": draw.one(SCHEMAS),
        "number": TABLES.index(name),
        "columns": mine,
        "key": "id",
        "partitioned": partitioned,
        "id": draw.one(KEYS),
        "wide id": draw.yes() and not partitioned,
        "comment": draw.one(COMMENTS),
        "unlogged": draw.yes(0.2) and not partitioned,
        "options": {"fillfactor": 80} if draw.yes(0.3) and not partitioned else {},
        "key includes": draw.one([None, None, *COLUMNS]),
        "unique": draw.some(keyable, 1, 2) if draw.yes() else None,
        "unique named": draw.yes(),
        "unique with": draw.one([None, None, "include", "nulls not distinct"]),
        "deferrable": draw.yes(0.3),
        "indexes": [index() for _ in range(draw.number(2))],
        "checks": [condition() for _ in range(draw.number(2))],
        "exclude": draw.one([None, "plain", "where", "deferred", "and id"]),
        "shout": draw.one([None, *wordy]),
        "code": draw.one([None, "text", "varchar"]),
        "refers": draw.one([None, *TABLES]),
        "refers to code": draw.yes(),
        "ondelete": draw.one(ACTIONS),
        "onupdate": draw.one([None, None, "CASCADE"]),
        "deferred": draw.yes(),
        "unsaid": draw.some(range(10), 0, 2) if draw.yes(0.3) else [],
    }


def model(draw: Draw) -> dict[str, Any]:
    """A model: tables, and what they share."""
    found = {name: table(draw, name) for name in draw.some(TABLES, 0, 4)}
    return {
        "tables": found,
        "mood": draw.some(LABELS, 1, len(LABELS)),
        "feeling": draw.some(LABELS, 1, len(LABELS)),
        "price": draw.one(DOMAINS),
        "price type": draw.one(["integer", "integer", "integer", "bigint", "numeric"]),
        "address": {name: draw.one(ATTRIBUTES) for name in draw.some(["street", "Zip"], 1, 2)},
        "sequence": draw.one(SEQUENCES),
        "names": {"mood": "mood", "feeling": "Fee ling", "sequence": "Num bers"},
        "convention": draw.yes(),
        "two": draw.yes(0.3),
        "extensions": draw.some(EXTENSIONS, 1, 2) if draw.yes(0.3) else [],
        "entities": declared(draw, found),
    }
