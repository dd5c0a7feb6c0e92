"""Indexes as the operations that scripts are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.diff.schema_items.script_sql import parameters, unwrapped
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp

if TYPE_CHECKING:
    from asyncmig.catalog.model import Index, Table
    from asyncmig.diff.schema_items.script_sql import ScriptSql
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["create_index"]


def create_index(
    spelling: ScriptSql, table: Table, index: Index, *, concurrently: bool = False
) -> MigrateOperation:
    """The operation that creates an index."""
    classes = dict(zip(index.keys, index.operator_classes, strict=False))
    named = {key: name for key, name in classes.items() if name}
    ordered = any(
        order and (not plain or key in named)
        for key, plain, order in zip(index.keys, index.plain_keys, index.orders, strict=False)
    )
    expressions = {
        key for key, plain in zip(index.keys, index.plain_keys, strict=True) if not plain
    }
    if index.collated or ordered or named.keys() & expressions:
        definition = spelling.local(index.definition)
        if concurrently:
            definition = definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        return ExecuteSQLOp(definition)
    keywords: dict[str, Any] = {}
    if index.options:
        keywords["postgresql_with"] = parameters(index.options)
    if index.method != "btree":
        keywords["postgresql_using"] = index.method
    if index.predicate is not None:
        keywords["postgresql_where"] = spelling.text(unwrapped(index.predicate))
    if index.include:
        keywords["postgresql_include"] = list(index.include)
    if named:
        keywords["postgresql_ops"] = {key: spelling.local(name) for key, name in named.items()}
    if index.nulls_not_distinct:
        keywords["postgresql_nulls_not_distinct"] = True
    if index.tablespace is not None:
        keywords["postgresql_tablespace"] = index.tablespace
    if concurrently:
        keywords["postgresql_concurrently"] = True
    keys: list[Any] = []
    for key, plain, order in zip(index.keys, index.plain_keys, index.orders, strict=True):
        if plain:
            keys.append(spelling.text(f"{spelling.quote(key)}{order}") if order else key)
        else:
            keys.append(spelling.text(key))
    return CreateIndexOp(
        index.name,
        table.name.name,
        keys,
        schema=spelling.schema(table.name),
        unique=index.unique,
        **keywords,
    )
