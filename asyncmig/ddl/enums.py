"""Enum types as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import words
from asyncmig.operations.base.created_types import CreatedTypes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.enums import (
        AddEnumValueOp,
        CreateEnumOp,
        DropEnumOp,
        RenameEnumOp,
        RenameEnumValueOp,
    )

__all__ = ["add_enum_value", "create_enum", "drop_enum", "rename_enum", "rename_enum_value"]


def create_enum(operation: CreateEnumOp, compilation: Compilation) -> Iterator[str]:
    """CREATE TYPE ... AS ENUM."""
    name = compilation.qualified(operation.enum_name, operation.schema)
    yield f"CREATE TYPE {name} AS ENUM ({', '.join(map(compilation.string, operation.values))})"
    _types(operation).add((operation.schema, operation.enum_name))


def add_enum_value(operation: AddEnumValueOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... ADD VALUE."""
    string = compilation.string
    yield words(
        f"ALTER TYPE {compilation.qualified(operation.enum_name, operation.schema)} ADD VALUE",
        operation.if_not_exists and "IF NOT EXISTS",
        string(operation.value),
        operation.before is not None and f"BEFORE {string(operation.before)}",
        operation.after is not None and f"AFTER {string(operation.after)}",
    )


def rename_enum_value(operation: RenameEnumValueOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... RENAME VALUE."""
    name = compilation.qualified(operation.enum_name, operation.schema)
    old, new = compilation.string(operation.old_value), compilation.string(operation.new_value)
    yield f"ALTER TYPE {name} RENAME VALUE {old} TO {new}"


def rename_enum(operation: RenameEnumOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TYPE ... RENAME TO."""
    name = compilation.qualified(operation.old_enum_name, operation.schema)
    yield f"ALTER TYPE {name} RENAME TO {compilation.quote(operation.new_enum_name)}"
    types = _types(operation)
    types.discard((operation.schema, operation.old_enum_name))
    types.add((operation.schema, operation.new_enum_name))


def drop_enum(operation: DropEnumOp, compilation: Compilation) -> Iterator[str]:
    """DROP TYPE."""
    yield words(
        "DROP TYPE",
        operation.if_exists and "IF EXISTS",
        compilation.qualified(operation.enum_name, operation.schema),
        operation.cascade and "CASCADE",
    )
    _types(operation).discard((operation.schema, operation.enum_name))


def _types(operation: MigrateOperation) -> ScriptTypes:
    """What the run knows of types; nothing where the operation stands alone."""
    context = operation.script_context
    return CreatedTypes().during("") if context is None else context.created_types
