"""PostgreSQL's types as SQLAlchemy's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.printed_sql import printed
from asyncmig.types import ServerType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Catalog, TypeName

__all__ = ["changes_family", "is_text_or_varchar", "sql_type"]

_FORM = re.compile(r"(?P<name>[^(\[]+?)\s*(?:\((?P<modifiers>[\d,-]+)\))?(?P<rest> [^(]*)?")

_NAME = re.compile(r'"[^"]+"|[a-z_][a-z0-9_]*')

_PLAIN: Mapping[str, Callable[[], TypeEngine[Any]]] = {
    "smallint": sa.SmallInteger,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
    "real": sa.REAL,
    "double precision": sa.Double,
    "boolean": sa.Boolean,
    "text": sa.Text,
    "date": sa.Date,
    "uuid": sa.Uuid,
    "bytea": sa.LargeBinary,
    "json": postgresql.JSON,
    "jsonb": postgresql.JSONB,
    "inet": postgresql.INET,
    "cidr": postgresql.CIDR,
    "macaddr": postgresql.MACADDR,
    "macaddr8": postgresql.MACADDR8,
    "money": postgresql.MONEY,
    "oid": postgresql.OID,
    "regclass": postgresql.REGCLASS,
    "tsvector": postgresql.TSVECTOR,
    "tsquery": postgresql.TSQUERY,
    "int4range": postgresql.INT4RANGE,
    "int8range": postgresql.INT8RANGE,
    "numrange": postgresql.NUMRANGE,
    "daterange": postgresql.DATERANGE,
    "tsrange": postgresql.TSRANGE,
    "tstzrange": postgresql.TSTZRANGE,
    "int4multirange": postgresql.INT4MULTIRANGE,
    "int8multirange": postgresql.INT8MULTIRANGE,
    "nummultirange": postgresql.NUMMULTIRANGE,
    "datemultirange": postgresql.DATEMULTIRANGE,
    "tsmultirange": postgresql.TSMULTIRANGE,
    "tstzmultirange": postgresql.TSTZMULTIRANGE,
}
_EXTENSIONS: Mapping[str, Callable[[], TypeEngine[Any]]] = {
    "citext": postgresql.CITEXT,
    "hstore": postgresql.HSTORE,
}
_NUMBERS = frozenset({"smallint", "integer", "bigint", "real", "double precision", "numeric"})
_STRINGS = frozenset({"text", "character varying", "character"})


def sql_type(type_: TypeName, collation: str | None, catalog: Catalog) -> TypeEngine[Any]:
    """The type as an object of SQLAlchemy; a ``ServerType`` if there is no class for it.

    Args:
        type_: the type.
        collation: the collation of the column as SQL, if it is not the one of the type.
        catalog: contains the enum types.
    """
    if type_.array:
        return postgresql.ARRAY(_single(type_, type_.text.removesuffix("[]"), collation, catalog))
    return _single(type_, type_.text, collation, catalog)


def _single(type_: TypeName, text: str, collation: str | None, catalog: Catalog) -> TypeEngine[Any]:
    schema = None if type_.name.schema == catalog.default_schema else type_.name.schema
    collation = collation and _local(collation, catalog)
    if type_.kind == "e" and (enum := catalog.enums.get(type_.name)) is not None:
        return postgresql.ENUM(*enum.labels, name=enum.name.name, schema=schema, create_type=False)
    if type_.name.schema != "pg_catalog":
        known = _EXTENSIONS.get(type_.name.name)
        if known is not None and type_.kind == "b" and schema is None and collation is None:
            return known()
        return ServerType(_with_collation(_local(text, catalog), collation))
    form = _FORM.fullmatch(text)
    name_alone = None if collation is None else _simple(collation)
    if form is None or (collation is not None and name_alone is None):
        return ServerType(_with_collation(text, collation))
    name = form["name"] + (form["rest"] or "")
    sizes = [int(size) for size in form["modifiers"].split(",")] if form["modifiers"] else []
    return _built_in(name, sizes, name_alone) or ServerType(_with_collation(text, collation))


def _built_in(name: str, sizes: list[int], collation: str | None) -> TypeEngine[Any] | None:
    size = sizes[0] if sizes else None
    match name:
        case "text":
            return sa.Text(collation=collation)
        case "character varying":
            return sa.String(size, collation=collation)
        case "character":
            return sa.CHAR(size, collation=collation)
        case "numeric":
            precision, scale = (*sizes, None, None)[:2]
            return sa.Numeric(precision, scale)
        case "timestamp with time zone" | "timestamp without time zone":
            zoned = "with time" in name
            if size is not None:
                return postgresql.TIMESTAMP(timezone=zoned, precision=size)
            return sa.DateTime(timezone=zoned)
        case "time with time zone" | "time without time zone":
            zoned = "with time" in name
            if size is not None:
                return postgresql.TIME(timezone=zoned, precision=size)
            return sa.Time(timezone=zoned)
        case "interval":
            return postgresql.INTERVAL(precision=size) if size is not None else sa.Interval()
        case "bit":
            return postgresql.BIT(size)
        case "bit varying":
            return postgresql.BIT(size, varying=True)
        case _:
            plain = _PLAIN.get(name)
            return plain() if plain is not None and not sizes else None


def _local(text: str, catalog: Catalog) -> str:
    """A printed name without the default schema."""
    return text.removeprefix(f"{printed(catalog.default_schema)}.")


def _simple(collation: str) -> str | None:
    """A collation as SQLAlchemy takes it: one name without quotes; None if that would be ambiguous."""
    found = _NAME.fullmatch(collation.removeprefix("pg_catalog."))
    return None if found is None else found[0].strip('"')


def _with_collation(text: str, collation: str | None) -> str:
    return text if collation is None else f"{text} COLLATE {collation}"


def changes_family(before: TypeName, after: TypeName) -> bool:
    """True if constraints and indexes of a column cannot be kept when its type changes."""
    if before.array or after.array:
        return before.array != after.array or before.name != after.name
    return _family(before) != _family(after)


def is_text_or_varchar(before: TypeName, after: TypeName) -> bool:
    """True for ``text`` and ``varchar``, for which expressions differ only in casts to text."""
    names = {before.name, after.name}
    return not (before.array or after.array) and names == {
        ObjectName("pg_catalog", "text"),
        ObjectName("pg_catalog", "varchar"),
    }


def _family(type_: TypeName) -> str:
    base = type_.text.partition("(")[0].strip()
    if type_.name.schema == "pg_catalog":
        if base in _NUMBERS:
            return "number"
        if base in _STRINGS:
            return "string"
        if base.startswith("timestamp"):
            return "timestamp"
    return str(type_.name)
