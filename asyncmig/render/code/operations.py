"""Operations as the body of a script's ``upgrade`` or ``downgrade``."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from textwrap import indent
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.schema import Computed, Identity

from asyncmig.errors import ScriptError
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.base.operation import MigrateOperation, built_in_operations
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.entities import EntityOp
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.functions import CreateFunctionOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.render.code.alembic_portable import AlembicScript
from asyncmig.render.code.directive_call import directive_call, keywords
from asyncmig.render.source.comments import comment_lines
from asyncmig.render.source.layout import Call, Code, format_code, one_line, string_literal
from asyncmig.render.warnings.script_scope import ScriptScope
from asyncmig.render.warnings.warnings import review_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.render.code.schema_items import ItemWriter

__all__ = ["render_operations"]

_CONVENTIONS = {"primary": "pk", "unique": "uq", "check": "ck", "foreignkey": "fk"}


def render_operations(
    operations: Iterable[MigrateOperation], items: ItemWriter, *, for_alembic: bool = False
) -> str:
    """The body of a function, not indented; empty for no operations.

    Args:
        operations: in order.
        items: writes schema items; its ``imports`` are complete afterwards.
        for_alembic: the script must also run under Alembic.

    Raises:
        ScriptError: an operation, or a part of one, cannot be written as a directive.
    """
    all_operations = list(operations)
    script = ScriptScope.of(all_operations)
    portable = AlembicScript(all_operations) if for_alembic else None
    return "\n".join(_all_lines(all_operations, items, script, portable))


def _all_lines(
    operations: Iterable[MigrateOperation],
    items: ItemWriter,
    script: ScriptScope,
    portable: AlembicScript | None,
) -> Iterator[str]:
    """The lines of operations; those that commit one by one are in a block."""
    in_block = False
    for operation in operations:
        lines = _lines(operation, items, script, portable)
        if not operation.in_autocommit or portable is not None:  # it makes its own blocks
            in_block = False
            yield from lines
            continue
        if not in_block:
            yield f"with {items.op('autocommit')}():"
        in_block = True
        yield from (indent(text, "    ") for text in lines)


def _lines(
    operation: MigrateOperation,
    items: ItemWriter,
    script: ScriptScope,
    portable: AlembicScript | None,
) -> Iterator[str]:
    own = items.renderer(type(operation)) if items.renderer is not None else None
    if own is not None:
        rendered: Any = own(items.context, operation)
        yield from [rendered] if isinstance(rendered, str) else rendered or ()
        return
    if isinstance(operation, OpContainer):
        yield from _all_lines(operation.ops, items, script, portable)
        return
    yield from comment_lines(review_warnings(operation, script))
    imports = set(items.imports)
    code = _code(operation, items)
    if portable is None:
        yield format_code(code)
    else:
        yield from portable.lines(operation, code, imports, items)


@singledispatch
def _code(operation: MigrateOperation, items: ItemWriter) -> Code:
    """The code of an operation; in general it is the call of its directive."""
    if operation.directive not in built_in_operations():
        _raise_no_code(operation, items)
    return directive_call(operation, items)


@_code.register(EntityOp)
@_code.register(BulkInsertOp)
def _raise_no_code(operation: MigrateOperation, items: ItemWriter) -> NoReturn:
    del items
    raise ScriptError(
        f"{type(operation).__name__} has no spelling in a script",
        hint="register one with renderers.dispatch_for, or use an operation of asyncmig",
    )


@_code.register(UnsupportedChangeOp)
def _unsupported_change(operation: UnsupportedChangeOp, items: ItemWriter) -> Code:
    del items
    return Call.of("raise NotImplementedError", string_literal(operation.message))


@_code.register(CreateTableOp)
def _create_table(operation: CreateTableOp, items: ItemWriter) -> Code:
    table = operation.to_table()
    written = items.table_items(table, operation.columns)
    named = items.table_keywords(table)
    if operation.if_not_exists:
        named["if_not_exists"] = "True"
    arguments = ((None, string_literal(operation.table_name)), *((None, item) for item in written))
    return Call(items.op("create_table"), (*arguments, *named.items()), multiline=True)


@_code.register(AlterColumnOp)
def _alter_column(operation: AlterColumnOp, items: ItemWriter) -> Code:
    named: dict[str, Code] = {}
    if operation.modify_type is not None:
        if operation.existing_type is not None:
            named["existing_type"] = items.type(operation.existing_type)  # type: ignore[arg-type]  # an instance
        named["type_"] = items.type(operation.modify_type)  # type: ignore[arg-type]  # an instance
    if operation.modify_nullable is not None:
        named["nullable"] = repr(operation.modify_nullable)
    if operation.modify_server_default is not False:
        existing = operation.existing_server_default
        if isinstance(existing, Identity | Computed):
            named["existing_server_default"] = items.default(existing)
        default = operation.modify_server_default
        named["server_default"] = "None" if default is None else items.default(default)
    if operation.modify_comment is not False:
        named["comment"] = items.value(operation.modify_comment)
    if operation.modify_name is not None:
        named["new_column_name"] = string_literal(operation.modify_name)
    using = operation.kw.get("postgresql_using")
    if using is not None:
        named["postgresql_using"] = string_literal(using)
    if operation.schema is not None:
        named["schema"] = string_literal(operation.schema)
    names = (string_literal(operation.table_name), string_literal(operation.column_name))
    return Call.of(items.op("alter_column"), *names, **named)


@_code.register(AddConstraintOp)
@_code.register(CreateIndexOp)
def _with_dialect_options(operation: AddConstraintOp | CreateIndexOp, items: ItemWriter) -> Code:
    return directive_call(operation, items, operation.kw)


@_code.register(CreateForeignKeyOp)
def _foreign_key(operation: CreateForeignKeyOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_foreign_key"),
        items.name(operation.constraint_name, "fk"),
        string_literal(operation.source_table),
        string_literal(operation.referent_table),
        items.value(operation.local_cols),
        items.value(operation.remote_cols),
        **keywords(items, operation.kw),
    )


@_code.register(CreateExcludeConstraintOp)
def _exclude(operation: CreateExcludeConstraintOp, items: ItemWriter) -> Code:
    elements = (
        f"({one_line(items.column_name(element))}, {string_literal(operator)})"
        for element, operator in operation.elements
    )
    named = {"where": operation.where, "schema": operation.schema, **operation.kw}
    return Call.of(
        items.op("create_exclude_constraint"),
        items.name(operation.constraint_name, "ex"),
        string_literal(operation.table_name),
        *elements,
        **keywords(items, named),
    )


@_code.register(DropConstraintOp)
def _drop_constraint(operation: DropConstraintOp, items: ItemWriter) -> Code:
    named = {
        "type_": operation.constraint_type,
        "schema": operation.schema,
        "if_exists": operation.if_exists,
    }
    return Call.of(
        items.op("drop_constraint"),
        items.name(operation.constraint_name, _CONVENTIONS.get(operation.constraint_type or "")),
        string_literal(operation.table_name),
        **keywords(items, named),
    )


@_code.register(DropIndexOp)
def _drop_index(operation: DropIndexOp, items: ItemWriter) -> Code:
    option = "postgresql_concurrently"
    return directive_call(operation, items, {option: operation.kw.get(option)})


@_code.register(CreateFunctionOp)
def _create_function(operation: CreateFunctionOp, items: ItemWriter) -> Code:
    # a procedure has no result
    return directive_call(
        replace(operation, returns="void") if operation.procedure else operation, items
    )
