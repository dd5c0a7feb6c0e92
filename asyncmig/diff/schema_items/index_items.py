"""Indexes of a catalog as operations, and the properties of indexes that are set after their creation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.diff.schema_items.script_sql import parameters, raw_sql, unwrapped
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.sql.quoting import comment_on

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from asyncmig.catalog.model import Constraint, Index, Table
    from asyncmig.diff.schema_items.script_sql import ScriptSql
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "change_index",
    "create_index",
    "finish_constraint",
    "finish_index",
    "index_roles",
]


def create_index(
    script: ScriptSql, table: Table, index: Index, *, concurrently: bool = False
) -> MigrateOperation:
    """CREATE INDEX, as SQL where ``create_index`` cannot express the index."""
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
        definition = script.local(index.definition)
        if concurrently:
            definition = definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        return ExecuteSQLOp(definition)
    keywords: dict[str, Any] = {}
    if index.options:
        keywords["postgresql_with"] = parameters(index.options)
    if index.method != "btree":
        keywords["postgresql_using"] = index.method
    if index.predicate is not None:
        keywords["postgresql_where"] = script.text(unwrapped(index.predicate))
    if index.include:
        keywords["postgresql_include"] = list(index.include)
    if named:
        keywords["postgresql_ops"] = {key: script.local(name) for key, name in named.items()}
    if index.nulls_not_distinct:
        keywords["postgresql_nulls_not_distinct"] = True
    if index.tablespace is not None:
        keywords["postgresql_tablespace"] = index.tablespace
    if concurrently:
        keywords["postgresql_concurrently"] = True
    keys: list[Any] = []
    for key, plain, order in zip(index.keys, index.plain_keys, index.orders, strict=True):
        if plain:
            keys.append(script.text(f"{script.quote(key)}{order}") if order else key)
        else:
            keys.append(script.text(key))
    return CreateIndexOp(
        index.name,
        table.name.name,
        keys,
        schema=script.schema(table.name),
        unique=index.unique,
        **keywords,
    )


def finish_index(
    script: ScriptSql, table: Table, index: Index, create: MigrateOperation
) -> Iterator[ExecuteSQLOp]:
    """Set the comment of a new index, and its tablespace if ``create`` could not."""
    if isinstance(create, ExecuteSQLOp) and index.tablespace is not None:
        yield _set_tablespace(script, table, index.name, index.tablespace)
    if index.comment is not None:
        yield _comment(script, table, index)


def change_index(
    script: ScriptSql, table: Table, before: Index, after: Index
) -> Iterator[ExecuteSQLOp]:
    """Change the tablespace and comment of an index."""
    if before.tablespace != after.tablespace:
        yield _set_tablespace(script, table, after.name, after.tablespace or "pg_default")
    if before.comment != after.comment:
        yield _comment(script, table, after)


def finish_constraint(script: ScriptSql, table: Table, item: Constraint) -> Iterator[ExecuteSQLOp]:
    """Set the storage parameters and the tablespace of the index of a new constraint."""
    if item.parameters:
        index = script.qualified(table.name._replace(name=item.name))
        yield ExecuteSQLOp(f"ALTER INDEX {index} SET ({', '.join(item.parameters)})")
    if item.tablespace is not None:
        yield _set_tablespace(script, table, item.name, item.tablespace)


def index_roles(
    script: ScriptSql, before: Table | None, after: Table, built: Container[str]
) -> Iterator[ExecuteSQLOp]:
    """The indexes of REPLICA IDENTITY and of CLUSTER ON.

    Args:
        script: writes the names.
        before: the table before; None for a new one.
        after: the table after.
        built: the names of its indexes that are created.
    """
    alter = f"ALTER TABLE {script.qualified(after.name)}"
    identity = after.replica_identity
    _, _, index = (identity or "").partition("INDEX ")
    if identity != (None if before is None else before.replica_identity) or index in built:
        value = f"USING INDEX {script.quote(index)}" if index else identity or "DEFAULT"
        yield ExecuteSQLOp(f"{alter} REPLICA IDENTITY {value}")
    clustered = after.clustered
    if clustered != (None if before is None else before.clustered) or (clustered or "") in built:
        action = f"CLUSTER ON {script.quote(clustered)}" if clustered else "SET WITHOUT CLUSTER"
        yield ExecuteSQLOp(f"{alter} {action}")


def _set_tablespace(script: ScriptSql, table: Table, index: str, place: str) -> ExecuteSQLOp:
    name = script.qualified(table.name._replace(name=index))
    return ExecuteSQLOp(f"ALTER INDEX {name} SET TABLESPACE {script.quote(place)}")


def _comment(script: ScriptSql, table: Table, index: Index) -> ExecuteSQLOp:
    name = script.qualified(table.name._replace(name=index.name))
    return raw_sql(comment_on("INDEX", name, index.comment))
