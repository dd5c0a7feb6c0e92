"""Changes of tables that inherit: what a parent's change does to its children, and what is left to do there.

A change of a parent's column or CHECK also changes the children, and PostgreSQL rejects it in the child
alone. A column or CHECK that the child defines too (``attislocal``, ``conislocal``) is kept when the parent's
is dropped, so it is dropped after it; and it is added before the parent's, because only then PostgreSQL
merges the two (PostgreSQL's documentation, chapter "Inheritance").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.casts import needs_cast
from asyncmig.diff.tables.columns import attach_sequence
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.catalog.model import Column, Constraint, Table
    from asyncmig.diff.comparison import Comparison
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["TableInheritance", "without_inherited_changes"]


class TableInheritance:
    """One table of both sides, and its parents.

    Only parents that the table has all the time count: it is detached from any other one before anything
    changes, or attached to it after all changes.

    Attributes:
        is_related: the table has a parent, or is one.
    """

    def __init__(self, comparison: Comparison, name: ObjectName) -> None:
        old, new = comparison.common[name]
        self._comparison = comparison
        self._name = name
        self._old = old
        self._new = new
        self._parents = comparison.parents.get(name, ())
        self.is_related = bool(self._parents) or name in comparison.inherited

    def is_added_by_parent(self, column: Column) -> bool:
        """True when the table does not define the column itself, and gets it with a parent's."""
        return not column.local and any(
            column.name in self._comparison.common[parent][1].columns for parent in self._parents
        )

    def is_dropped_by_parent(self, column: Column) -> bool:
        """True when the table does not define the column itself, and loses it with a parent's."""
        return not column.local and any(
            column.name in self._comparison.common[parent][0].columns
            and not _is_kept_by_child(self._comparison, parent, column.name)
            for parent in self._parents
        )

    def drop_only_here(self, column: Column) -> ExecuteSQLOp | None:
        """DROP COLUMN ... ONLY, if a child keeps the column, which it has from this table alone."""
        if not _is_kept_by_child(self._comparison, self._name, column.name):
            return None
        table = self._comparison.new.qualified(self._name)
        return ExecuteSQLOp(
            f"ALTER TABLE ONLY {table} DROP COLUMN {self._comparison.new.quote(column.name)}"
        )

    def parent_adds(self, column: str) -> bool:
        """True when a parent gets a column that exists here: it must be like the parent's before that."""
        return any(
            column not in before.columns and column in after.columns
            for before, after in self._pairs()
        )

    def parent_drops(self, column: str) -> bool:
        """True when a parent loses a column that is kept here: it cannot be changed before that."""
        return any(
            column in before.columns and column not in after.columns
            for before, after in self._pairs()
        )

    def parent_column(self, column: str) -> tuple[Column, Column] | None:
        """The column of this name in a parent, before and after."""
        for before, after in self._pairs():
            if column in before.columns and column in after.columns:
                return before.columns[column], after.columns[column]
        return None

    def parent_renames(self, before: Constraint, after: Constraint) -> bool:
        """True when a parent's CHECK is renamed in the same way."""
        return any(
            before.name in old.constraints and after.name in new.constraints
            for old, new in self._pairs()
            if before.kind == "c"
        )

    def before_parent_changes(self, before: Column, after: Column) -> Iterator[AlterColumnOp]:
        """The changes of a column that run before those of the parent's column.

        They are NOT NULL if the table defines it itself, and DROP DEFAULT if the default of the table does
        not fit the new type.
        """
        pair = self.parent_column(after.name)
        if pair is None:
            return
        if pair[0].nullable and not pair[1].nullable and before.nullable and after.local:
            yield self._alter(before, modify_nullable=False)
        if _is_cast(*pair) and before.default is not None and pair[0].default is None:
            yield self._alter(
                before,
                existing_server_default=self._comparison.old.default(before),
                modify_server_default=None,
            )

    def after_parent_changes(self, before: Column, after: Column) -> Column:
        """The column as the changes of the parent's column leave it; ``after`` is the column to reach."""
        pair = self.parent_column(after.name)
        if pair is None:
            return before
        old, new = pair
        changed = replace(
            before,
            type=new.type,
            collation=new.collation,
            generated=before.generated if new.generated is not None else None,
            nullable=_inherited_nullable(pair, before, after),
        )
        if before.serial and after.serial:
            return changed
        retyped = (old.type, old.collation) != (new.type, new.collation)
        default = before.default
        if old.serial != new.serial or _sets_default(old, new, retyped=retyped):
            default = new.owned_default if new.serial else new.default
        elif retyped:
            default = None  # printed differently by then, or dropped
        if not before.serial or default is not None:
            changed = replace(changed, default=default)
        return changed

    def restore_default(self, before: Column, after: Column) -> Iterator[MigrateOperation]:
        """The default of a serial column, if the parent's change replaced or dropped it."""
        pair = self.parent_column(after.name)
        if pair is not None and before.serial and after.serial:
            old, new = pair
            if old.serial != new.serial or old.default != new.default:
                yield from attach_sequence(self._new, after, self._comparison.new)

    def detach(self) -> Iterator[ExecuteSQLOp]:
        """NO INHERIT for parents that change separately."""
        yield from self._alter_inheritance("NO INHERIT")

    def attach(self) -> Iterator[ExecuteSQLOp]:
        """INHERIT, after ``detach`` and the changes of both tables."""
        yield from self._alter_inheritance("INHERIT")

    def _alter_inheritance(self, action: str) -> Iterator[ExecuteSQLOp]:
        qualified = self._comparison.new.qualified
        for child, parent in sorted(self._comparison.detached):
            if child == self._name:
                yield ExecuteSQLOp(f"ALTER TABLE {qualified(child)} {action} {qualified(parent)}")

    def _alter(self, column: Column, **changes: object) -> AlterColumnOp:
        items = self._comparison.old
        return AlterColumnOp(
            self._name.name,
            column.name,
            schema=items.schema(self._name),
            existing_type=items.type(column, self._old),
            existing_nullable=column.nullable,
            existing_comment=column.comment,
            **changes,  # type: ignore[arg-type]  # each is named where this is called
        )

    def _pairs(self) -> Iterator[tuple[Table, Table]]:
        return (self._comparison.common[parent] for parent in self._parents)


def _is_kept_by_child(comparison: Comparison, parent: ObjectName, column: str) -> bool:
    before, after = comparison.common[parent]
    if (
        parent not in comparison.inherited
        or column not in before.columns
        or column in after.columns
    ):
        return False
    return any(
        parent in parents
        and column in old.columns
        and not old.columns[column].local
        and column in new.columns
        for child, parents in comparison.parents.items()
        for old, new in [comparison.common[child]]
    )


def _inherited_nullable(pair: tuple[Column, Column], before: Column, after: Column) -> bool:
    old, new = pair
    if old.nullable == new.nullable:
        return before.nullable
    if not new.nullable:
        return False
    # PostgreSQL 18 keeps a NOT NULL that the child defines itself, older versions do not
    return before.nullable if before.local and after.nullable else True


def _is_cast(before: Column, after: Column) -> bool:
    retyped = (before.type, before.collation) != (after.type, after.collation)
    return retyped and needs_cast(before.type, after.type)


def _sets_default(before: Column, after: Column, *, retyped: bool) -> bool:
    """True when the change of a column sets or drops its default, and with it those of the children."""
    changed = before.default != after.default
    return changed or (retyped and (before.default, after.default) != (None, None))


def without_inherited_changes(
    operations: Iterable[MigrateOperation], comparison: Comparison
) -> list[MigrateOperation]:
    """Leave out changes of types that a parent's change already makes.

    The default of a child is dropped before the type of the parent's column changes, and set after all types
    have changed.
    """
    dropped: list[MigrateOperation] = []
    kept: list[MigrateOperation] = []
    defaults: list[MigrateOperation] = []
    for operation in operations:
        if not isinstance(operation, AlterColumnOp) or not _has_parent_column(
            operation, comparison
        ):
            kept.append(operation)
            continue
        if operation.modify_type is None:
            dropped.append(operation)
            continue
        default = operation.modify_server_default
        if not isinstance(default, bool):
            defaults.append(
                AlterColumnOp(
                    operation.table_name,
                    operation.column_name,
                    schema=operation.schema,
                    existing_type=operation.modify_type,
                    existing_nullable=operation.existing_nullable,
                    modify_server_default=default,
                )
            )
    return [*dropped, *kept, *defaults]


def _has_parent_column(operation: AlterColumnOp, comparison: Comparison) -> bool:
    name = ObjectName(operation.schema or comparison.before.default_schema, operation.table_name)
    inheritance = TableInheritance(comparison, name)
    return inheritance.parent_column(operation.column_name) is not None
