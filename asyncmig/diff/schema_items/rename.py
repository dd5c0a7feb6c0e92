"""Renames: what one is, and the operation that does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from asyncmig.catalog.model import ObjectName
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
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
    """One object that gets another name in the same schema.

    Attributes:
        kind: of the object.
        schema: of it, or of what it is part of.
        parent: the table of a column or constraint, the type of a label: as it is called by then.
        along: of a column, that it gets the name with its parent table's.
        old: the name.
        new: the other one.
    """

    kind: Kind
    schema: str
    old: str
    new: str
    parent: str | None = None
    along: bool = False

    @property
    def place(self) -> ObjectName:
        """What a column, constraint or label is part of."""
        return ObjectName(self.schema, self.parent or self.old)

    def label(self, name: str, default_schema: str) -> str:
        """``name`` with its schema, unless that is the default, and what it is part of."""
        parts = (None if self.schema == default_schema else self.schema, self.parent, name)
        return ".".join(part for part in parts if part is not None)


def reversed_renames(renames: Iterable[Rename]) -> list[Rename]:
    """What takes them back."""
    return [replace(item, old=item.new, new=item.old) for item in reversed(list(renames))]


def rename_operations(renames: Iterable[Rename], catalog: Catalog) -> list[MigrateOperation]:
    """The operations, in order.

    Args:
        renames: each in terms of what those before it made.
        catalog: knows the default schema.
    """
    objects = SchemaItemFactory(catalog)
    return [_operation(item, objects) for item in renames if not item.along]


def _operation(item: Rename, objects: SchemaItemFactory) -> MigrateOperation:
    schema = objects.schema(ObjectName(item.schema, item.old))
    new = objects.quote(item.new)
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
            table = objects.qualified(item.place)
            return ExecuteSQLOp(
                f"ALTER TABLE {table} RENAME CONSTRAINT {objects.quote(item.old)} TO {new}"
            )
        case "index" | "sequence":
            name = objects.qualified(ObjectName(item.schema, item.old))
            return ExecuteSQLOp(f"ALTER {item.kind.upper()} {name} RENAME TO {new}")
