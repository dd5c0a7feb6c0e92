"""Renames that users request by name: ``users.fone`` becomes ``users.phone``."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.schema_items.inheritance import defining_table, with_inherited_columns
from asyncmig.diff.schema_items.rename import Rename
from asyncmig.errors import TargetError
from asyncmig.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.rename import Kind

__all__ = ["parse_requests"]

_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_OBJECTS: tuple[Kind, ...] = ("table", "enum", "sequence", "index")
_MEMBERS: tuple[Kind, ...] = ("column", "constraint", "enum_value")
_MAX_HINTED_TABLES = 3
_MAX_HINTED_NAMES = 10


class _Reading(NamedTuple):
    """One meaning of a name: an object, or a member of a table or type."""

    kind: Kind
    schema: str
    parent: str | None
    name: str


def parse_requests(
    pairs: Mapping[str, str], before: Catalog, after: Catalog
) -> tuple[list[Rename], Catalog]:
    """Return the renames of old names to new ones, tables first, and the database after them.

    Args:
        pairs: ``{"users": "accounts", "users.fone": "accounts.phone"}``, with the schema if it is
            not the default one. For the new name, the last part is enough. A part with a dot in it
            is in double quotes.
        before: the database.
        after: the models.

    Raises:
        TargetError: a name does not exist, or is taken. Facts: ``target``, ``nearest``.
    """
    renames: list[Rename] = []
    rest = dict(pairs)
    tables: dict[ObjectName, str] = {}
    for kinds in (_OBJECTS, _MEMBERS):
        for old, new in list(rest.items()):
            found = list(_readings(old, before, kinds, tables))
            if not found:
                if kinds == _MEMBERS and _is_inherited(old, new, before, renames, tables):
                    del rest[old]
                continue
            item = _rename(found, old, new, before, after)
            for each in with_inherited_columns(item, before):
                renames.append(each)
                before = apply_rename(before, each)
            if item.kind in {"table", "enum"}:
                tables[ObjectName(item.schema, item.old)] = item.new
            del rest[old]
    for old, new in rest.items():
        raise _unqualified(old, new, before) or _unknown(old, before)
    return renames, before


def _split(name: str) -> list[str]:
    parts = [
        in_quotes.replace('""', '"') if in_quotes else plain
        for in_quotes, plain in _PART.findall(name)
    ]
    if not parts or len(parts) > 3 or _PART.sub("", name) != "." * (len(parts) - 1):
        raise TargetError(
            f"{name!r} is not a name that can be renamed",
            hint="write table, table.column or schema.table.column",
            target=name,
        )
    return parts


def _readings(
    name: str, catalog: Catalog, kinds: tuple[Kind, ...], tables: Mapping[ObjectName, str]
) -> Iterator[_Reading]:
    """The meanings of a name in a database; a table or type can have its old or its new name."""
    parts = _split(name)
    if kinds == _OBJECTS and len(parts) < 3:
        schema = parts[0] if len(parts) == 2 else catalog.default_schema
        yield from (
            _Reading(kind, schema, None, parts[-1])
            for kind in _OBJECTS
            if parts[-1] in _members(catalog, kind, ObjectName(schema, ""))
        )
    if kinds == _MEMBERS and len(parts) > 1:
        schema = parts[0] if len(parts) == 3 else catalog.default_schema
        given = ObjectName(schema, parts[-2])
        place = given._replace(name=tables.get(given, given.name))
        yield from (
            _Reading(kind, schema, place.name, parts[-1])
            for kind in _MEMBERS
            if parts[-1] in _members(catalog, kind, place)
        )


def _is_inherited(
    old: str,
    new: str,
    catalog: Catalog,
    renames: list[Rename],
    tables: Mapping[ObjectName, str],
) -> bool:
    """True for a column that is already renamed together with that of a parent or child table."""
    *above, name = _split(old)
    if not above:
        return False
    given = ObjectName(above[0] if len(above) == 2 else catalog.default_schema, above[-1])
    place = given._replace(name=tables.get(given, given.name))
    return any(
        (item.kind, item.place, item.old, item.new) == ("column", place, name, _split(new)[-1])
        for item in renames
    )


def _members(catalog: Catalog, kind: Kind, place: ObjectName) -> list[str]:
    """The names of one kind in a schema, or in a table or type."""
    match kind:
        case "table":
            return [name.name for name in catalog.tables if name.schema == place.schema]
        case "enum":
            return [name.name for name in catalog.enums if name.schema == place.schema]
        case "sequence":
            return [name.name for name in catalog.sequences if name.schema == place.schema]
        case "index":
            return [
                index
                for name, table in catalog.tables.items()
                if name.schema == place.schema
                for index in table.indexes
            ]
        case "column":
            return list(catalog.tables[place].columns) if place in catalog.tables else []
        case "constraint":
            return list(catalog.tables[place].constraints) if place in catalog.tables else []
        case "enum_value":  # pragma: no branch - the last kind
            return list(catalog.enums[place].labels) if place in catalog.enums else []


def _rename(
    readings: list[_Reading], old: str, new: str, before: Catalog, after: Catalog
) -> Rename:
    parts = _split(new)
    name = parts[-1]
    for reading in readings:
        place = ObjectName(reading.schema, reading.parent or "")
        if name not in _members(after, reading.kind, place):
            continue
        if name in _members(before, reading.kind, place):
            raise TargetError(
                f"{old} cannot be renamed to {name}: the database has a "
                f"{_kind_label(reading.kind)} of that name",
                hint="rename or drop that one first, in a separate revision",
                target=new,
            )
        if reading.parent is None and len(parts) == 2 and parts[0] != reading.schema:
            raise TargetError(
                f"{old} cannot be renamed to {new}: a rename cannot change the schema",
                hint=f"op.execute('ALTER ... SET SCHEMA {parts[0]}') moves it",
                target=new,
            )
        if reading.kind == "column":
            # PostgreSQL renames an inherited column in the table that defines it
            top = defining_table(before, place, reading.name)
            reading = reading._replace(schema=top.schema, parent=top.name)  # noqa: PLW2901 - the same, in its table
        return Rename(
            kind=reading.kind,
            schema=reading.schema,
            parent=reading.parent,
            old=reading.name,
            new=name,
        )
    first = readings[0]
    place = ObjectName(first.schema, first.parent or "")
    known = _members(after, first.kind, place)
    kind = _kind_label(first.kind)
    where = f" of {first.parent}" if first.parent else ""
    raise TargetError(
        f"the models have no {kind} {name!r}{where}, the new name of {old}",
        hint=_nearest_hint(name, known, f"{kind}s"),
        target=new,
        nearest=next(iter(get_close_matches(name, known, 1)), None),
    )


def _unqualified(old: str, new: str, catalog: Catalog) -> TargetError | None:
    """The error for the name of a column, constraint or label without its table or type."""
    name, *more = _split(old)
    if more:
        return None
    places = [
        (kind, place)
        for kind in _MEMBERS
        for place in (*catalog.tables, *catalog.enums)
        if name in _members(catalog, kind, place)
    ]
    if not places:
        return None
    kind = places[0][0]
    owners = [_as_request(place, catalog) for found, place in places if found == kind]
    listed = ", ".join(owners[:_MAX_HINTED_TABLES])
    listed += " and others" if len(owners) > _MAX_HINTED_TABLES else ""
    new = _split(new)[-1]
    candidates = [f"{owner}.{_quote_part(name)}" for owner in owners]
    advice = "write" if len(owners) == 1 else "write the intended one:"
    return TargetError(
        f"the database has no table, type, sequence or index {old}",
        hint=f"{name} is a {_kind_label(kind)} of {listed}: {advice} "
        f"{candidates[0]}={owners[0]}.{_quote_part(new)}",
        target=old,
        nearest=candidates[0],
    )


def _as_request(place: ObjectName, catalog: Catalog) -> str:
    """A table or type as ``_split`` reads it."""
    schema = "" if place.schema == catalog.default_schema else f"{_quote_part(place.schema)}."
    return f"{schema}{_quote_part(place.name)}"


def _quote_part(name: str) -> str:
    return quoted(name) if set(name) & {".", '"'} else name


def _unknown(name: str, catalog: Catalog) -> TargetError:
    parts = _split(name)
    known: list[str] = []
    kinds = "tables"
    if len(parts) > 1:
        schema = parts[0] if len(parts) == 3 else catalog.default_schema
        place = ObjectName(schema, parts[-2])
        for kind in _MEMBERS:
            known += [
                f"{'.'.join(parts[:-1])}.{member}" for member in _members(catalog, kind, place)
            ]
        kinds = f"columns of {parts[-2]}" if known else kinds
    for kind in _OBJECTS:
        for schema in _schemas(catalog):
            prefix = "" if schema == catalog.default_schema else f"{schema}."
            members = _members(catalog, kind, ObjectName(schema, ""))
            known += [f"{prefix}{member}" for member in members]
    return TargetError(
        f"the database has no {name}",
        hint=_nearest_hint(name, known, kinds),
        target=name,
        nearest=next(iter(get_close_matches(name, known, 1)), None),
    )


def _schemas(catalog: Catalog) -> list[str]:
    return sorted({name.schema for name in (*catalog.tables, *catalog.enums, *catalog.sequences)})


def _nearest_hint(name: str, known: list[str], kinds: str) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    if not known:
        return f"there are no {kinds}"
    more = len(known) - _MAX_HINTED_NAMES
    listed = ", ".join(known[:_MAX_HINTED_NAMES])
    return f"there are {listed}{f' and {more} more' if more > 0 else ''}"


def _kind_label(kind: str) -> str:
    return "label" if kind == "enum_value" else kind
