"""CREATE INDEX and DROP INDEX: concurrently.

PostgreSQL builds no index of a partitioned table concurrently. There the index is created on the table alone,
which reads no row, then concurrently on each partition, and attached.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, cast

from sqlalchemy.sql.elements import conv

from asyncmig.ddl.compiler import compile_operation
from asyncmig.plan.rewrites.forms.partitions import foreign_partitions, require_partitions
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm, raw_sql
from asyncmig.sql.default_names import default_name
from asyncmig.sql.lexer import identifier_value
from asyncmig.sql.reader import Reader, SqlName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.sql.elements import ClauseElement

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.execute import ExecuteSQLOp
    from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
    from asyncmig.plan.rewrites.facts import Partition
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["concurrent_index", "rewrite_create_index", "rewrite_drop_index"]

_ORDER = frozenset({"ASC", "DESC", "FIRST", "LAST", "NULLS"})


def rewrite_create_index(
    operation: CreateIndexOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """CREATE INDEX CONCURRENTLY."""
    table = context.relation(operation.table_name, operation.schema)
    if operation.kw.get("postgresql_concurrently") or context.facts.is_new(table):
        return None
    partitions = context.facts.partitions(table)
    if partitions is None:
        return SafeForm(((concurrent_index(operation),),))
    return foreign_partitions(partitions, "an index") or _on_partitions(
        operation, table, partitions, context
    )


def concurrent_index(operation: CreateIndexOp) -> CreateIndexOp:
    """The index, created concurrently."""
    concurrent = copy(operation)
    concurrent.kw = operation.kw | {"postgresql_concurrently": True}
    return concurrent


def _on_partitions(
    operation: CreateIndexOp,
    table: SqlName,
    partitions: Sequence[Partition],
    context: RewriteContext,
) -> SafeForm | NotRewritten:
    index = operation.to_index()
    name = identifier_value(context.compilation.preparer.format_index(index))
    columns = "_".join(
        _column_name(context.compilation.expression(cast("ClauseElement", column)))
        for column in index.expressions
    )
    if operation.if_not_exists:
        return NotRewritten("IF NOT EXISTS does not tell which partitions have the index")
    indexes = {table: SqlName(table.schema, name)}
    # the partitions that have partitions get their index first, since those below are attached to it
    first: list[MigrateOperation] = [
        _only(operation, name, context),
        require_partitions(table, partitions),
    ]
    built: list[tuple[MigrateOperation, ...]] = []
    attached: list[MigrateOperation] = []
    for partition in partitions:
        own = SqlName(partition.name.schema, default_name(partition.name.name, columns, "idx"))
        indexes[partition.name] = own
        of_partition = _renamed(operation, own.name)
        of_partition.table_name = partition.name.name
        of_partition.schema = partition.name.schema
        parent = indexes.get(partition.parent, indexes[table])
        attach = raw_sql(f"ALTER INDEX {parent.sql} ATTACH PARTITION {own.sql}")
        if partition.kind == "p":
            first += (_only(of_partition, own.name, context), attach)
        else:
            built.append((concurrent_index(of_partition),))
            attached.append(attach)
    return SafeForm((tuple(first), *built, *((each,) for each in attached)))


def _only(operation: CreateIndexOp, name: str, context: RewriteContext) -> ExecuteSQLOp:
    """CREATE INDEX ... ON ONLY, for which there is no directive."""
    sql = compile_operation(_renamed(operation, name), context.compilation.dialect)[0].sql
    before = f"INDEX {context.compilation.quote(name)} ON "
    return raw_sql(sql.replace(before, f"{before}ONLY ", 1))


def _renamed(operation: CreateIndexOp, name: str) -> CreateIndexOp:
    renamed = copy(operation)
    renamed.index_name = conv(name)
    return renamed


def _column_name(expression: str) -> str:
    """The part of a column in the name that PostgreSQL gives to an index: ``expr``, unless it has a name."""
    reader = Reader(expression)
    name = reader.name()
    if name is None:
        return "expr"
    words = list(reader.outside())
    if words[:2] == ["(", ")"]:  # a function names its column
        del words[:2]
    return name.name if _ORDER.issuperset(words) else "expr"


def rewrite_drop_index(
    operation: DropIndexOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """DROP INDEX CONCURRENTLY."""
    if operation.kw.get("postgresql_concurrently"):
        return None
    index = context.relation(str(operation.index_name), operation.schema)
    table = operation.table_name
    if context.facts.is_new(index) or (
        table and context.facts.is_new(context.relation(table, operation.schema))
    ):
        return None
    if context.facts.is_partitioned_index(index):
        return NotRewritten("PostgreSQL cannot drop the index of a partitioned table concurrently")
    concurrent = copy(operation)
    concurrent.kw = operation.kw | {"postgresql_concurrently": True}
    return SafeForm(((concurrent,),))
