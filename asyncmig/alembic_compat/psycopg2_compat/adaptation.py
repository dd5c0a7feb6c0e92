"""Parameters of the ``pyformat`` and ``format`` styles, written into the text as psycopg2 does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NULLTYPE

from asyncmig.alembic_compat.psycopg2_compat.errors import ProgrammingError
from asyncmig.ddl.literal import typed_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Dialect

__all__ = ["adapt", "merge"]

_PLACE = re.compile(r"%(?:\((?P<name>[^)]*)\)s|(?P<position>s)|(?P<percent>%))")


def merge(sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None, dialect: Dialect) -> str:
    """The text with its parameters in it; ``%%`` is a percent sign.

    A percent sign that begins no place stays one, where psycopg2 would complain.

    Raises:
        ProgrammingError: a place has no value, or a value has no literal.
    """
    if "%" not in sql:
        return sql
    named: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}
    listed = iter(() if parameters is None or isinstance(parameters, Mapping) else parameters)

    def value(place: re.Match[str]) -> str:
        if place["percent"]:
            return "%"
        if not parameters:
            return place[0]
        if place["position"]:
            try:
                return adapt(next(listed), dialect)
            except StopIteration:
                raise ProgrammingError("there are more places than parameters") from None
        if place["name"] not in named:
            raise ProgrammingError(f"there is no parameter {place['name']!r}")
        return adapt(named[place["name"]], dialect)

    return _PLACE.sub(value, sql)


def adapt(value: Any, dialect: Dialect) -> str:
    """A value as psycopg2 writes it: by its Python type, texts without a type."""
    if hasattr(value, "getquoted"):
        value = _unwrapped(value)
        if isinstance(value, _Plain):
            return value
    if isinstance(value, dict):
        value = json.dumps(value)
    if isinstance(value, list) and not value:
        return "'{}'"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(adapt(item, dialect) for item in value)}]"
    if isinstance(value, tuple | set | frozenset):
        return f"({', '.join(adapt(item, dialect) for item in value)})"
    written = typed_literal(value, NULLTYPE, dialect, explicit=True)
    # "x - -1" must not become a comment
    return f" {written}" if written.startswith("-") else written


class _Plain(str):
    """A text that goes into the statement as it is."""

    __slots__ = ()


def _unwrapped(value: Any) -> Any:
    """What is inside of psycopg2's wrappers ``AsIs``, ``Json`` and ``Binary``, and of others like them."""
    if hasattr(value, "dumps"):
        return value.dumps(value.adapted)
    match type(value).__name__:
        case "AsIs":
            return _Plain(value.adapted)
        case "Binary" | "QuotedString":
            return value.adapted
        case _:
            return _Plain(value.getquoted().decode())
