"""Rows of the catalog queries as a ``Catalog``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.catalog import queries
from asyncmig.catalog.model import (
    Catalog,
    Column,
    Constraint,
    Domain,
    Enum,
    ForeignKey,
    Index,
    ObjectName,
    Sequence,
    SequenceOptions,
    Table,
    TypeName,
)
from asyncmig.catalog.names import as_found
from asyncmig.catalog.spelling import settled_spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Sequence as Several

__all__ = ["CatalogRows", "Fetch", "catalog_of", "read_rows"]

CatalogRows = Mapping[str, "Several[Any]"]
"""For each query of ``queries.QUERIES`` its rows, which answer to their columns' names."""

_FEW = "SELECT " + ",\n".join(
    f"(SELECT coalesce(jsonb_agg(q), '[]') FROM (\n{query}\n) q)::text AS {name}"
    for name, query in queries.QUERIES.items()
    if name not in queries.MANY
)
"""The kinds of which there are few objects, in one query: a round trip costs more than they do."""

_OF_KEYS = (
    "name",
    "definition",
    "deferrable",
    "deferred",
    "validated",
    "comment",
    "parameters",
    "tablespace",
)

_IDENTITIES = {"a": "always", "d": "by default"}


class Fetch(Protocol):
    """Runs one query; rows answer to their columns' names."""

    async def __call__(self, query: str, *args: Any) -> Several[Any]:
        """The rows of a query with its arguments."""
        ...


async def read_rows(fetch: Fetch, schemas: Iterable[str]) -> CatalogRows:
    """What the server says of schemas; six queries, however many objects of however many kinds there are.

    Args:
        fetch: runs a query in a session whose ``search_path`` is empty.
        schemas: their names; one that does not exist is empty.
    """
    wanted = list(schemas)
    rows = {name: await fetch(queries.QUERIES[name], wanted) for name in queries.MANY}
    few = (await fetch(_FEW, wanted))[0]
    return rows | {name: json.loads(few[name]) for name in queries.QUERIES if name not in rows}


def catalog_of(
    rows: CatalogRows,
    *,
    default_schema: str,
    translate: Callable[[str], str] = as_found,
    same: dict[Any, Any] | None = None,
) -> Catalog:
    """Rows as values.

    Args:
        rows: as ``read_rows`` gives them.
        default_schema: what a name without a schema means.
        translate: applied to every schema and every text that the server printed: it maps scratch
            schemas to those that they stand for.
        same: columns and constraints by their rows, shared by the catalogs of a comparison: tables
            are alike, and ten thousand values that are made anew cost more than all else.
    """
    columns = _grouped(rows["columns"])
    constraints = _grouped(rows["constraints"])
    indexes = _grouped(rows["indexes"])
    reader = _Reader(translate, rows["sequences"], {} if same is None else same)
    tables = [
        reader.table(
            row,
            columns.get(row["oid"], ()),
            constraints.get(row["oid"], ()),
            indexes.get(row["oid"], ()),
        )
        for row in rows["tables"]
    ]
    return Catalog(
        default_schema=default_schema,
        schemas=frozenset(translate(row["name"]) for row in rows["schemas"]),
        tables={table.name: table for table in tables},
        sequences=reader.sequences(),
        enums={enum.name: enum for enum in map(reader.enum, rows["enums"])},
        domains={domain.name: domain for domain in map(reader.domain, rows["domains"])},
    )


def _behind(column: Any, owned: Iterable[Any]) -> Any:
    """Of the sequences that a column owns, the one that gives its values; None where it owns none."""
    found: Any = None
    for sequence in owned:
        found = found or sequence
        if sequence["dependence"] == "i" or sequence["next_value"] == column["expression"]:
            return sequence
    return found


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(row["table"], []).append(row)
    return groups


class _Reader:
    """Turns rows into values, with the names of scratch schemas mapped back."""

    def __init__(
        self, translate: Callable[[str], str], sequences: Iterable[Any], same: dict[Any, Any]
    ) -> None:
        self._translate = translate
        self._same = same
        self._sequences: list[Any] = list(sequences)
        self._owned: dict[tuple[str, str, str], list[Any]] = {}
        for row in self._sequences:
            if row["column"] is not None:
                place = (row["table_schema"], row["table_name"], row["column"])
                self._owned.setdefault(place, []).append(row)
        self._serial: set[tuple[str, str]] = set()

    def _text(self, text: str | None) -> str | None:
        return None if text is None else self._printed(text)

    def _printed(self, text: str) -> str:
        return settled_spelling(self._translate(text))

    def _name(self, schema: str, name: str) -> ObjectName:
        return ObjectName(self._translate(schema), name)

    def table(
        self, row: Any, columns: Iterable[Any], constraints: Iterable[Any], indexes: Iterable[Any]
    ) -> Table:
        place = (row["schema"], row["name"])
        return Table(
            name=self._name(*place),
            columns={column["name"]: self._column(place, column) for column in columns},
            constraints={item["name"]: self._constraint(item) for item in constraints},
            indexes={item["name"]: self._index(item) for item in indexes},
            comment=row["comment"],
            unlogged=row["unlogged"],
            partition_key=self._text(row["partition_key"]),
            options=tuple(sorted(row["options"])),
            tablespace=row["tablespace"],
            access_method=row["access_method"],
            inherits=tuple(self._name(*place) for place in json.loads(row["parents"] or "[]")),
            replica_identity=row["replica_identity"],
            clustered=row["clustered"],
        )

    def _column(self, table: tuple[str, str], row: Any) -> Column:
        sequence = _behind(row, self._owned.get((*table, row["name"]), ()))
        if sequence is not None:
            return self._new_column(row, sequence)
        key = tuple(row.values())[
            1:
        ]  # without the table; a scratch schema's name makes it nobody else's
        found: Column | None = self._same.get(key)
        if found is None:
            found = self._same[key] = self._new_column(row, None)
        return found

    def _new_column(self, row: Any, sequence: Any) -> Column:
        identity = _IDENTITIES.get(row["identity"])
        default = row["expression"]
        behind: Any = None
        if sequence is not None and sequence["dependence"] == "a" and default is not None:
            behind = sequence if default == sequence["next_value"] else None
        is_serial = behind is not None
        if is_serial:
            self._serial.add((behind["schema"], behind["name"]))
        generated = row["generated"]
        return Column(
            name=row["name"],
            type=TypeName(
                text=self._translate(row["type"]),
                name=self._name(row["type_schema"], row["type_name"]),
                kind=row["type_kind"],
                array=row["array"],
            ),
            nullable=row["nullable"],
            collation=self._text(row["collation"]),
            default=None if is_serial or generated else self._text(default),
            identity=identity,
            generated=self._text(default) if generated else None,
            stored=generated != "v",
            serial=is_serial,
            options=_options(sequence) if identity or is_serial else None,
            sequence=self._name(sequence["schema"], sequence["name"])
            if sequence is not None and (identity or is_serial)
            else None,
            owned_default=self._text(default) if is_serial else None,
            comment=row["comment"],
            storage=row["storage"],
            compression=row["compression"],
            statistics=row["statistics"],
            parameters=_several(row["parameters"]),
            local=row["local"],
        )

    def _constraint(self, row: Any) -> Constraint:
        if row["kind"] != "p":
            return self._new_constraint(row)
        key = tuple(row[name] for name in _OF_KEYS)
        found: Constraint | None = self._same.get(key)
        if found is None:
            found = self._same[key] = self._new_constraint(row)
        return found

    def _new_constraint(self, row: Any) -> Constraint:
        reference = None
        if row["foreign_table"] is not None:
            reference = ForeignKey(
                table=self._name(row["foreign_schema"], row["foreign_table"]),
                columns=tuple(row["foreign_columns"]),
                on_update=row["on_update"],
                on_delete=row["on_delete"],
                match=row["match"],
            )
        definition = self._printed(row["definition"])
        return Constraint(
            name=row["name"],
            kind=row["kind"],
            definition=definition.removesuffix(" NOT VALID"),
            columns=tuple(row["columns"]),
            expression=self._text(row["expression"]),
            reference=reference,
            deferrable=row["deferrable"],
            deferred=row["deferred"],
            validated=row["validated"],
            comment=row["comment"],
            parameters=_several(row["parameters"]),
            tablespace=row["tablespace"],
        )

    def _index(self, row: Any) -> Index:
        return Index(
            name=row["name"],
            unique=row["unique"],
            definition=self._printed(row["definition"]),
            body=self._printed(row["body"]),
            method=row["method"],
            keys=tuple(map(self._printed, row["keys"])),
            plain_keys=tuple(key == "true" for key in row["plain_keys"]),
            include=tuple(row["include"]),
            predicate=self._text(row["predicate"]),
            operator_classes=tuple(map(self._translate, row["operator_classes"])),
            orders=tuple(row["orders"]),
            collated=row["collated"],
            options=tuple(row["options"]),
            nulls_not_distinct=row["nulls_not_distinct"],
            valid=row["valid"],
            tablespace=row["tablespace"],
            comment=row["comment"],
        )

    def sequences(self) -> dict[ObjectName, Sequence]:
        """Those that are neither an identity's nor a serial's; call it after the tables."""
        found = {}
        for row in self._sequences:
            key = (row["schema"], row["name"])
            if row["dependence"] == "i" or key in self._serial:
                continue
            owner = None
            if row["column"] is not None:
                owner = (self._name(row["table_schema"], row["table_name"]), row["column"])
            name = self._name(*key)
            found[name] = Sequence(
                name=name, options=_options(row), owned_by=owner, comment=row["comment"]
            )
        return found

    def enum(self, row: Any) -> Enum:
        return Enum(
            name=self._name(row["schema"], row["name"]),
            labels=tuple(row["labels"]),
            users=row["users"],
            comment=row["comment"],
        )

    def domain(self, row: Any) -> Domain:
        return Domain(
            name=self._name(row["schema"], row["name"]),
            type=self._translate(row["type"]),
            nullable=row["nullable"],
            not_null_name=row["not_null_name"],
            default=self._text(row["default"]),
            collation=self._text(row["collation"]),
            checks=tuple(
                (name, self._printed(check))
                for name, check in zip(row["check_names"], row["checks"], strict=True)
            ),
            comment=row["comment"],
        )


def _several(text: str | None) -> tuple[str, ...]:
    """Parameters that the server listed with commas between them."""
    return tuple(sorted(text.split(","))) if text else ()


def _options(row: Any) -> SequenceOptions:
    return SequenceOptions(
        type=row["type"],
        start=row["start"],
        increment=row["increment"],
        minimum=row["minimum"],
        maximum=row["maximum"],
        cache=row["cache"],
        cycle=row["cycle"],
    )
