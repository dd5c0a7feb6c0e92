"""Warnings for the reviewer of a script: lost data, failing rows, rewritten tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.tables import DropTableOp, RenameTableOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.render.source.comments import unbroken
from asyncmig.render.source.layout import Call, format_code, string_literal
from asyncmig.render.warnings.data_warnings import name_of_table, violating_rows
from asyncmig.render.warnings.script_scope import operation_table
from asyncmig.render.warnings.type_changes import lost_labels, type_change
from asyncmig.render.warnings.volatile_defaults import Evaluation, default_evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.warnings.script_scope import ScriptScope

__all__ = ["review_warnings"]


def review_warnings(operation: MigrateOperation, script: ScriptScope) -> Iterator[str]:
    """Sentences for ``comment_lines``.

    Tables that the script does not create are assumed to have rows: the compared database is often a
    developer's, whose tables may be empty.
    """
    match operation:
        case DropTableOp():
            yield from _dropped(operation)
            yield from _blocked(operation.blocked_by)
        case DropColumnOp():
            if operation.to_column().computed is None:
                yield f"drops column {_column(operation)} with its data"
            yield from _blocked(operation.blocked_by)
        case UnsupportedChangeOp():
            yield (
                "PostgreSQL cannot alter this: create a new table, move the rows and rename it, or "
                "change the models to match the database; then remove this line"
            )
        case RenameTableOp():
            yield from _named_in(operation.table_name, operation.named_in)
        case AlterColumnOp():
            yield from _named_in(operation.column_name, operation.named_in)
            if operation_table(operation) not in script.created:
                yield from _altered(operation)
        case AddColumnOp() if operation_table(operation) not in script.created:
            yield from _added(operation)
        case AddConstraintOp() | CreateIndexOp() | ValidateConstraintOp():
            yield from violating_rows(operation, script)
        case _:
            return


def _dropped(operation: DropTableOp) -> Iterator[str]:
    partitioned = operation.table_kw.get("postgresql_partition_by") is not None
    rows = "all its partitions and their rows" if partitioned else "its rows"
    table = name_of_table(operation)
    if operation.twin is None:
        yield f"drops table {table} with {rows}"
        return
    twin = f"{operation.twin}.{operation.table_name}"
    moving = unbroken(f'op.execute("ALTER TABLE {table} SET SCHEMA {operation.twin}")')
    yield (
        f"drops table {table} with {rows}; {twin} has the same columns: to keep the rows, write "
        f"{moving} in place of this line and of those that create {twin}"
    )


def _blocked(names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield (
            f"fails: {', '.join(names)} depends on it and is not declared; drop it above this line, "
            "or declare it"
        )


def _named_in(name: str, routines: tuple[str, ...]) -> Iterator[str]:
    if routines:
        yield (
            f"the source of {', '.join(routines)} uses {name}, which PostgreSQL does not change: "
            "create it again below, or declare it beside the models"
        )


def _added(operation: AddColumnOp) -> Iterator[str]:
    table, column = name_of_table(operation), operation.column
    rewrites = f"rewrites {table}, which is locked meanwhile"
    if column.identity is not None:
        yield f"{rewrites}: each row gets a number"
    elif column.computed is not None:
        if column.computed.persisted is not False:
            yield f"{rewrites}: each row gets its value"
    elif column.server_default is not None:
        match default_evaluation(column):
            case Evaluation.FOR_EACH_ROW:
                yield f"{rewrites}: the default is evaluated for each row"
            case Evaluation.UNKNOWN:
                yield f"{rewrites}, if the default calls a volatile function"
            case Evaluation.ONCE:  # pragma: no branch - the last member
                pass
    elif not column.nullable:
        schema = {} if operation.schema is None else {"schema": string_literal(operation.schema)}
        names = (string_literal(operation.table_name), string_literal(column.name))
        altering = Call.of("op.alter_column", *names, nullable="False", **schema)
        yield (
            f"fails if {table} has rows: give a server_default; or add it with nullable=True, fill "
            f"it, and then {unbroken(format_code(altering, width=1000))}"
        )


def _altered(operation: AlterColumnOp) -> Iterator[str]:
    table, name = name_of_table(operation), operation.column_name
    if operation.modify_nullable is False:
        yield f"fails if {_column(operation)} has NULLs: fill them first"
    before: Any = operation.existing_type
    after: Any = operation.modify_type
    if before is None or after is None:
        return
    if labels := lost_labels(before, after):
        yield (
            f"fails if {_column(operation)} is {' or '.join(map(repr, labels))} in a row: change "
            "those rows first, or convert them in postgresql_using"
        )
    found = type_change(before, after, using="postgresql_using" in operation.kw)
    parts = [f"rewrites {table}, which is locked meanwhile"] if found.rewrites else []
    if found.loss:
        parts.append(f"values of {name} {found.loss}")
    if found.fails:
        parts.append(f"fails if {'one' if found.loss else f'a value of {name}'} does not fit")
    if parts:
        yield "; ".join(parts)


def _column(operation: Any) -> str:
    return f"{name_of_table(operation)}.{operation.column_name}"
