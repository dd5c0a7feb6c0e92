"""Values as PostgreSQL literals.

A literal has the same meaning as a parameter of a driver. Strings have no cast (``'x'``): the server
infers their type, as it does for psycopg. Other quoted values have a cast where the server cannot infer
the type (``explicit``), and where it matters: without a cast, a timestamp with an offset loses it in a
column without time zone.

The value is converted by its SQLAlchemy type first: by ``process_bind_param`` of a ``TypeDecorator``,
the JSON serializer, or to the label of an ``Enum`` member.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from decimal import Decimal
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects.postgresql import ARRAY as PG_ARRAY
from sqlalchemy.dialects.postgresql import HSTORE
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, AbstractRange, Range
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from asyncmig.operations.base.errors import directive_error
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import Dialect

__all__ = ["typed_literal"]


class _Rendered(NamedTuple):
    """The text of a value, as the input function of its type reads it.

    ``cast`` is the name of the type; ``needs_cast`` is True if the cast is always written.
    """

    text: str
    is_quoted: bool = True
    cast: str | None = None
    needs_cast: bool = False


_INFINITY = float("inf")
_NULL = _Rendered("NULL", is_quoted=False)
_TRUE = _Rendered("true", is_quoted=False)
_FALSE = _Rendered("false", is_quoted=False)


def typed_literal(
    value: Any, type_: TypeEngine[Any], dialect: Dialect, *, explicit: bool = False
) -> str:
    """A value as a literal.

    Args:
        value: a Python value, as for a parameter.
        type_: the SQLAlchemy type; ``NullType`` when it is unknown.
        dialect: a ``MigrationDialect``.
        explicit: write a cast, because the server cannot infer the type.

    Raises:
        DirectiveError: there is no literal for such a value.

    Example::

        typed_literal([1, None], ARRAY(Integer()), dialect)  # '{1,NULL}'
    """
    if explicit and isinstance(value, list) and type(type_) is NullType and value:
        return f"ARRAY[{', '.join(typed_literal(item, type_, dialect) for item in value)}]"
    if isinstance(value, tuple) and type(type_) is NullType:
        return f"({', '.join(typed_literal(item, type_, dialect) for item in value)})"
    rendered = _render(value, type_, dialect)
    if not rendered.is_quoted:
        return rendered.text
    if "\0" in rendered.text:
        raise directive_error(
            "a string has a NUL character, which PostgreSQL does not store",
            hint="strip it, or keep the value in a bytea column",
        )
    quoted = literal(rendered.text)
    if rendered.cast is not None and (explicit or rendered.needs_cast):
        return f"{quoted}::{rendered.cast}"
    return quoted


def _render(value: Any, type_: TypeEngine[Any], dialect: Dialect) -> _Rendered:
    implementation: Any = type_.dialect_impl(dialect)
    if isinstance(implementation, TypeDecorator):
        return _decorated(value, implementation, dialect)
    if value is None and not implementation.should_evaluate_none:
        return _NULL
    user_processor = _user_processor(type(implementation))
    if user_processor == "literal_processor":
        return _raw(implementation, value, dialect)
    if user_processor == "bind_processor":
        return _by_value(_processed(value, implementation, dialect))
    return _by_type(value, implementation, dialect)


def _by_type(value: Any, type_: Any, dialect: Dialect) -> _Rendered:
    """A value of one of SQLAlchemy's types."""
    match type_:
        case sqltypes.JSON():
            return _json(value, type_, dialect)
        case sqltypes.ARRAY():
            return _array(value, type_, dialect)
        case AbstractRange():
            return _range(value, type_, dialect)
        case HSTORE():
            text = _processed(value, type_, dialect)
            return _Rendered(str(text), cast=_name(type_, dialect))
        case sqltypes.Enum() | sqltypes.Uuid() | sqltypes.JSON.JSONPathType():
            return _by_value(_processed(value, type_, dialect))
        case sqltypes.Boolean() if value in (0, 1):
            return _TRUE if value else _FALSE
        case sqltypes.Integer() | sqltypes.Numeric() if isinstance(value, bool):
            return _Rendered(str(int(value)), is_quoted=False)
        case _:
            rendered = _by_value(value)
            has_zone = getattr(type_, "timezone", False)
            return rendered._replace(needs_cast=rendered.needs_cast and not has_zone)


def _user_processor(kind: type) -> str | None:
    """The processor that a user's class defines; None for SQLAlchemy's types and plain subclasses."""
    own = takewhile(lambda cls: not cls.__module__.startswith("sqlalchemy."), kind.__mro__)
    names = ("literal_processor", "bind_processor")
    return next((name for cls in own for name in names if name in cls.__dict__), None)


def _decorated(value: Any, type_: TypeDecorator[Any], dialect: Dialect) -> _Rendered:
    """A value of a TypeDecorator, also of SQLAlchemy's: PickleType, Interval(native=False)."""
    kind = type(type_)
    inner: Any = type_.impl_instance
    if _user_processor(kind) == "literal_processor":
        return _raw(type_, value, dialect)
    if kind.bind_processor is not TypeDecorator.bind_processor:
        return _by_value(_processed(value, type_, dialect))
    if kind.process_literal_param is not TypeDecorator.process_literal_param:
        value = type_.process_literal_param(value, dialect)
    elif kind.process_bind_param is not TypeDecorator.process_bind_param:
        value = type_.process_bind_param(value, dialect)
    return _render(value, inner, dialect)


def _raw(type_: TypeEngine[Any], value: Any, dialect: Dialect) -> _Rendered:
    """SQL text that a user's literal_processor writes."""
    processor = type_.literal_processor(dialect)
    return _by_value(value) if processor is None else _Rendered(processor(value), is_quoted=False)


def _processed(value: Any, type_: TypeEngine[Any], dialect: Dialect) -> Any:
    processor = type_.bind_processor(dialect)
    return value if processor is None else processor(value)


def _name(type_: TypeEngine[Any], dialect: Dialect) -> str:
    return str(dialect.type_compiler_instance.process(type_))


def _json(value: Any, type_: Any, dialect: Dialect) -> _Rendered:
    text = _processed(value, type_, dialect)
    return _NULL if text is None else _Rendered(str(text), cast=_name(type_, dialect))


def _array(value: Any, type_: Any, dialect: Dialect) -> _Rendered:
    if isinstance(value, str):  # in PostgreSQL's notation: '{1,2}'
        return _Rendered(value, cast=_name(type_, dialect))
    item_type, dimensions = type_.item_type, type_.dimensions
    if dimensions is None and isinstance(item_type, sqltypes.JSON):
        dimensions = 1  # a list in it is a JSON value
    text = _array_text(value, item_type, dialect, dimensions)
    return _Rendered(text, cast=_name(type_, dialect))


def _array_text(
    items: Iterable[Any], item_type: TypeEngine[Any], dialect: Dialect, dimensions: int | None
) -> str:
    texts = []
    for item in items:
        if isinstance(item, list | tuple) and dimensions != 1:
            deeper = None if dimensions is None else dimensions - 1
            texts.append(_array_text(item, item_type, dialect, deeper))
            continue
        # SQLAlchemy asks the type about each None, too: JSON makes its null of it
        texts.append(_array_item(_render(item, item_type, dialect)))
    return "{" + ",".join(texts) + "}"


def _array_item(rendered: _Rendered) -> str:
    if not rendered.is_quoted:
        return rendered.text
    return '"' + rendered.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _range(value: Any, type_: Any, dialect: Dialect) -> _Rendered:
    cast = _name(type_, dialect)
    if isinstance(value, str):
        return _Rendered(value, cast=cast)
    if isinstance(type_, AbstractMultiRange):
        return _Rendered("{" + ",".join(map(_range_text, value)) + "}", cast=cast)
    return _Rendered(_range_text(value), cast=cast)


def _range_text(value: Any) -> str:
    """A range of SQLAlchemy, asyncpg or psycopg2; all have the same attributes."""
    if isinstance(value, str):
        return value
    if value.isempty:
        return "empty"
    opening = "[" if value.lower_inc else "("
    closing = "]" if value.upper_inc else ")"
    return f"{opening}{_bound(value.lower)},{_bound(value.upper)}{closing}"


def _bound(value: Any) -> str:
    if value is None:
        return ""
    rendered = _by_value(value)
    return _array_item(rendered)


def _by_value(value: Any) -> _Rendered:
    """A value that is written by its Python type."""
    for kind in type(value).__mro__:
        render = _BY_VALUE.get(kind)
        if render is not None:
            return render(value)
    if hasattr(value, "lower_inc") and hasattr(value, "isempty"):
        return _Rendered(_range_text(value))
    if hasattr(value, "as_string"):  # asyncpg.BitString
        return _Rendered(str(value.as_string()).replace(" ", ""))
    raise directive_error(
        f"there is no PostgreSQL literal for a value of type {type(value).__name__}",
        hint="give its SQLAlchemy type: sa.bindparam('x', value, type_=...), or a typed column",
    )


def _float(value: float) -> _Rendered:
    if value != value:
        return _Rendered("NaN", cast="FLOAT8")
    if value in {_INFINITY, -_INFINITY}:
        return _Rendered("Infinity" if value == _INFINITY else "-Infinity", cast="FLOAT8")
    return _Rendered(float.__repr__(value), is_quoted=False)


def _decimal(value: Decimal) -> _Rendered:
    if value.is_nan():
        return _Rendered("NaN", cast="NUMERIC")
    if value.is_infinite():
        return _Rendered("Infinity" if value == _INFINITY else "-Infinity", cast="NUMERIC")
    return _Rendered(str(value), is_quoted=False)


def _datetime(value: dt.datetime) -> _Rendered:
    text = value.isoformat(" ")
    if value.tzinfo is None:
        return _Rendered(text, cast="TIMESTAMP")
    return _Rendered(text, cast="TIMESTAMPTZ", needs_cast=True)


def _time(value: dt.time) -> _Rendered:
    cast = "TIME" if value.tzinfo is None else "TIMETZ"
    return _Rendered(value.isoformat(), cast=cast)


def _timedelta(value: dt.timedelta) -> _Rendered:
    text = f"{value.days} days {value.seconds}.{value.microseconds:06} seconds"
    return _Rendered(text, cast="INTERVAL")


def _bytes(value: bytes | bytearray | memoryview) -> _Rendered:
    return _Rendered("\\x" + bytes(value).hex(), cast="BYTEA")


_BY_VALUE: dict[type, Callable[[Any], _Rendered]] = {
    type(None): lambda _: _NULL,
    Enum: lambda value: _by_value(value.value),
    str: lambda value: _Rendered(str.__str__(value)),
    bool: lambda value: _TRUE if value else _FALSE,
    int: lambda value: _Rendered(int.__repr__(value), is_quoted=False),
    float: _float,
    Decimal: _decimal,
    dt.datetime: _datetime,
    dt.date: lambda value: _Rendered(value.isoformat(), cast="DATE"),
    dt.time: _time,
    dt.timedelta: _timedelta,
    UUID: lambda value: _Rendered(str(value), cast="UUID"),
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    ipaddress.IPv4Address: lambda value: _Rendered(str(value), cast="INET"),
    ipaddress.IPv6Address: lambda value: _Rendered(str(value), cast="INET"),
    ipaddress.IPv4Interface: lambda value: _Rendered(str(value), cast="INET"),
    ipaddress.IPv6Interface: lambda value: _Rendered(str(value), cast="INET"),
    ipaddress.IPv4Network: lambda value: _Rendered(str(value), cast="CIDR"),
    ipaddress.IPv6Network: lambda value: _Rendered(str(value), cast="CIDR"),
    Range: lambda value: _Rendered(_range_text(value)),
    list: lambda value: _Rendered(
        "{" + ",".join(_array_item(_by_value(item)) for item in value) + "}"
    ),
    PG_ARRAY: lambda value: _Rendered(str(value)),
}
