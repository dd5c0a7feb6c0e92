"""USING expressions: how values of one type are converted to another.

The casts are those of ``pg_cast``, which are the same in PostgreSQL 14 to 18, and the rules of the
documentation of ``CREATE CAST``: every type converts to text by assignment, text converts to every type by an
explicit cast, and arrays convert like their elements.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.sqlalchemy_types import changes_family
from asyncmig.operations.directives.columns import AlterColumnOp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from asyncmig.catalog.model import Column, TypeName
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.diff.schema_items.script_sql import ScriptSql

__all__ = ["convert_columns", "converted", "needs_cast", "using_expression"]

_MODIFIERS = re.compile(r"\([\d,-]+\)")
_STRINGS = frozenset({"text", "character varying", "character"})
_NUMBERS = frozenset({"smallint", "integer", "bigint", "real", "double precision", "numeric"})
_JSON = frozenset({"json", "jsonb"})
_TIMESTAMP, _TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
_TIME, _TIMETZ = "time without time zone", "time with time zone"

_BY_ASSIGNMENT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_NUMBERS, _NUMBERS),
    "smallint": _NUMBERS,
    "integer": _NUMBERS | {"money"},
    "bigint": _NUMBERS | {"money"},
    "numeric": _NUMBERS | {"money"},
    "money": frozenset({"numeric"}),
    "date": frozenset({_TIMESTAMP, _TIMESTAMPTZ}),
    _TIMESTAMP: frozenset({"date", _TIME, _TIMESTAMPTZ}),
    _TIMESTAMPTZ: frozenset({"date", _TIME, _TIMESTAMP, _TIMETZ}),
    _TIME: frozenset({"interval", _TIMETZ}),
    _TIMETZ: frozenset({_TIME}),
    "interval": frozenset({_TIME}),
    "json": frozenset({"jsonb"}),
    "jsonb": frozenset({"json"}),
    "inet": frozenset({"cidr"}),
    "cidr": frozenset({"inet"}),
    "macaddr": frozenset({"macaddr8"}),
    "macaddr8": frozenset({"macaddr"}),
    "bit": frozenset({"bit varying"}),
    "bit varying": frozenset({"bit"}),
    "box": frozenset({"polygon"}),
    "path": frozenset({"polygon"}),
    "polygon": frozenset({"path"}),
    "point": frozenset({"box"}),
}
_EXPLICIT: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"integer"}),
    "integer": frozenset({"boolean", "bit"}),
    "bigint": frozenset({"bit"}),
    "bit": frozenset({"integer", "bigint"}),
    "jsonb": _NUMBERS | {"boolean"},
    "box": frozenset({"point", "lseg", "circle"}),
    "circle": frozenset({"point", "box", "polygon"}),
    "lseg": frozenset({"point"}),
    "polygon": frozenset({"point", "box", "circle"}),
    **{
        f"{name}range": frozenset({f"{name}multirange"})
        for name in ("int4", "int8", "num", "date", "ts", "tstz")
    },
}


def needs_cast(before: TypeName, after: TypeName) -> bool:
    """True if values do not convert by assignment, so that a USING expression is required."""
    return changes_family(before, after) and not _is_assigned(before, after)


def convert_columns(
    types: Collection[ObjectName],
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    using: Callable[[Column, Column], str],
) -> Iterator[AlterColumnOp]:
    """Convert the columns of replaced types, with their defaults, to the new types of the same name.

    Generated columns are dropped and added again, so that they are left out.

    Args:
        types: the names of the replaced types.
        old: makes items of the catalog before.
        new: makes items of the catalog after.
        using: the USING expression from the column before and after.
    """
    for name, table in old.catalog.tables.items():
        wanted = new.catalog.tables.get(name)
        for column in table.columns.values():
            after = None if wanted is None else wanted.columns.get(column.name)
            if after is None or after.generated is not None or column.type.name not in types:
                continue
            if column.type.name != after.type.name:
                continue
            schema = old.schema(name)
            if column.default is not None:
                yield AlterColumnOp(
                    name.name, column.name, schema=schema, modify_server_default=None
                )
            yield AlterColumnOp(
                name.name,
                column.name,
                schema=schema,
                existing_type=old.type(column, table),
                existing_nullable=column.nullable,
                existing_server_default=old.default(column),
                modify_type=new.type(after, table),
                modify_server_default=new.default(after) if after.default is not None else False,
                postgresql_using=using(column, after),
            )


def using_expression(before: Column, after: Column, script: ScriptSql) -> str:
    """The USING expression that converts a column."""
    type_ = script.local(after.type.text)
    return converted(script.quote(after.name), before.type, after.type, type_)


def converted(value: str, before: TypeName, after: TypeName, type_: str) -> str:
    """An expression of the new type; if PostgreSQL has no cast, through text, which may fail for some values.

    Args:
        value: the old value as SQL: a column, quoted.
        before: its type.
        after: the new type.
        type_: the new type as SQL.
    """
    old, new = _plain(before), _plain(after)
    if after.array and not before.array:
        if old in _JSON:
            # the text of a JSON list of plain values is the text of an array, except for the brackets
            return f"translate({value}::text, '[]', '{{}}')::{type_}"
        item = value if _fits(before, after.element) else f"{value}::text"
        # for a composite value, IS NOT NULL means that no attribute is NULL
        is_not = "IS DISTINCT FROM" if before.kind == "c" else "IS NOT"
        return f"CASE WHEN {value} {is_not} NULL THEN ARRAY[{item}]::{type_} END"
    if before.array and not after.array:
        if new in _JSON:
            return f"to_{new}({value})"
        if _fits(before.element, after):
            return f"{value}[1]::{type_}"
        if after.kind == "e":
            return f"{value}[1]::text::{type_}"
        return f"{value}::text::{type_}"
    if after.kind == "e":
        return f"{value}::text{'[]' if after.array else ''}::{type_}"
    if not after.array:
        if old == "boolean" and new in _NUMBERS:
            return f"{value}::integer::{type_}" if new != "integer" else f"{value}::{type_}"
        if old in _NUMBERS - {"integer"} and new == "boolean":
            return f"{value} <> 0"
    if _is_cast(before, after):
        return f"{value}::{type_}"
    return f"{value}::text{'[]' if after.array else ''}::{type_}"


def _fits(before: TypeName, after: TypeName) -> bool:
    """True if there is a cast; not for an enum type, which may be replaced under its name."""
    if after.kind == "e":
        return False
    return not changes_family(before, after) or _is_cast(before, after)


def _is_assigned(before: TypeName, after: TypeName) -> bool:
    """True if there is an assignment cast; between arrays and other types, only to text."""
    if not after.array and _plain(after) in _STRINGS:
        return True
    if before.array != after.array:
        return False
    old, new = _plain(before.element), _plain(after.element)
    return new in _STRINGS or new in _BY_ASSIGNMENT.get(old, ())


def _is_cast(before: TypeName, after: TypeName) -> bool:
    """True if there is a cast; both are arrays, or neither is."""
    if _is_assigned(before, after):
        return True
    old, new = _plain(before.element), _plain(after.element)
    if before.name.name == "hstore" and new in _JSON:  # the extension brings the cast
        return True
    return old in _STRINGS or new in _EXPLICIT.get(old, ())


def _plain(type_: TypeName) -> str:
    """The name of a built-in type without modifiers; the qualified name of any other type."""
    if type_.name.schema != "pg_catalog":
        return str(type_.name)
    return " ".join(_MODIFIERS.sub(" ", type_.text).split())
