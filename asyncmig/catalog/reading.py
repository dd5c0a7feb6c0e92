"""Reads the catalog query, and turns its rows into a ``Catalog``."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import (
    Catalog,
    Column,
    Constraint,
    Dependents,
    Domain,
    Enum,
    ForeignKey,
    Index,
    Sequence,
    SequenceOptions,
    Table,
    TypeName,
)
from asyncmig.catalog.normalized_sql import normalized_sql
from asyncmig.catalog.object_name import ObjectName
from asyncmig.catalog.queries import CATALOG, ENUMS, FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from collections.abc import Sequence as Several

__all__ = ["CatalogRows", "Fetch", "catalog_of", "read_enums", "read_rows", "rows_of"]

CatalogRows: TypeAlias = list[tuple[str, int | None, str]]
"""For each row of ``queries.CATALOG`` its kind, the oid of its table, and its value."""

T = TypeVar("T")

_PRIMARY_KEY_FIELDS = (
    *("name", "definition", "deferrable", "deferred", "validated", "comment"),
    *("parameters", "tablespace"),
)

_IDENTITIES = {"a": "always", "d": "by default"}


class Fetch(Protocol):
    """Runs a query; rows give access to columns by name."""

    async def __call__(self, query: str, *args: Any) -> Several[Any]:
        """Return the rows of a query."""
        ...


async def read_rows(fetch: Fetch, schemas: Iterable[str]) -> CatalogRows:
    """Read the catalog of schemas with one query, regardless of the number of objects.

    Args:
        fetch: runs a query in a session with an empty ``search_path``.
        schemas: the names of schemas; one that does not exist is empty.
    """
    found = await fetch(CATALOG, list(schemas))
    return [(row["kind"], row["relation"], row["value"]) for row in found]


async def read_enums(fetch: Fetch, schemas: Iterable[str]) -> dict[ObjectName, Enum]:
    """Read only the enum types; otherwise as ``read_rows``."""
    found = await fetch(ENUMS, list(schemas))
    values = {row["kind"]: row["value"] for row in found}
    return _by_name(map(_enum, _rows(values, "enums")))


def catalog_of(
    rows: CatalogRows, *, default_schema: str, same: dict[Any, Any] | None = None
) -> Catalog:
    """Turn rows into a catalog.

    Args:
        rows: the result of ``read_rows``.
        default_schema: the schema of unqualified names.
        same: values that the catalogs of a comparison share: parts of tables by their text, columns and
            primary keys by their rows. Most of two catalogs is equal, and to create ten thousand values twice
            takes longer than everything else.
    """
    by_table: dict[int | None, dict[str, str]] = {}
    for kind, table, value in rows:
        by_table.setdefault(table, {})[kind] = value
    apart = by_table.pop(None, {})
    reader = _Reader({} if same is None else same)
    tables = [reader.table(parts) for parts in by_table.values() if "tables" in parts]
    # a sequence can be owned by a table in another schema
    others = [parts for parts in by_table.values() if "tables" not in parts]
    owned = [row for parts in (apart, *others) for row in _rows(parts, "sequences")]
    sequences = [*reader.sequences, *_without_identities(owned)]
    return Catalog(
        default_schema=default_schema,
        schemas=frozenset(row["name"] for row in _rows(apart, "schemas")),
        tables=_by_name(tables),
        sequences=_by_name(sequences),
        enums=_by_name(map(_enum, _rows(apart, "enums"))),
        domains=_by_name(map(_domain, _rows(apart, "domains"))),
        dependents=dict(map(_dependents, _rows(apart, "dependents"))),
    )


def rows_of(kind: str, value: str) -> list[dict[str, Any]]:
    """The rows in a value as dictionaries."""
    fields = FIELDS[kind]
    return [dict(zip(fields, row, strict=True)) for row in json.loads(value)]


def _rows(parts: Mapping[str, str], kind: str) -> list[dict[str, Any]]:
    return rows_of(kind, parts.get(kind, "[]"))


def _by_name(items: Iterable[Any]) -> dict[ObjectName, Any]:
    return {item.name: item for item in sorted(items, key=attrgetter("name"))}


class _Reader:
    """Turns the rows of tables into values.

    Attributes:
        sequences: the sequences that these tables own, except those of identity and serial columns.
    """

    def __init__(self, same: dict[Any, Any]) -> None:
        self._same = same
        self.sequences: list[Sequence] = []

    def table(self, parts: Mapping[str, str]) -> Table:
        """Return a table from its rows by kind."""
        [row] = _rows(parts, "tables")
        columns, sequences = self._shared(parts, ("columns", "sequences"), self._columns)
        self.sequences += sequences
        return Table(
            name=ObjectName(row["schema"], row["name"]),
            columns=columns,
            constraints=self._shared(parts, ("constraints",), self._constraints),
            indexes=self._shared(parts, ("indexes",), _indexes),
            comment=row["comment"],
            unlogged=row["unlogged"],
            partition_key=_text(row["partition_key"]),
            options=tuple(sorted(row["options"])),
            tablespace=row["tablespace"],
            access_method=row["access_method"],
            inherits=tuple(ObjectName(*parent) for parent in row["parents"] or ()),
            replica_identity=row["replica_identity"],
            clustered=row["clustered"],
        )

    def _shared(
        self,
        parts: Mapping[str, str],
        kinds: tuple[str, ...],
        make: Callable[[Mapping[str, str]], T],
    ) -> T:
        """Make a value from the rows of these kinds, or return the one of equal rows."""
        return self._once((kinds, *map(parts.get, kinds)), lambda: make(parts))

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        found: T | None = self._same.get(key)
        if found is None:
            found = self._same[key] = make()
        return found

    def _columns(self, parts: Mapping[str, str]) -> tuple[dict[str, Column], list[Sequence]]:
        """The columns, and the sequences that they own but that do not number them."""
        sequences = _rows(parts, "sequences")
        owned: dict[str, list[Mapping[str, Any]]] = {}
        for row in sequences:
            owned.setdefault(row["column"], []).append(row)
        columns = {
            row["name"]: self._column(row, owned.get(row["name"], ()))
            for row in _rows(parts, "columns")
        }
        numbering = {column.sequence for column in columns.values()}
        return columns, [
            item for item in _without_identities(sequences) if item.name not in numbering
        ]

    def _column(self, row: Mapping[str, Any], owned: Several[Mapping[str, Any]]) -> Column:
        if owned:
            return _column(row, _numbering_sequence(row, owned))
        return self._once(tuple(row.values()), lambda: _column(row, None))

    def _constraints(self, parts: Mapping[str, str]) -> dict[str, Constraint]:
        return {row["name"]: self._constraint(row) for row in _rows(parts, "constraints")}

    def _constraint(self, row: Mapping[str, Any]) -> Constraint:
        if row["kind"] != "p":
            return _constraint(row)
        return self._once(
            tuple(row[name] for name in _PRIMARY_KEY_FIELDS), lambda: _constraint(row)
        )


def _text(sql: str | None) -> str | None:
    return None if sql is None else normalized_sql(sql)


def _numbering_sequence(
    column: Mapping[str, Any], owned: Several[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The sequence that numbers a column, of those that it owns."""
    giving = (
        row for row in owned if _is_of_identity(row) or row["next_value"] == column["expression"]
    )
    return next(giving, owned[0])


def _column(row: Mapping[str, Any], sequence: Mapping[str, Any] | None) -> Column:
    identity = _IDENTITIES.get(row["identity"])
    default, generated = row["expression"], row["generated"]
    is_serial = (
        sequence is not None and sequence["dependence"] == "a" and default == sequence["next_value"]
    )
    numbering = sequence if identity or is_serial else None
    return Column(
        name=row["name"],
        type=TypeName(
            text=row["type"],
            name=ObjectName(row["type_schema"], row["type_name"]),
            kind=row["type_kind"],
            array=row["array"],
        ),
        nullable=row["nullable"],
        collation=row["collation"],
        default=None if is_serial or generated else _text(default),
        identity=identity,
        generated=_text(default) if generated else None,
        stored=generated != "v",
        serial=is_serial,
        options=None if numbering is None else _options(numbering),
        sequence=None if numbering is None else ObjectName(numbering["schema"], numbering["name"]),
        owned_default=_text(default) if is_serial else None,
        comment=row["comment"],
        storage=row["storage"],
        compression=row["compression"],
        statistics=row["statistics"],
        parameters=_several(row["parameters"]),
        local=row["local"],
    )


def _constraint(row: Mapping[str, Any]) -> Constraint:
    reference = None
    if row["foreign_table"] is not None:
        reference = ForeignKey(
            table=ObjectName(row["foreign_schema"], row["foreign_table"]),
            columns=tuple(row["foreign_columns"]),
            on_update=row["on_update"],
            on_delete=row["on_delete"],
            match=row["match"],
        )
    return Constraint(
        name=row["name"],
        kind=row["kind"],
        definition=normalized_sql(row["definition"]).removesuffix(" NOT VALID"),
        columns=tuple(row["columns"]),
        expression=_text(row["expression"]),
        reference=reference,
        deferrable=row["deferrable"],
        deferred=row["deferred"],
        validated=row["validated"],
        comment=row["comment"],
        parameters=_several(row["parameters"]),
        tablespace=row["tablespace"],
    )


def _indexes(parts: Mapping[str, str]) -> dict[str, Index]:
    return {row["name"]: _index(row) for row in _rows(parts, "indexes")}


def _index(row: Mapping[str, Any]) -> Index:
    return Index(
        name=row["name"],
        unique=row["unique"],
        definition=normalized_sql(row["definition"]),
        body=normalized_sql(row["body"]),
        method=row["method"],
        keys=tuple(map(normalized_sql, row["keys"])),
        plain_keys=tuple(row["plain_keys"]),
        include=tuple(row["include"]),
        predicate=_text(row["predicate"]),
        operator_classes=tuple(row["operator_classes"]),
        orders=tuple(row["orders"]),
        collated=row["collated"],
        options=tuple(row["options"]),
        nulls_not_distinct=row["nulls_not_distinct"],
        valid=row["valid"],
        tablespace=row["tablespace"],
        comment=row["comment"],
    )


def _without_identities(rows: Iterable[Mapping[str, Any]]) -> list[Sequence]:
    """The sequences except those of identities."""
    return [
        Sequence(
            name=ObjectName(row["schema"], row["name"]),
            options=_options(row),
            owned_by=None
            if row["column"] is None
            else (ObjectName(row["table_schema"], row["table_name"]), row["column"]),
            comment=row["comment"],
        )
        for row in rows
        if not _is_of_identity(row)
    ]


def _is_of_identity(sequence: Mapping[str, Any]) -> bool:
    return bool(sequence["dependence"] == "i")


def _several(text: str | None) -> tuple[str, ...]:
    """Parameters from the server's list, which is separated by commas."""
    return tuple(sorted(text.split(","))) if text else ()


def _options(row: Mapping[str, Any]) -> SequenceOptions:
    return SequenceOptions(
        type=row["type"],
        start=row["start"],
        increment=row["increment"],
        minimum=row["minimum"],
        maximum=row["maximum"],
        cache=row["cache"],
        cycle=row["cycle"],
    )


def _enum(row: Mapping[str, Any]) -> Enum:
    return Enum(
        name=ObjectName(row["schema"], row["name"]),
        labels=tuple(row["labels"]),
        comment=row["comment"],
    )


def _dependents(row: Mapping[str, Any]) -> tuple[Need, Dependents]:
    return Need(row["kind"], row["schema"], row["name"]), Dependents(
        users=row["users"],
        tables=frozenset(ObjectName(*name) for name in row["tables"]),
        domains=frozenset(ObjectName(*name) for name in row["domains"]),
    )


def _domain(row: Mapping[str, Any]) -> Domain:
    return Domain(
        name=ObjectName(row["schema"], row["name"]),
        type=row["type"],
        nullable=row["nullable"],
        not_null_name=row["not_null_name"],
        default=_text(row["default"]),
        collation=_text(row["collation"]),
        checks=tuple(
            (name, normalized_sql(check))
            for name, check in zip(row["check_names"], row["checks"], strict=True)
        ),
        comment=row["comment"],
    )
