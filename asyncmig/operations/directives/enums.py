"""Enum types: creating, extending, renaming, dropping."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AddEnumValueOp",
    "CreateEnumOp",
    "DropEnumOp",
    "EnumDirectives",
    "RenameEnumOp",
    "RenameEnumValueOp",
]


@dataclass(eq=False)
class CreateEnumOp(MigrateOperation, directive="create_enum"):
    """``CREATE TYPE ... AS ENUM``."""

    enum_name: str
    values: Sequence[str]
    _: KW_ONLY
    schema: str | None = None

    def reverse(self) -> DropEnumOp:
        """``DROP TYPE``, which can be reversed again."""
        return DropEnumOp(self.enum_name, schema=self.schema, values=self.values)


@dataclass(eq=False)
class AddEnumValueOp(MigrateOperation, directive="add_enum_value"):
    """``ALTER TYPE ... ADD VALUE``, which PostgreSQL cannot undo."""

    enum_name: str
    value: str
    _: KW_ONLY
    before: str | None = None
    after: str | None = None
    if_not_exists: bool = False
    schema: str | None = None


@dataclass(eq=False)
class RenameEnumValueOp(MigrateOperation, directive="rename_enum_value"):
    """``ALTER TYPE ... RENAME VALUE``."""

    enum_name: str
    old_value: str
    new_value: str
    _: KW_ONLY
    schema: str | None = None

    def reverse(self) -> RenameEnumValueOp:
        """The label gets its old name."""
        return RenameEnumValueOp(self.enum_name, self.new_value, self.old_value, schema=self.schema)


@dataclass(eq=False)
class RenameEnumOp(MigrateOperation, directive="rename_enum"):
    """``ALTER TYPE ... RENAME TO``."""

    old_enum_name: str
    new_enum_name: str
    _: KW_ONLY
    schema: str | None = None

    def reverse(self) -> RenameEnumOp:
        """The type gets its old name."""
        return RenameEnumOp(self.new_enum_name, self.old_enum_name, schema=self.schema)


@dataclass(eq=False)
class DropEnumOp(MigrateOperation, directive="drop_enum"):
    """``DROP TYPE``. ``values`` are only for reversing."""

    enum_name: str
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False
    values: Sequence[str] | None = None

    def reverse(self) -> CreateEnumOp:
        """``CREATE TYPE``.

        Raises:
            ValueError: its labels are not known.
        """
        if self.values is None:
            raise ValueError(f"cannot create enum {self.enum_name} again: its labels are unknown")
        return CreateEnumOp(self.enum_name, self.values, schema=self.schema)


class EnumDirectives(Directives):
    """Directives for enum types."""

    def create_enum(
        self, enum_name: str, values: Sequence[str], *, schema: str | None = None
    ) -> None:
        """Create an enum type. Locks no table.

        A later ``create_table`` of the run that uses an ``Enum`` of this name does not create it again.

        Example::

            op.create_enum("mood", ["sad", "ok", "happy"])
            op.add_column("person", sa.Column("mood", sa.Enum(name="mood")))
        """
        self.invoke(CreateEnumOp(enum_name, values, schema=schema))

    def add_enum_value(
        self,
        enum_name: str,
        value: str,
        *,
        before: str | None = None,
        after: str | None = None,
        if_not_exists: bool = False,
        schema: str | None = None,
    ) -> None:
        """Add a label to an enum type, at the end or beside another. Locks no table.

        PostgreSQL does not allow the label to be used before the commit: where the script uses it,
        asyncmig commits the transaction before. A label cannot be removed again.

        Example::

            op.add_enum_value("mood", "elated", after="happy")
        """
        self.invoke(
            AddEnumValueOp(
                enum_name,
                value,
                before=before,
                after=after,
                if_not_exists=if_not_exists,
                schema=schema,
            )
        )

    def rename_enum_value(
        self, enum_name: str, old_value: str, new_value: str, *, schema: str | None = None
    ) -> None:
        """Rename a label of an enum type. Locks no table; existing rows show the new label.

        Example::

            op.rename_enum_value("mood", "ok", "fine")
        """
        self.invoke(RenameEnumValueOp(enum_name, old_value, new_value, schema=schema))

    def rename_enum(
        self, old_enum_name: str, new_enum_name: str, *, schema: str | None = None
    ) -> None:
        """Rename an enum type. Locks no table.

        Example::

            op.rename_enum("mood", "mood_old")
        """
        self.invoke(RenameEnumOp(old_enum_name, new_enum_name, schema=schema))

    def drop_enum(
        self,
        enum_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Drop an enum type; with ``cascade``, also the columns that use it.

        Example::

            op.drop_enum("mood", if_exists=True)
        """
        self.invoke(DropEnumOp(enum_name, schema=schema, if_exists=if_exists, cascade=cascade))
