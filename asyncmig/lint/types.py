"""Whether a change of a column's type rewrites the table, as far as the names of the types tell it."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

__all__ = ["TypeChange", "change_of_type"]


class TypeChange(Enum):
    """What a change of type costs."""

    SAME = "same"
    FREE = "free"
    """The catalog is changed, and nothing is read."""
    REWRITE = "rewrite"
    UNKNOWN = "unknown"


_ALIASES = {
    "int": "integer",
    "int4": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
    "float": "double precision",
    "float8": "double precision",
    "float4": "real",
    "bool": "boolean",
    "character varying": "varchar",
    "char varying": "varchar",
    "character": "char",
    "bpchar": "char",
    "decimal": "numeric",
    "dec": "numeric",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "bit varying": "varbit",
}
_TYPE = re.compile(
    r"(?P<name>[^()\[\]]+?)\s*(?:\((?P<arguments>[^)]*)\))?(?P<zone>\s+with(?:out)?\s+time\s+zone)?"
    r"\s*(?P<array>(?:\[\s*\d*\s*\]|\barray\b)*)"
)
_BUILT_IN = frozenset(_ALIASES.values()) | {
    "text", "date", "uuid", "json", "jsonb", "bytea", "interval", "inet", "cidr", "xml", "money",
    "real", "name", "bit", "macaddr", "tsvector", "citext", "hstore",
}  # fmt: skip
_LENGTHS = frozenset({"varchar", "varbit"})
_PRECISIONS = frozenset({"timestamp", "timestamptz", "time", "timetz"})
# without a conversion: the stored form is the same
_SAME_FORM = frozenset(
    {("varchar", "text"), ("text", "varchar"), ("cidr", "inet"), ("xml", "text")}
)


class _Type(NamedTuple):
    name: str
    arguments: tuple[int, ...]
    array: bool


def change_of_type(old: str | None, new: str | None, *, using: bool = False) -> TypeChange:
    """What ALTER COLUMN ... TYPE costs.

    Args:
        old: the type before; None where it is not known.
        new: the type afterwards.
        using: there is a USING that is more than the column or a cast of it.
    """
    before, after = _parsed(old), _parsed(new)
    if using:
        return TypeChange.REWRITE
    if before is None or after is None:
        return TypeChange.UNKNOWN
    if before == after:
        return TypeChange.SAME
    if before.array or after.array:
        return (
            TypeChange.REWRITE
        )  # each element is converted, even where an element alone would not be
    if before.name != after.name:
        if (before.name, after.name) in _SAME_FORM and not after.arguments:
            return TypeChange.FREE
        if {before.name, after.name} <= _BUILT_IN:
            return TypeChange.REWRITE
        return TypeChange.UNKNOWN
    return TypeChange.FREE if _is_wider(before, after) else TypeChange.REWRITE


def _is_wider(before: _Type, after: _Type) -> bool:
    """Whether every value of one type is one of the other: ``varchar(20)``, ``varchar(50)``."""
    if not after.arguments:
        return before.name in _LENGTHS | _PRECISIONS | {"numeric"}
    if not before.arguments:
        return False
    if before.name in _LENGTHS | _PRECISIONS:
        return after.arguments >= before.arguments
    if before.name == "numeric":
        precision, scale = (*before.arguments, 0)[:2]
        new_precision, new_scale = (*after.arguments, 0)[:2]
        return scale == new_scale and new_precision >= precision
    return False


def _parsed(text: str | None) -> _Type | None:
    if text is None:
        return None
    match = _TYPE.fullmatch(" ".join(text.lower().replace("pg_catalog.", "").split()))
    if match is None:
        return None
    name = f"{match['name']}{match['zone'] or ''}".strip().strip('"')
    arguments = [one.strip() for one in (match["arguments"] or "").split(",") if one.strip()]
    if not all(one.lstrip("-").isdecimal() for one in arguments):
        return None
    name = _ALIASES.get(name, name)
    if name == "char" and not arguments:
        arguments = ["1"]
    return _Type(name, tuple(map(int, arguments)), bool(match["array"]))
