"""Renames that people ask for by name: ``users.fone`` is to become ``users.phone``."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.catalog.model import ObjectName
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.schema_items.rename import Rename
from asyncmig.diff.tables.inheritance import origin, with_heirs
from asyncmig.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.rename import Kind

__all__ = ["parse_requests"]

_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_WHOLE: tuple[Kind, ...] = ("table", "enum", "sequence", "index")
_PARTS: tuple[Kind, ...] = ("column", "constraint", "enum_value")
_FEW = 3  # tables that a hint names


class _Thing(NamedTuple):
    kind: Kind
    schema: str
    parent: str | None
    name: str


def parse_requests(
    pairs: Mapping[str, str], before: Catalog, after: Catalog
) -> tuple[list[Rename], Catalog]:
    """The renames of old names to new ones, tables first, and the database after them.

    Args:
        pairs: ``{"users": "accounts", "users.fone": "accounts.phone"}``: with the schema where it is
            not the default one. Of the new name the last part is enough. A part with a dot in it
            stands in double quotes.
        before: the database.
        after: the models.

    Raises:
        TargetError: a name is nowhere, or taken. Facts: ``target``, ``nearest``.
    """
    renames: list[Rename] = []
    rest = dict(pairs)
    tables: dict[ObjectName, str] = {}
    for kinds in (_WHOLE, _PARTS):
        for old, new in list(rest.items()):
            found = list(_readings(old, before, kinds, tables))
            if not found:
                if kinds == _PARTS and _is_done(old, new, before, renames, tables):
                    del rest[old]
                continue
            item = _rename(found, old, new, before, after)
            for each in with_heirs(item, before):
                renames.append(each)
                before = apply_rename(before, each)
            if item.kind in {"table", "enum"}:
                tables[ObjectName(item.schema, item.old)] = item.new
            del rest[old]
    for old, new in rest.items():
        raise _homeless(old, new, before) or _unknown(old, "the database has no", before)
    return renames, before


def _split(name: str) -> list[str]:
    parts = [
        quoted.replace('""', '"') if quoted else plain for quoted, plain in _PART.findall(name)
    ]
    if not parts or len(parts) > 3 or _PART.sub("", name) != "." * (len(parts) - 1):
        raise TargetError(
            f"{name!r} is no name to rename",
            hint="write table, table.column or schema.table.column",
            target=name,
        )
    return parts


def _readings(
    name: str, catalog: Catalog, kinds: tuple[Kind, ...], tables: Mapping[ObjectName, str]
) -> Iterator[_Thing]:
    """What a name means in a database, a table or type by its old or its new name."""
    parts = _split(name)
    if kinds == _WHOLE and len(parts) < 3:
        schema = parts[0] if len(parts) == 2 else catalog.default_schema
        yield from (
            _Thing(kind, schema, None, parts[-1])
            for kind in _WHOLE
            if parts[-1] in _members(catalog, kind, ObjectName(schema, ""))
        )
    if kinds == _PARTS and len(parts) > 1:
        schema = parts[0] if len(parts) == 3 else catalog.default_schema
        said = ObjectName(schema, parts[-2])
        place = said._replace(name=tables.get(said, said.name))
        yield from (
            _Thing(kind, schema, place.name, parts[-1])
            for kind in _PARTS
            if parts[-1] in _members(catalog, kind, place)
        )


def _is_done(
    old: str,
    new: str,
    catalog: Catalog,
    renames: list[Rename],
    tables: Mapping[ObjectName, str],
) -> bool:
    """A column that got its name together with a parent table's, or a child's."""
    *above, name = _split(old)
    if not above:
        return False
    said = ObjectName(above[0] if len(above) == 2 else catalog.default_schema, above[-1])
    place = said._replace(name=tables.get(said, said.name))
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
        case "enum_value":
            return list(catalog.enums[place].labels) if place in catalog.enums else []


def _rename(things: list[_Thing], old: str, new: str, before: Catalog, after: Catalog) -> Rename:
    parts = _split(new)
    name = parts[-1]
    for thing in things:
        place = ObjectName(thing.schema, thing.parent or "")
        if name not in _members(after, thing.kind, place):
            continue
        if name in _members(before, thing.kind, place):
            raise TargetError(
                f"{old} cannot become {name}: the database has a {_said(thing.kind)} of that name",
                hint="rename or drop that one in a revision of its own first",
                target=new,
            )
        if thing.parent is None and len(parts) == 2 and parts[0] != thing.schema:
            raise TargetError(
                f"{old} cannot become {new}: a rename stays in its schema",
                hint=f"op.execute('ALTER ... SET SCHEMA {parts[0]}') moves it",
                target=new,
            )
        if thing.kind == "column":
            # PostgreSQL renames an inherited column where it comes from
            top = origin(before, place, thing.name)
            thing = thing._replace(schema=top.schema, parent=top.name)  # noqa: PLW2901 - led there
        return Rename(
            kind=thing.kind, schema=thing.schema, parent=thing.parent, old=thing.name, new=name
        )
    first = things[0]
    place = ObjectName(first.schema, first.parent or "")
    known = _members(after, first.kind, place)
    kind = _said(first.kind)
    where = f" of {first.parent}" if first.parent else ""
    raise TargetError(
        f"the models have no {kind} {name!r}{where}, which {old} is to become",
        hint=_nearest(name, known, f"{kind}s"),
        target=new,
        nearest=next(iter(get_close_matches(name, known, 1)), None),
    )


def _homeless(old: str, new: str, catalog: Catalog) -> TargetError | None:
    """What a name without its table or type was meant for, where it is that of a part of some."""
    name, *more = _split(old)
    if more:
        return None
    places = [
        (kind, place)
        for kind in _PARTS
        for place in (*catalog.tables, *catalog.enums)
        if name in _members(catalog, kind, place)
    ]
    if not places:
        return None
    kind = places[0][0]
    homes = [_written(place, catalog) for found, place in places if found == kind]
    named = ", ".join(homes[:_FEW]) + (" and others" if len(homes) > _FEW else "")
    new = _split(new)[-1]
    whole = [f"{home}.{_quoted(name)}" for home in homes]
    one = "write" if len(homes) == 1 else "name the one that is meant:"
    return TargetError(
        f"the database has no {old} outside of a table or type",
        hint=f"{name} is a {_said(kind)} of {named}: {one} {whole[0]}={homes[0]}.{_quoted(new)}",
        target=old,
        nearest=whole[0],
    )


def _written(place: ObjectName, catalog: Catalog) -> str:
    """A table or type as ``_split`` reads it."""
    schema = "" if place.schema == catalog.default_schema else f"{_quoted(place.schema)}."
    return f"{schema}{_quoted(place.name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & {".", '"'} else name


def _unknown(name: str, what: str, catalog: Catalog) -> TargetError:
    parts = _split(name)
    near: list[str] = []
    kinds = "tables"
    if len(parts) > 1:
        schema = parts[0] if len(parts) == 3 else catalog.default_schema
        place = ObjectName(schema, parts[-2])
        for kind in _PARTS:
            near += [
                f"{'.'.join(parts[:-1])}.{member}" for member in _members(catalog, kind, place)
            ]
        kinds = f"columns of {parts[-2]}" if near else kinds
    for kind in _WHOLE:
        for table in _schemas(catalog):
            prefix = "" if table == catalog.default_schema else f"{table}."
            members = _members(catalog, kind, ObjectName(table, ""))
            near += [f"{prefix}{member}" for member in members]
    return TargetError(
        f"{what} {name}",
        hint=_nearest(name, near, kinds),
        target=name,
        nearest=next(iter(get_close_matches(name, near, 1)), None),
    )


def _schemas(catalog: Catalog) -> list[str]:
    return sorted({name.schema for name in (*catalog.tables, *catalog.enums, *catalog.sequences)})


def _nearest(name: str, known: list[str], kinds: str) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are {', '.join(known[:10])}" if known else f"there are no {kinds}"


def _said(kind: str) -> str:
    return "label" if kind == "enum_value" else kind
