"""Catalogs by hand, for tests of the comparison without a server.

before = catalog(table("book", column("id"), primary_key("id")))
assert sql(compare(before, catalog())) == ["DROP TABLE book"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import (
    Entities,
    Entity,
    EntityKey,
    Grant,
    Need,
    Routine,
    Trigger,
    View,
    ViewColumn,
)
from asyncmig.catalog.model import (
    Catalog,
    Column,
    Constraint,
    Domain,
    Enum,
    ForeignKey,
    Index,
    Sequence,
    SequenceOptions,
    Table,
    TypeName,
)
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.normalize.sides import Sides
from asyncmig.diff.schema_items.models_catalog import ModelsCatalog
from asyncmig.operations.base.containers import OpContainer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.operations.base.operation import MigrateOperation

    Part = Column | Constraint | Index
    Item = Table | Enum | Domain | Sequence | Entity

COUNTING = SequenceOptions(
    type="integer", start=1, increment=1, minimum=1, maximum=2**31 - 1, cache=1, cycle=False
)


def name(text: str) -> ObjectName:
    """``book`` or ``shop.book``."""
    schema, _, own = text.rpartition(".")
    return ObjectName(schema or "public", own)


def type_name(text: str, kind: str = "b") -> TypeName:
    """A built-in type, or ``public.mood`` of another kind."""
    base = text.removesuffix("[]").partition("(")[0]
    named = name(base) if "." in base else ObjectName("pg_catalog", base)
    return TypeName(text=text, name=named, kind=kind, array=text.endswith("[]"))


def column(column_name: str, type_: str = "integer", *, kind: str = "b", **fields: Any) -> Column:
    return Column(name=column_name, type=type_name(type_, kind), **fields)


def primary_key(*columns: str, constraint: str = "pk", **fields: Any) -> Constraint:
    definition = f"PRIMARY KEY ({', '.join(columns)})"
    return Constraint(name=constraint, kind="p", definition=definition, columns=columns, **fields)


def unique(constraint: str, *columns: str, **fields: Any) -> Constraint:
    definition = f"UNIQUE ({', '.join(columns)})"
    return Constraint(name=constraint, kind="u", definition=definition, columns=columns, **fields)


def check(constraint: str, expression: str, *columns: str, **fields: Any) -> Constraint:
    return Constraint(
        name=constraint,
        kind="c",
        definition=f"CHECK ({expression})",
        expression=expression,
        columns=columns,
        **fields,
    )


def foreign_key(constraint: str, own: str, target: str, referenced: str = "id") -> Constraint:
    table_name = name(target)
    return Constraint(
        name=constraint,
        kind="f",
        definition=f"FOREIGN KEY ({own}) REFERENCES {table_name}({referenced})",
        columns=(own,),
        reference=ForeignKey(table=table_name, columns=(referenced,)),
    )


def index(index_name: str, table_name: str, *keys: str, **fields: Any) -> Index:
    body = f"btree ({', '.join(keys)})"
    word = "UNIQUE INDEX" if fields.get("unique") else "INDEX"
    return Index(
        name=index_name,
        definition=f"CREATE {word} {index_name} ON {name(table_name)} USING {body}",
        body=body,
        keys=keys,
        plain_keys=(True,) * len(keys),
        operator_classes=("",) * len(keys),
        orders=("",) * len(keys),
        **{"unique": False, **fields},
    )


def table(table_name: str, *parts: Part, **fields: Any) -> Table:
    return Table(
        name=name(table_name),
        columns={part.name: part for part in parts if isinstance(part, Column)},
        constraints={part.name: part for part in parts if isinstance(part, Constraint)},
        indexes={part.name: part for part in parts if isinstance(part, Index)},
        **fields,
    )


def enum(enum_name: str, *labels: str, **fields: Any) -> Enum:
    return Enum(name=name(enum_name), labels=labels, **fields)


def domain(domain_name: str, type_: str, **fields: Any) -> Domain:
    return Domain(name=name(domain_name), type=type_, **fields)


def sequence(sequence_name: str, **fields: Any) -> Sequence:
    return Sequence(name=name(sequence_name), **{"options": COUNTING, **fields})


def needs_column(table_name: str, column_name: str) -> frozenset[Need]:
    """A column of a table, and the table."""
    place = name(table_name)
    return frozenset({Need("relation", *place), Need("column", *place, column_name)})


def view(view_name: str, query: str, needs: Iterable[Need] = (), *columns: str) -> View:
    return View(
        key=EntityKey("view", *name(view_name)),
        query=query,
        columns=tuple(ViewColumn(item, "integer") for item in columns),
        needs=frozenset(needs),
    )


def function(
    function_name: str, body: str, needs: Iterable[Need] = (), *, language: str = "sql"
) -> Routine:
    place = name(function_name)
    return Routine(
        key=EntityKey("function", *place, ""),
        needs=frozenset(needs),
        arguments="",
        identity="",
        defaults=0,
        result="integer",
        language=language,
        body=body,
        volatility="volatile",
        strict=False,
        security_definer=False,
        leakproof=False,
        parallel="unsafe",
        cost=100,
        rows=0,
        settings=(),
        definition=f"CREATE OR REPLACE FUNCTION {place}()",
        plain=True,
    )


def trigger(trigger_name: str, table_name: str, needs: Iterable[Need] = ()) -> Trigger:
    place = name(table_name)
    return Trigger(
        key=EntityKey("trigger", place.schema, trigger_name, place.name),
        needs=frozenset(needs),
        definition=f"CREATE TRIGGER {trigger_name} BEFORE UPDATE ON {place} FOR EACH ROW "
        "EXECUTE FUNCTION public.touch()",
    )


def grant(privilege: str, table_name: str, role: str, **fields: Any) -> Grant:
    place = name(table_name)
    detail = "\0".join(["table", fields.get("column") or "", role, privilege])
    return Grant(
        key=EntityKey("grant", *place, detail),
        object_kind="table",
        role=role,
        privilege=privilege,
        **fields,
    )


def catalog(*items: Item, **fields: Any) -> Catalog:
    """A catalog with these objects; ``fields`` are those of ``Catalog``."""

    def named(kind: type) -> Mapping[ObjectName, Any]:
        return {item.name: item for item in items if isinstance(item, kind)}  # type: ignore[union-attr]  # of a kind with names

    entities = [item for item in items if isinstance(item, Entity)]
    return Catalog(
        **{
            "default_schema": "public",
            "schemas": frozenset({"public"}),
            "tables": named(Table),
            "sequences": named(Sequence),
            "enums": named(Enum),
            "domains": named(Domain),
            "entities": Entities(
                by_key={item.key: item for item in entities if not isinstance(item, Grant)},
                grants={item.key: item for item in entities if isinstance(item, Grant)},
            ),
            **fields,
        }
    )


def sides(
    actual: Catalog, wanted: Catalog, tables: Mapping[tuple[str, str], Any] | None = None
) -> Sides:
    """Both sides, before renames."""
    models = ModelsCatalog(catalog=wanted, tables=tables or {})
    return Sides(origin=actual, actual=actual, models=models)


def sql(operations: Iterable[MigrateOperation]) -> list[str]:
    """The statements of operations, each on one line."""
    found: list[str] = []
    for operation in operations:
        if isinstance(operation, OpContainer):
            found += sql(operation.ops)
        else:
            compiled = compile_operation(operation, MigrationDialect())
            found += [" ".join(item.sql.split()) for item in compiled]
    return found
