"""Operations as the body of a script's ``upgrade`` or ``downgrade``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import Column, Computed, Identity

from asyncmig.errors import ScriptError
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
    RenameEnumValueOp,
)
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp
from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
)
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.render.code.alembic_portable import AlembicScript
from asyncmig.render.code.entities import ENTITY_WRITERS
from asyncmig.render.source.comments import comment_lines
from asyncmig.render.source.layout import Call, Code, Listed, laid_out, string
from asyncmig.render.source.sql_literals import sql_text
from asyncmig.render.warnings.script_scope import ScriptScope
from asyncmig.render.warnings.warnings import review_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.code.schema_items import ItemWriter

__all__ = ["render_operations"]


def render_operations(
    operations: Iterable[MigrateOperation], items: ItemWriter, *, for_alembic: bool = False
) -> str:
    """The body of a function, not indented; empty for no operations.

    Args:
        operations: in order.
        items: writes schema items; its ``imports`` are complete afterwards.
        for_alembic: Alembic is to run it, too.

    Raises:
        ScriptError: an operation, or something in one, has no spelling as a directive.
    """
    listed = list(operations)
    script = ScriptScope.of(listed)
    alembics = AlembicScript(listed) if for_alembic else None
    return "\n".join(
        line for operation in listed for line in _lines(operation, items, script, alembics)
    )


def _lines(
    operation: MigrateOperation,
    items: ItemWriter,
    script: ScriptScope,
    alembics: AlembicScript | None,
) -> Iterator[str]:
    own = items.renderer(type(operation)) if items.renderer is not None else None
    if own is not None:
        said: Any = own(items.context, operation)
        yield from [said] if isinstance(said, str) else said or ()
        return
    if isinstance(operation, OpContainer):
        for inner in operation.ops:
            yield from _lines(inner, items, script, alembics)
        return
    yield from comment_lines(review_warnings(operation, script))
    for kind in type(operation).__mro__:
        if (write := _WRITERS.get(kind)) is not None:
            imports = set(items.imports)
            code = write(operation, items)
            if alembics is None:
                yield laid_out(code)
            else:
                yield from alembics.lines(operation, code, imports, items)
            return
    raise ScriptError(
        f"{type(operation).__name__} has no spelling in a script",
        hint="register one with renderers.dispatch_for, or use an operation of asyncmig",
    )


def _keywords(items: ItemWriter, values: Mapping[str, Any]) -> dict[str, Code]:
    """Keyword arguments, those that say nothing left out."""
    return {
        name: items.value(value)
        for name, value in values.items()
        if value is not None and value is not False
    }


def _create_table(operation: CreateTableOp, items: ItemWriter) -> Code:
    table = operation.to_table()
    written = items.table_items(table, operation.columns)
    keywords = items.table_keywords(table)
    if operation.if_not_exists:
        keywords["if_not_exists"] = "True"
    arguments = ((None, string(operation.table_name)), *((None, item) for item in written))
    return Call(items.op("create_table"), (*arguments, *keywords.items()), tall=True)


def _drop_table(operation: DropTableOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("drop_table"),
        string(operation.table_name),
        **_keywords(items, {"schema": operation.schema, "if_exists": operation.if_exists}),
    )


def _impossible(operation: UnsupportedChangeOp, items: ItemWriter) -> Code:
    del items
    return Call.of("raise NotImplementedError", string(operation.message))


def _rename_table(operation: RenameTableOp, items: ItemWriter) -> Code:
    names = (string(operation.table_name), string(operation.new_table_name))
    return Call.of(
        items.op("rename_table"), *names, **_keywords(items, {"schema": operation.schema})
    )


def _add_column(operation: AddColumnOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("add_column"),
        string(operation.table_name),
        items.column(operation.column),
        **_keywords(items, {"schema": operation.schema, "if_not_exists": operation.if_not_exists}),
    )


def _drop_column(operation: DropColumnOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("drop_column"),
        string(operation.table_name),
        string(operation.column_name),
        **_keywords(items, {"schema": operation.schema, "if_exists": operation.if_exists}),
    )


def _alter_column(operation: AlterColumnOp, items: ItemWriter) -> Code:
    keywords: dict[str, Code] = {}
    if operation.modify_type is not None:
        if operation.existing_type is not None:
            keywords["existing_type"] = items.type(operation.existing_type)  # type: ignore[arg-type]  # an instance
        keywords["type_"] = items.type(operation.modify_type)  # type: ignore[arg-type]  # an instance
    if operation.modify_nullable is not None:
        keywords["nullable"] = repr(operation.modify_nullable)
    if operation.modify_server_default is not False:
        existing = operation.existing_server_default
        if isinstance(existing, Identity | Computed):
            keywords["existing_server_default"] = items.default(existing)
        default = operation.modify_server_default
        keywords["server_default"] = "None" if default is None else items.default(default)
    if operation.modify_comment is not False:
        keywords["comment"] = items.value(operation.modify_comment)
    if operation.modify_name is not None:
        keywords["new_column_name"] = string(operation.modify_name)
    using = operation.kw.get("postgresql_using")
    if using is not None:
        keywords["postgresql_using"] = string(using)
    if operation.schema is not None:
        keywords["schema"] = string(operation.schema)
    names = (string(operation.table_name), string(operation.column_name))
    return Call.of(items.op("alter_column"), *names, **keywords)


def _names(names: Iterable[str]) -> Listed:
    return Listed(tuple(map(string, names)))


def _key(operation: CreatePrimaryKeyOp | CreateUniqueConstraintOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op(operation.directive),
        items.name(
            operation.constraint_name, "pk" if isinstance(operation, CreatePrimaryKeyOp) else "uq"
        ),
        string(operation.table_name),
        _names(operation.columns),
        **_keywords(items, {"schema": operation.schema, **operation.kw}),
    )


def _check(operation: CreateCheckConstraintOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_check_constraint"),
        items.name(operation.constraint_name, "ck"),
        string(operation.table_name),
        items.condition(operation.condition),
        **_keywords(items, {"schema": operation.schema, **operation.kw}),
    )


def _exclude(operation: CreateExcludeConstraintOp, items: ItemWriter) -> Code:
    elements = (
        f"({items.value(element)}, {string(operator)})" for element, operator in operation.elements
    )
    keywords = {"where": operation.where, "schema": operation.schema, **operation.kw}
    return Call.of(
        items.op("create_exclude_constraint"),
        items.name(operation.constraint_name, "ex"),
        string(operation.table_name),
        *elements,
        **_keywords(items, keywords),
    )


def _foreign_key(operation: CreateForeignKeyOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_foreign_key"),
        items.name(operation.constraint_name, "fk"),
        string(operation.source_table),
        string(operation.referent_table),
        _names(operation.local_cols),
        _names(operation.remote_cols),
        **_keywords(items, operation.kw),
    )


_CONVENTIONS = {"primary": "pk", "unique": "uq", "check": "ck", "foreignkey": "fk"}


def _drop_constraint(operation: DropConstraintOp, items: ItemWriter) -> Code:
    keywords = {
        "type_": operation.constraint_type,
        "schema": operation.schema,
        "if_exists": operation.if_exists,
    }
    return Call.of(
        items.op("drop_constraint"),
        items.name(operation.constraint_name, _CONVENTIONS.get(operation.constraint_type or "")),
        string(operation.table_name),
        **_keywords(items, keywords),
    )


def _validate(operation: ValidateConstraintOp, items: ItemWriter) -> Code:
    names = (string(operation.constraint_name), string(operation.table_name))
    return Call.of(
        items.op("validate_constraint"), *names, **_keywords(items, {"schema": operation.schema})
    )


def _create_index(operation: CreateIndexOp, items: ItemWriter) -> Code:
    keys = tuple(
        string(key.name) if isinstance(key, Column) else items.value(key)
        for key in operation.columns
    )
    keywords = {
        "schema": operation.schema,
        "unique": operation.unique,
        "if_not_exists": operation.if_not_exists,
        **operation.kw,
    }
    return Call.of(
        items.op("create_index"),
        items.name(operation.index_name, "ix"),
        string(operation.table_name),
        Listed(keys),
        **_keywords(items, keywords),
    )


def _drop_index(operation: DropIndexOp, items: ItemWriter) -> Code:
    table = () if operation.table_name is None else (string(operation.table_name),)
    concurrently = operation.kw.get("postgresql_concurrently")
    keywords = {
        "schema": operation.schema,
        "if_exists": operation.if_exists,
        "postgresql_concurrently": concurrently,
    }
    return Call.of(
        items.op("drop_index"),
        items.name(operation.index_name, "ix"),
        *table,
        **_keywords(items, keywords),
    )


def _create_comment(operation: CreateTableCommentOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_table_comment"),
        string(operation.table_name),
        items.value(operation.comment),
        **_keywords(items, {"schema": operation.schema}),
    )


def _drop_comment(operation: DropTableCommentOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("drop_table_comment"),
        string(operation.table_name),
        **_keywords(items, {"schema": operation.schema}),
    )


def _execute(operation: ExecuteSQLOp, items: ItemWriter) -> Code:
    sql = operation.sqltext
    if isinstance(sql, str):
        return Call.of(items.op("execute"), sql_text(sql, items.imports, exact=True))
    return Call.of(items.op("execute"), items.value(sql))


def _sequence(operation: CreateSequenceOp | AlterSequenceOp, items: ItemWriter) -> Code:
    keywords: dict[str, Code] = {}
    for name, value in operation.options().items():
        if value is None:
            continue
        keywords[name] = items.type(value) if name == "data_type" else items.value(value)
    if isinstance(operation, AlterSequenceOp) and operation.restart is not None:
        keywords["restart"] = items.value(operation.restart)
    if operation.schema is not None:
        keywords["schema"] = string(operation.schema)
    return Call.of(items.op(operation.directive), string(operation.sequence_name), **keywords)


def _drop_sequence(operation: DropSequenceOp, items: ItemWriter) -> Code:
    keywords = {
        "schema": operation.schema,
        "if_exists": operation.if_exists,
        "cascade": operation.cascade,
    }
    return Call.of(
        items.op("drop_sequence"), string(operation.sequence_name), **_keywords(items, keywords)
    )


def _create_enum(operation: CreateEnumOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_enum"),
        string(operation.enum_name),
        _names(operation.values),
        **_keywords(items, {"schema": operation.schema}),
    )


def _add_enum_value(operation: AddEnumValueOp, items: ItemWriter) -> Code:
    keywords = {
        "before": operation.before,
        "after": operation.after,
        "if_not_exists": operation.if_not_exists,
        "schema": operation.schema,
    }
    # an empty label is a label
    said = {name: value for name, value in keywords.items() if value not in (None, False)}
    names = (string(operation.enum_name), string(operation.value))
    return Call.of(items.op("add_enum_value"), *names, **_keywords(items, said))


def _rename_enum_value(operation: RenameEnumValueOp, items: ItemWriter) -> Code:
    names = (operation.enum_name, operation.old_value, operation.new_value)
    keywords = _keywords(items, {"schema": operation.schema})
    return Call.of(items.op("rename_enum_value"), *map(string, names), **keywords)


def _rename_enum(operation: RenameEnumOp, items: ItemWriter) -> Code:
    names = (string(operation.old_enum_name), string(operation.new_enum_name))
    return Call.of(
        items.op("rename_enum"), *names, **_keywords(items, {"schema": operation.schema})
    )


def _drop_enum(operation: DropEnumOp, items: ItemWriter) -> Code:
    keywords = {
        "schema": operation.schema,
        "if_exists": operation.if_exists,
        "cascade": operation.cascade,
    }
    return Call.of(items.op("drop_enum"), string(operation.enum_name), **_keywords(items, keywords))


def _create_schema(operation: CreateSchemaOp, items: ItemWriter) -> Code:
    keywords = {
        "if_not_exists": operation.if_not_exists,
        "authorization": operation.authorization,
    }
    return Call.of(
        items.op("create_schema"), string(operation.schema_name), **_keywords(items, keywords)
    )


def _drop_schema(operation: DropSchemaOp, items: ItemWriter) -> Code:
    keywords = {"if_exists": operation.if_exists, "cascade": operation.cascade}
    return Call.of(
        items.op("drop_schema"), string(operation.schema_name), **_keywords(items, keywords)
    )


_WRITERS: Mapping[type, Any] = {
    **ENTITY_WRITERS,
    AddColumnOp: _add_column,
    AddEnumValueOp: _add_enum_value,
    AlterColumnOp: _alter_column,
    AlterSequenceOp: _sequence,
    CreateCheckConstraintOp: _check,
    CreateEnumOp: _create_enum,
    CreateExcludeConstraintOp: _exclude,
    CreateForeignKeyOp: _foreign_key,
    CreateIndexOp: _create_index,
    CreatePrimaryKeyOp: _key,
    CreateSchemaOp: _create_schema,
    CreateSequenceOp: _sequence,
    CreateTableCommentOp: _create_comment,
    CreateTableOp: _create_table,
    CreateUniqueConstraintOp: _key,
    DropColumnOp: _drop_column,
    DropConstraintOp: _drop_constraint,
    DropEnumOp: _drop_enum,
    DropIndexOp: _drop_index,
    DropSchemaOp: _drop_schema,
    DropSequenceOp: _drop_sequence,
    DropTableCommentOp: _drop_comment,
    DropTableOp: _drop_table,
    ExecuteSQLOp: _execute,
    UnsupportedChangeOp: _impossible,
    RenameEnumOp: _rename_enum,
    RenameEnumValueOp: _rename_enum_value,
    RenameTableOp: _rename_table,
    ValidateConstraintOp: _validate,
}
