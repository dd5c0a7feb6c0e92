"""Values of asyncpg as psycopg2, with SQLAlchemy's extensions of it, gives them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.dialects.postgresql import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["converters"]

_PLAIN = frozenset(
    {
        *(
            "bool",
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "numeric",
            "money",
            "oid",
            "regclass",
        ),
        *("text", "varchar", "bpchar", "char", "name", "uuid", "xml"),
        *("date", "time", "timetz", "timestamp", "interval"),
    }
)
"""Types whose values are the same in both drivers."""


def converters(
    types: Sequence[str], time_zone: str
) -> tuple[Callable[[Any], Any] | None, ...] | None:
    """For each column what turns its values; None where there is nothing to turn.

    Args:
        types: the columns' types by name, ``int4[]`` for an array.
        time_zone: the session's: times with a zone are shown in it.
    """
    found = tuple(_converter(name, time_zone) for name in types)
    return found if any(found) else None


def _converter(name: str, time_zone: str) -> Callable[[Any], Any] | None:
    element = name.removesuffix("[]")
    if element in _PLAIN:
        return None
    if element in {"json", "jsonb"}:
        return _json
    if element == "timestamptz":
        zone = _zone(time_zone)
        return lambda value: _in_zone(value, zone)
    return _by_type


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(item) for item in value]
    return json.loads(value) if isinstance(value, str | bytes) else value


def _zone(name: str) -> dt.tzinfo | None:
    if name.upper() in {"UTC", "ETC/UTC", "GMT"}:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # PostgreSQL knows spellings that Python does not
        return None


def _in_zone(value: Any, zone: dt.tzinfo | None) -> Any:
    if isinstance(value, list):
        return [_in_zone(item, zone) for item in value]
    if zone is None or not isinstance(value, dt.datetime):
        return value
    local = value.astimezone(zone)
    return local.replace(tzinfo=dt.timezone(local.utcoffset() or dt.timedelta()))


def _by_type(value: Any) -> Any:
    match value:
        case None | str() | int() | float() | bool():
            return value
        case bytes():
            return memoryview(value)
        case list():
            return [_by_type(item) for item in value]
        case asyncpg.Range():
            if value.isempty:
                return Range(empty=True)
            bounds = ("[" if value.lower_inc else "(") + ("]" if value.upper_inc else ")")
            return Range(value.lower, value.upper, bounds=bounds)  # type: ignore[arg-type]  # one of four
        case asyncpg.BitString():
            return value.as_string().replace(" ", "")
        case (
            ipaddress.IPv4Address()
            | ipaddress.IPv6Address()
            | ipaddress.IPv4Interface()
            | ipaddress.IPv6Interface()
            | ipaddress.IPv4Network()
            | ipaddress.IPv6Network()
        ):
            return str(value)
        case _:
            return value
