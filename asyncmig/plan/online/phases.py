"""``online_form``: the phases of an online change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.types import to_instance

from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.directives.backfills import BackfillOp
from asyncmig.operations.directives.online import (
    AlterColumnOnlineOp,
    FinishColumnOnlineOp,
    RenameColumnOnlineOp,
)
from asyncmig.plan.model import Direction
from asyncmig.plan.online.additions import (
    add_columns,
    add_foreign_key,
    create_indexes,
    drop_leftovers,
    validations,
)
from asyncmig.plan.online.catalog import Catalog, ColumnFacts, TableFacts
from asyncmig.plan.online.change import Change, Move
from asyncmig.plan.online.names import kept_name, new_column_name, proof_name
from asyncmig.plan.online.refusals import refusals, without_copy
from asyncmig.plan.online.requests import ColumnRequest
from asyncmig.plan.online.swap import swap
from asyncmig.plan.online.sync import drop_sync
from asyncmig.plan.online.table_locks import lock_tables
from asyncmig.plan.rewrites.safe_form import SafeForm, raw_sql
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.errors import DirectiveError
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.online import OnlineOp

__all__ = ["column_request", "online_form"]


def column_request(operation: OnlineOp, compilation: Compilation) -> ColumnRequest:
    """What the catalogs are asked for an operation."""
    schema = compilation.translate_schema(operation.schema)
    table = compilation.qualified(operation.table_name, schema)
    match operation:
        case AlterColumnOnlineOp():
            return ColumnRequest("alter", table, operation.column_name)
        case RenameColumnOnlineOp():
            new = operation.new_column_name
            return ColumnRequest("rename", table, operation.column_name, new)
        case FinishColumnOnlineOp():  # pragma: no branch - the last kind
            return ColumnRequest("finish", table, operation.column_name)


def online_form(
    operation: OnlineOp,
    catalog: Catalog,
    compilation: Compilation,
    revision: str,
    direction: Direction = Direction.UPGRADE,
) -> SafeForm:
    """The phases of an operation.

    Args:
        operation: of a directive.
        catalog: what it depends on.
        compilation: names and types as SQL.
        revision: whose script it is; the names of its backfills have it.
        direction: of the script.

    Raises:
        DirectiveError: something cannot be carried, or there is no such change.
    """
    match operation:
        case AlterColumnOnlineOp():
            return _alter(operation, catalog, compilation, revision, direction)
        case RenameColumnOnlineOp():
            return _rename(operation, catalog, revision, direction)
        case FinishColumnOnlineOp():  # pragma: no branch - the last kind
            return _finish(operation, catalog)


def _alter(
    operation: AlterColumnOnlineOp,
    catalog: Catalog,
    compilation: Compilation,
    revision: str,
    direction: Direction,
) -> SafeForm:
    mark = catalog.mark
    if mark is not None and mark["kind"] == "rename":
        raise _refused(operation, [f"the rename of {mark['old']} to {mark['new']} is not finished"])
    type_ = compilation.type(to_instance(operation.type_))
    change = Change(
        kind="alter",
        catalog=catalog,
        moves=tuple(
            Move(
                table=table,
                column=column,
                new=new_column_name(column.name),
                final=column.name,
                type=type_,
                using=operation.using,
            )
            for table in catalog.tables
            for column in table.columns
        ),
        revision=revision,
        direction=direction,
        kept=not operation.drop_old,
        fire_triggers=operation.fire_triggers,
    )
    _check(operation, change)
    return SafeForm((*_beside(change), _sql(swap(change))))


def _rename(
    operation: RenameColumnOnlineOp, catalog: Catalog, revision: str, direction: Direction
) -> SafeForm:
    mark, old, new = catalog.mark, operation.column_name, operation.new_column_name
    if mark is not None and mark["kind"] == "rename" and mark["old"] == new and mark["new"] == old:
        return SafeForm(
            (_sql(_take_back(_renaming(operation, catalog, old, revision, direction))),)
        )
    change = _renaming(operation, catalog, new, revision, direction)
    if mark is not None and (mark["kind"] != "rename" or mark["new"] != new):
        raise _refused(operation, ["an earlier online change of the column is not finished"])
    _check(operation, change)
    return SafeForm(tuple(_beside(change)))


def _renaming(
    operation: RenameColumnOnlineOp,
    catalog: Catalog,
    new: str,
    revision: str,
    direction: Direction,
) -> Change:
    column = catalog.tables[0].columns[0]
    move = Move(table=catalog.tables[0], column=column, new=new, final=new, type=column.type)
    return Change(
        kind="rename",
        catalog=catalog,
        moves=(move,),
        revision=revision,
        direction=direction,
        fire_triggers=operation.fire_triggers,
    )


def _take_back(change: Change) -> Iterator[str]:
    """Without the new name: the old column has everything that it had."""
    (move,) = change.moves
    names = [move.table.sql]
    for key in change.foreign_keys:
        names += [key.target, key.table]
    yield lock_tables(names, "ACCESS EXCLUSIVE")
    yield from drop_sync(move)
    yield f"ALTER TABLE {move.table.sql} DROP COLUMN {identifier(move.new)} CASCADE"


def _finish(operation: FinishColumnOnlineOp, catalog: Catalog) -> SafeForm:
    mark, table = catalog.mark, catalog.tables[0]
    if catalog.version is None:  # without a database: as after a change of the type
        kept = kept_name(operation.column_name)
        group = [[table.schema, table.name, operation.column_name, kept]]
        mark = {"kind": "alter", "swapped": True, "group": group}
    if mark is None:
        raise _refused(operation, ["the column is in no online change"])
    if mark["kind"] == "alter":
        if not mark.get("swapped"):
            raise _refused(operation, ["its online change has not come to the swap"])
        return SafeForm(tuple(map(_sql, _drop_kept(mark["group"]))))
    column = table.columns[0]
    move = Move(table=table, column=column, new=mark["new"], final=mark["new"], type=column.type)
    change = Change(kind="rename", catalog=catalog, moves=(move,), fire_triggers=True)
    _check(operation, change)
    if missing := list(without_copy(change)):
        raise _refused(operation, missing)
    return SafeForm((_sql(swap(change)),))


def _drop_kept(group: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Without the old columns of a change, a phase for each.

    ``group`` has schema, table, column and old column of each.
    """
    for schema, name, final, kept in group:
        table, column = TableFacts({"schema": schema, "name": name}), ColumnFacts({"name": kept})
        move = Move(table=table, column=column, new=final, final=final, type="")
        yield [
            *drop_sync(move),
            f"ALTER TABLE {table.sql} DROP COLUMN {identifier(kept)}",
        ]


def _beside(change: Change) -> Iterator[tuple[MigrateOperation, ...]]:
    """The phases before the swap: everything is added beside the old column."""
    if change.has_leftovers:
        yield _sql(drop_leftovers(change))
    for table in change.catalog.tables:
        yield _sql(add_columns(change, table))
    for move in change.moves:
        yield (_backfill(change, move),)
    for table in change.catalog.tables:
        yield _sql(create_indexes(change, table))
        for statement in validations(change, table):
            yield _sql([statement])
    for key in change.foreign_keys:
        for statements in add_foreign_key(change, key):
            yield _sql(statements)
    for table in change.catalog.tables:
        last = [f"ANALYZE {table.sql}"]
        if change.kind == "rename":
            last += _without_proof(change)
        yield _sql(last)


def _without_proof(change: Change) -> Iterator[str]:
    """A nullable column needs its proof no longer."""
    for move in change.moves:
        if not move.column.facts.get("not_null"):
            name = identifier(proof_name(move.table.name, move.final))
            yield f"ALTER TABLE {move.table.sql} DROP CONSTRAINT {name}"


def _backfill(change: Change, move: Move) -> BackfillOp:
    old, new = identifier(move.column.name), identifier(move.new)
    return BackfillOp(
        move.table.name,
        {move.new: raw_sql(move.value).sqltext},
        where=f"{new} IS NULL AND {old} IS NOT NULL",
        name=f"{change.revision}_{move.table.name}_{move.column.name}",
        schema=move.table.facts["schema"],
        by="key" if move.table.facts.get("has_key") else "ctid",
    )


def _check(operation: OnlineOp, change: Change) -> None:
    if found := refusals(change):
        raise _refused(operation, found)


def _refused(operation: OnlineOp, problems: Sequence[str]) -> DirectiveError:
    return directive_error(
        f"{operation.directive} of {operation.table_name}.{operation.column_name} cannot be made:"
        f" {'; '.join(problems)}",
        hint="change or drop what is named in a revision before, and create it again in one behind",
        directive=operation.directive,
    )


def _sql(statements: Iterable[str]) -> tuple[MigrateOperation, ...]:
    return tuple(raw_sql(statement) for statement in statements)
