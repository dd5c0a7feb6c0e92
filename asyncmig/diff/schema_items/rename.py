"""A rename as a value, and as an operation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.script_sql import ScriptSql
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.enums import RenameEnumOp, RenameEnumValueOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.tables import RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Kind", "Rename", "rename_operations", "reversed_renames"]

Kind = Literal["table", "column", "constraint", "index", "enum", "enum_value", "sequence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """The rename of one object within its schema.

    Attributes:
        kind: the kind of the object.
        schema: its schema, or the schema of its table or type.
        old: the name before.
        new: the name after.
        parent: the table of a column or constraint, or the type of a label, by its name at that point.
        inherited: the column is renamed together with the parent table's.
    """

    kind: Kind
    schema: str
    old: str
    new: str
    parent: str | None = None
    inherited: bool = False

    @property
    def place(self) -> ObjectName:
        """The table or type of a column, constraint or label."""
        return ObjectName(self.schema, self.parent or self.old)

    def label(self, name: str, default_schema: str) -> str:
        """``name`` with its schema, unless that is the default one, and with its table or type."""
        parts = (None if self.schema == default_schema else self.schema, self.parent, name)
        return ".".join(part for part in parts if part is not None)


def reversed_renames(renames: Iterable[Rename]) -> list[Rename]:
    """The renames that revert these."""
    return [replace(item, old=item.new, new=item.old) for item in reversed(list(renames))]


def rename_operations(renames: Iterable[Rename], catalog: Catalog) -> list[MigrateOperation]:
    """The operations, in order.

    Args:
        renames: each by the names after those before it.
        catalog: provides the default schema.
    """
    script = ScriptSql(catalog)
    return [_operation(item, script) for item in renames if not item.inherited]


def _operation(item: Rename, script: ScriptSql) -> MigrateOperation:
    schema = script.schema(ObjectName(item.schema, item.old))
    new = script.quote(item.new)
    match item.kind:
        case "table":
            return RenameTableOp(item.old, item.new, schema=schema)
        case "column":
            return AlterColumnOp(item.place.name, item.old, schema=schema, modify_name=item.new)
        case "enum":
            return RenameEnumOp(item.old, item.new, schema=schema)
        case "enum_value":
            return RenameEnumValueOp(item.place.name, item.old, item.new, schema=schema)
        case "constraint":
            table = script.qualified(item.place)
            return ExecuteSQLOp(
                f"ALTER TABLE {table} RENAME CONSTRAINT {script.quote(item.old)} TO {new}"
            )
        case "index" | "sequence":  # pragma: no branch - the last kinds
            name = script.qualified(ObjectName(item.schema, item.old))
            return ExecuteSQLOp(f"ALTER {item.kind.upper()} {name} RENAME TO {new}")
