"""Enum types as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
    RenameEnumValueOp,
)
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["add_enum_value", "create_enum", "drop_enum", "rename_enum", "rename_enum_value"]


@generate_sql.register(CreateEnumOp)
def create_enum(operation: CreateEnumOp, compilation: Compilation) -> Iterator[str]:
    """CREATE TYPE ... AS ENUM."""
    name = compilation.qualified(operation.enum_name, operation.schema)
    yield f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, operation.values))})"
    _created_types(operation).add((operation.schema, operation.enum_name))


@generate_sql.register(AddEnumValueOp)
def add_enum_value(operation: AddEnumValueOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... ADD VALUE."""
    yield join_words(
        f"ALTER TYPE {compilation.qualified(operation.enum_name, operation.schema)} ADD VALUE",
        operation.if_not_exists and "IF NOT EXISTS",
        literal(operation.value),
        operation.before is not None and f"BEFORE {literal(operation.before)}",
        operation.after is not None and f"AFTER {literal(operation.after)}",
    )


@generate_sql.register(RenameEnumValueOp)
def rename_enum_value(operation: RenameEnumValueOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... RENAME VALUE."""
    name = compilation.qualified(operation.enum_name, operation.schema)
    old, new = literal(operation.old_value), literal(operation.new_value)
    yield f"ALTER TYPE {name} RENAME VALUE {old} TO {new}"


@generate_sql.register(RenameEnumOp)
def rename_enum(operation: RenameEnumOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... RENAME TO."""
    name = compilation.qualified(operation.old_enum_name, operation.schema)
    yield f"ALTER TYPE {name} RENAME TO {compilation.quote(operation.new_enum_name)}"
    types = _created_types(operation)
    types.discard((operation.schema, operation.old_enum_name))
    types.add((operation.schema, operation.new_enum_name))


@generate_sql.register(DropEnumOp)
def drop_enum(operation: DropEnumOp, compilation: Compilation) -> Iterator[str]:
    """DROP TYPE."""
    yield compilation.drop(
        "TYPE", compilation.qualified(operation.enum_name, operation.schema), operation
    )
    _created_types(operation).discard((operation.schema, operation.enum_name))


def _created_types(operation: MigrateOperation) -> ScriptTypes:
    """The types of the run; none outside of a script."""
    context = operation.script_context
    return CreatedTypes().for_script("") if context is None else context.created_types
