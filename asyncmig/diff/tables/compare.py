"""Compare tables and columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.constraint_items import add_constraint, constraint_item
from asyncmig.diff.schema_items.index_items import (
    create_index,
    finish_constraint,
    finish_index,
    index_roles,
)
from asyncmig.diff.schema_items.topological_order import creation_order
from asyncmig.diff.stages import Stage
from asyncmig.diff.tables.columns import (
    add_column,
    alter_column,
    attach_sequence,
    create_sequence_of,
    drop_column,
    drop_expression,
)
from asyncmig.diff.tables.constraints import constraint_comment, drop_constraint
from asyncmig.diff.tables.inheritance import TableInheritance
from asyncmig.diff.tables.storage import (
    add_parents,
    alter_storage,
    column_storage,
    partition_key_changes,
    remove_parents,
)
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.tables import DropTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.catalog.model import Column, Constraint, ForeignKey, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.comparison import Comparison
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["change_tables", "compare_columns", "create_tables", "drop_tables", "set_logged"]


def drop_tables(comparison: Comparison) -> None:
    """Drop tables, and first the foreign keys of cycles among them."""
    gone = _only_in(comparison.before.tables, comparison)
    added = _only_in(comparison.after.tables, comparison)
    dropped: set[ObjectName] = set()
    for table in reversed(creation_order(gone)):
        # dropped while the tables that are not in ``dropped`` still refer to it
        comparison.extend(
            Stage.DROP_FOREIGN_KEYS,
            (
                drop_constraint(comparison, other, item)
                for other in gone.values()
                if other.name not in dropped and other.name != table.name
                for item in other.constraints.values()
                if item.reference is not None and item.reference.table == table.name
            ),
        )
        dropped.add(table.name)
        drop = DropTableOp.from_table(comparison.old.table(table))
        drop.twin = next((new.name.schema for new in added.values() if _is_twin(table, new)), None)
        comparison.add(Stage.DROP_TABLES, drop)


def _only_in(tables: Mapping[ObjectName, Table], comparison: Comparison) -> dict[ObjectName, Table]:
    return {name: item for name, item in tables.items() if name not in comparison.common}


def _is_twin(gone: Table, new: Table) -> bool:
    """True for tables of different schemas with the same name, columns and types."""
    return gone.name.name == new.name.name and _column_types(gone) == _column_types(new)


def _column_types(table: Table) -> dict[str, str]:
    return {column.name: column.type.text for column in table.columns.values()}


def create_tables(comparison: Comparison) -> None:
    """Create tables, with their indexes and the constraints that cannot be part of CREATE TABLE."""
    existing: set[ObjectName] = set()
    for table in creation_order(_only_in(comparison.after.tables, comparison)):
        existing.add(table.name)
        _create_table(comparison, table, existing)


def _create_table(comparison: Comparison, table: Table, existing: set[ObjectName]) -> None:
    new = comparison.new
    later = [
        item
        for item in table.constraints.values()
        if constraint_item(new, item) is None
        or (item.reference is not None and not _has_target(comparison, item.reference, existing))
    ]
    serial = [
        column
        for column in table.columns.values()
        if column.serial and not new.writes_serial(column, table)
    ]
    stage = Stage.CREATE_TABLES
    comparison.extend(stage, (create_sequence_of(table, column, new) for column in serial))
    comparison.add(stage, new.create_table(table, later))
    for column in serial:
        comparison.extend(stage, attach_sequence(table, column, new))
    for column in table.columns.values():
        comparison.extend(stage, column_storage(table, None, column, new))
    comparison.extend(stage, add_parents(None, table, new))
    for item in later:
        operation = add_constraint(new, table, item)
        if item.kind == "f":
            comparison.add_foreign_key(item, operation)
        else:
            comparison.add(Stage.ADD_CONSTRAINTS, operation)
    for index in table.indexes.values():
        create = create_index(new, table, index)
        comparison.add(Stage.CREATE_INDEXES, create)
        comparison.extend(Stage.FINISH, finish_index(new, table, index, create))
    for item in table.constraints.values():
        comparison.extend(Stage.FINISH, finish_constraint(new, table, item))
    comparison.extend(Stage.FINISH, index_roles(new, None, table, ()))
    for item in table.constraints.values():
        if item.comment is not None:
            comparison.add(Stage.FINISH, constraint_comment(comparison, table, item))


def _has_target(comparison: Comparison, reference: ForeignKey, existing: set[ObjectName]) -> bool:
    """True when a foreign key can be part of CREATE TABLE, because the key that it refers to exists."""
    wanted = _referenced_key(comparison.after.tables.get(reference.table), reference)
    if wanted is None or constraint_item(comparison.new, wanted) is None:
        # a unique index, or a key that models cannot express: created later; or a table outside the models
        return False
    if reference.table in existing:
        return True
    old, new = comparison.common.get(reference.table, (None, None))
    if old is None or new is None or (old.unlogged and not new.unlogged):
        return False
    key = _referenced_key(old, reference)
    same = all(old.columns.get(name) == new.columns.get(name) for name in reference.columns)
    return same and key is not None and key.definition == wanted.definition


def _referenced_key(table: Table | None, reference: ForeignKey) -> Constraint | None:
    columns = frozenset(reference.columns)
    keys = table.constraints.values() if table is not None else ()
    return next(
        (item for item in keys if item.kind in "pu" and frozenset(item.columns) == columns), None
    )


def change_tables(comparison: Comparison) -> None:
    """Change storage, parents, partition key, index roles and comments of tables."""
    for old, new in reversed(comparison.common.values()):
        inheritance = TableInheritance(comparison, new.name)
        stage = Stage.DETACH_FROM_PARENTS
        comparison.extend(stage, partition_key_changes(old, new, comparison.new))
        comparison.extend(stage, remove_parents(old, new, comparison.new))
        comparison.extend(stage, inheritance.detach())
    for old, new in comparison.common.values():
        inheritance = TableInheritance(comparison, new.name)
        built = comparison.built[new.name]
        comparison.extend(Stage.FINISH, alter_storage(old, new, comparison.new))
        comparison.extend(Stage.FINISH, inheritance.attach())
        comparison.extend(Stage.FINISH, index_roles(comparison.new, old, new, built))
        if old.comment != new.comment:
            comparison.add(Stage.FINISH, _table_comment(comparison, old, new))


def _table_comment(comparison: Comparison, old: Table, new: Table) -> MigrateOperation:
    name, schema = new.name.name, comparison.new.schema(new.name)
    if new.comment is None:
        return DropTableCommentOp(name, schema=schema, existing_comment=old.comment)
    return CreateTableCommentOp(name, new.comment, schema=schema, existing_comment=old.comment)


def set_logged(comparison: Comparison) -> None:
    """SET LOGGED and UNLOGGED, in an order in which no logged table refers to an unlogged one."""
    changed = {
        name: new for name, (old, new) in comparison.common.items() if old.unlogged != new.unlogged
    }
    ordered = creation_order(changed)
    logged = [(table, "LOGGED") for table in ordered if not table.unlogged]
    unlogged = [(table, "UNLOGGED") for table in reversed(ordered) if table.unlogged]
    for table, mode in [*logged, *unlogged]:
        sql = f"ALTER TABLE {comparison.new.qualified(table.name)} SET {mode}"
        comparison.add(Stage.SET_LOGGED, ExecuteSQLOp(sql))


def compare_columns(comparison: Comparison) -> None:
    """Add, change and drop the columns of tables that both sides have.

    Columns are added to the children before their parents, which PostgreSQL merges then.
    """
    of_children: list[tuple[list[MigrateOperation], list[MigrateOperation]]] = []
    for name in comparison.common:
        changes = _ColumnChanges(comparison, name)
        if changes.is_empty:
            continue
        changes.run()
        if changes.inheritance.is_related:
            of_children.append((changes.added, changes.generated))
        else:
            comparison.extend(Stage.CHANGE_COLUMNS, changes.generated)
    for added, generated in reversed(of_children):
        comparison.extend(Stage.ADD_COLUMNS_TO_CHILDREN, added)
        comparison.extend(Stage.ADD_GENERATED_COLUMNS_TO_CHILDREN, generated)


class _ColumnChanges:
    """The changes of the columns of one table.

    Attributes:
        added: columns to add before those of the parents, if the table has any or is one.
        generated: generated columns to add after the columns that they are computed from.
    """

    def __init__(self, comparison: Comparison, name: ObjectName) -> None:
        self._comparison = comparison
        self._old, self._new = comparison.common[name]
        self._rebuilt = comparison.replacements.generated_columns.get(name, frozenset())
        self.inheritance = TableInheritance(comparison, name)
        self.added: list[MigrateOperation] = []
        self.generated: list[MigrateOperation] = []

    @property
    def is_empty(self) -> bool:
        """True if the columns are equal, and neither rebuilt nor affected by other tables."""
        related = self.inheritance.is_related
        return self._old.columns == self._new.columns and not (self._rebuilt or related)

    def run(self) -> None:
        """Find the changes, and add all but ``added`` and ``generated`` to their stages."""
        comparison, inheritance = self._comparison, self.inheritance
        sources: list[
            MigrateOperation
        ] = []  # dropped after the columns that are computed from them
        for column in self._new.columns.values():
            existing = self._old.columns.get(column.name)
            if existing is not None and column.name not in self._rebuilt:
                self._change(existing, column)
                continue
            if existing is not None and not inheritance.is_dropped_by_parent(existing):
                drop = drop_column(self._old, existing, comparison.old)
                if existing.generated is None:
                    sources.append(drop)
                else:
                    comparison.add(Stage.DROP_GENERATED_COLUMNS, drop)
            if not inheritance.is_added_by_parent(column):
                self._add(column)
        for column in self._old.columns.values():
            if column.name in self._new.columns or inheritance.is_dropped_by_parent(column):
                continue
            drop = drop_column(self._old, column, comparison.old)
            comparison.add(
                Stage.DROP_COLUMNS if column.generated is None else Stage.DROP_GENERATED_COLUMNS,
                inheritance.drop_only_here(column) or drop,
            )
        comparison.extend(Stage.DROP_GENERATED_COLUMNS, sources)

    def _add(self, column: Column) -> None:
        operations = add_column(self._new, column, self._comparison.new)
        if column.generated is not None:
            self.generated += operations
        else:
            self._add_before_parents(operations)

    def _add_before_parents(self, operations: Iterable[MigrateOperation]) -> None:
        if self.inheritance.is_related:
            self.added += operations
        else:
            self._comparison.extend(Stage.CHANGE_COLUMNS, operations)

    def _change(self, existing: Column, column: Column) -> None:
        comparison, inheritance = self._comparison, self.inheritance
        self._add_before_parents(inheritance.before_parent_changes(existing, column))
        comparison.extend(Stage.CHANGE_COLUMNS, inheritance.restore_default(existing, column))
        existing = inheritance.after_parent_changes(existing, column)
        if existing.generated is not None and column.generated is None:
            comparison.add(
                Stage.DROP_GENERATED_COLUMNS,
                drop_expression(self._old, existing, comparison.old),
            )
            existing = replace(existing, generated=None)
        if (
            existing.type.name == column.type.name
            and column.type.name in comparison.replacements.types
        ):
            # the replacement of the type has changed it, whether it is an array or not, and its default
            existing = replace(existing, type=column.type, default=column.default)
        if existing == column:
            return
        changes = alter_column(self._new, existing, column, comparison.old, comparison.new)
        if inheritance.parent_adds(column.name):
            self._add_before_parents(changes)
        elif inheritance.parent_drops(column.name):
            comparison.extend(Stage.DROP_COLUMNS, changes)
        else:
            comparison.extend(Stage.CHANGE_COLUMNS, changes)
