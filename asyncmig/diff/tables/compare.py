"""Tables and columns of one catalog beside those of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.constraint_items import add_constraint, constraint_item
from asyncmig.diff.schema_items.creation_order import creation_order
from asyncmig.diff.schema_items.index_items import create_index
from asyncmig.diff.schema_items.index_storage import details_of_constraint, details_of_index, roles
from asyncmig.diff.tables import columns as column_steps
from asyncmig.diff.tables.constraints import constraint_comment, drop_constraint
from asyncmig.diff.tables.inheritance import Inheriting, retyped_by_parents
from asyncmig.diff.tables.storage import (
    alter_storage,
    column_storage,
    left_parents,
    parents,
    partitioning,
)
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.tables import DropTableOp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.catalog.model import Column, Constraint, ForeignKey, ObjectName, Table
    from asyncmig.diff.comparison import Comparison
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["compare_columns", "compare_tables"]


def _is_twin(gone: Table, new: Table) -> bool:
    """The same table in another schema, by its name and by names and types of its columns."""
    return gone.name.name == new.name.name and _shape(gone) == _shape(new)


def _shape(table: Table) -> dict[str, str]:
    return {column.name: column.type.text for column in table.columns.values()}


def compare_tables(work: Comparison) -> None:
    """Tables that come and go, and what is said of those that stay."""
    gone = {name: item for name, item in work.before.tables.items() if name not in work.common}
    come = {name: item for name, item in work.after.tables.items() if name not in work.common}
    work.steps.drop_foreign_keys = [*_keys_of_dropped(work, gone), *work.steps.drop_foreign_keys]
    for table in reversed(creation_order(gone)):
        drop = DropTableOp.from_table(work.old.table(table))
        drop.twin = next((name.schema for name in come if _is_twin(table, come[name])), None)
        work.steps.drop_tables.append(drop)
    there: set[ObjectName] = set()
    for table in creation_order(come):
        there.add(table.name)
        late = [
            item
            for item in table.constraints.values()
            if constraint_item(work.new, item) is None
            or (item.reference is not None and not _is_ready(work, item.reference, there))
        ]
        for column in table.columns.values():
            if column.serial and not work.new.writes_serial(column, table):
                work.steps.create_tables += column_steps.serial_steps(
                    table, column, work.new, create=True
                )
        work.steps.create_tables.append(work.new.create_table(table, late))
        for column in table.columns.values():
            if column.serial and not work.new.writes_serial(column, table):
                work.steps.create_tables += column_steps.serial_steps(
                    table, column, work.new, create=False
                )
        for column in table.columns.values():
            work.steps.create_tables += column_storage(table, None, column, work.new)
        work.steps.create_tables += parents(None, table, work.new)
        for item in late:
            comes = add_constraint(work.new, table, item)
            if item.kind == "f":
                work.add_foreign_key(item, comes)
            else:
                work.steps.add_constraints.append(comes)
        for index in table.indexes.values():
            create = create_index(work.new, table, index)
            work.steps.create_indexes.append(create)
            work.steps.post += details_of_index(work.new, table, index, create)
        for item in table.constraints.values():
            work.steps.post += details_of_constraint(work.new, table, item)
        work.steps.post += roles(work.new, None, table, ())
        work.steps.post += [
            constraint_comment(work, table, item)
            for item in table.constraints.values()
            if item.comment is not None
        ]
    for old, new in work.common.values():
        _table_changes(work, old, new)
    work.steps.set_logged += _logging(work)


def _is_ready(work: Comparison, reference: ForeignKey, there: set[ObjectName]) -> bool:
    """True when a foreign key can be part of its table: the key that it leads to is there."""
    wanted = _key_of(work.after.tables.get(reference.table), reference)
    if wanted is None or constraint_item(work.new, wanted) is None:
        # a unique index, or a key that models have no words for: it comes later; or a table of others
        return False
    if reference.table in there:
        return True
    old, new = work.common.get(reference.table, (None, None))
    if old is None or new is None or (old.unlogged and not new.unlogged):
        return False
    existing = _key_of(old, reference)
    same = all(old.columns.get(name) == new.columns.get(name) for name in reference.columns)
    return same and existing is not None and existing.definition == wanted.definition


def _keys_of_dropped(work: Comparison, gone: Mapping[ObjectName, Table]) -> list[MigrateOperation]:
    """Foreign keys of cycles among the tables that go."""
    dropped: set[ObjectName] = set()
    found: list[MigrateOperation] = []
    for table in reversed(creation_order(gone)):
        # this one is dropped while those that are not in ``dropped`` still point to it
        found += [
            drop_constraint(work, other, item)
            for other in gone.values()
            if other.name not in dropped and other.name != table.name
            for item in other.constraints.values()
            if item.reference is not None and item.reference.table == table.name
        ]
        dropped.add(table.name)
    return found


def _logging(work: Comparison) -> Iterator[ExecuteSQLOp]:
    """SET LOGGED and UNLOGGED: no logged table may point to one that is not."""
    changed = {
        name: new for name, (old, new) in work.common.items() if old.unlogged != new.unlogged
    }
    ordered = creation_order(changed)
    for table in ordered:
        if not table.unlogged:
            yield ExecuteSQLOp(f"ALTER TABLE {work.new.qualified(table.name)} SET LOGGED")
    for table in reversed(ordered):
        if table.unlogged:
            yield ExecuteSQLOp(f"ALTER TABLE {work.new.qualified(table.name)} SET UNLOGGED")


def _table_changes(work: Comparison, old: Table, new: Table) -> None:
    name, schema = new.name.name, work.new.schema(new.name)
    inheriting = Inheriting(work, new.name)
    work.steps.pre[:0] = [
        *partitioning(old, new, work.new),
        *left_parents(old, new, work.new),
        *inheriting.parting(),
    ]
    work.steps.post += alter_storage(old, new, work.new)
    work.steps.post += inheriting.joining()
    work.steps.post += roles(work.new, old, new, work.built[new.name])
    if old.comment != new.comment and new.comment is None:
        work.steps.post.append(
            DropTableCommentOp(name, schema=schema, existing_comment=old.comment)
        )
    elif old.comment != new.comment:
        work.steps.post.append(
            CreateTableCommentOp(name, new.comment, schema=schema, existing_comment=old.comment)
        )


def compare_columns(work: Comparison) -> None:
    """Columns of the tables that stay."""
    work.steps.change_types = retyped_by_parents(work.steps.change_types, work)
    # of tables that inherit, the children's before the parents'
    ahead: list[MigrateOperation] = []
    behind: list[MigrateOperation] = []
    for name, (old, new) in work.common.items():
        inheriting = Inheriting(work, name)
        early: list[MigrateOperation] = [] if inheriting.related else work.steps.change_columns
        generated: list[MigrateOperation] = []  # follow what they are made from
        grounds: list[MigrateOperation] = []  # go when nothing is made from them any more
        for column in new.columns.values():
            existing = old.columns.get(column.name)
            comes = early if column.generated is None else generated
            if existing is not None and column.name not in work.rebuilt[name]:
                _column_changes(work, inheriting, (old, new), (existing, column), early)
                continue
            if existing is not None and not inheriting.goes_along(existing):
                goes = grounds if existing.generated is None else work.steps.drop_generated
                goes.append(column_steps.drop_column(old, existing, work.old))
            if not inheriting.comes_along(column):
                comes += column_steps.add_column(new, column, work.new)
        for column in old.columns.values():
            if column.name in new.columns or inheriting.goes_along(column):
                continue
            goes = (
                work.steps.drop_columns if column.generated is None else work.steps.drop_generated
            )
            drop = column_steps.drop_column(old, column, work.old)
            goes.append(inheriting.outlived(column) or drop)
        work.steps.drop_generated += grounds
        if inheriting.related:
            ahead, behind = [*early, *ahead], [*generated, *behind]
        else:
            work.steps.change_columns += generated
    work.steps.change_columns = [*ahead, *work.steps.change_columns, *behind]


def _column_changes(
    work: Comparison,
    inheriting: Inheriting,
    tables: tuple[Table, Table],
    columns: tuple[Column, Column],
    early: list[MigrateOperation],
) -> None:
    old, new = tables
    existing, column = columns
    early += inheriting.ahead(existing, column)
    work.steps.change_columns += inheriting.restored(existing, column)
    existing = inheriting.reached(existing, column)
    if existing.generated is not None and column.generated is None:
        work.steps.drop_generated.append(column_steps.stop_generating(old, existing, work.old))
        existing = replace(existing, generated=None)
    if existing.type.name == column.type.name and column.type.name in work.replaced_types:
        # it has the new type by then, be that an array of it or not, and the default with it
        existing = replace(existing, type=column.type, default=column.default)
    if existing != column:
        changes = column_steps.alter_column(new, existing, column, work.old, work.new)
        if inheriting.gains(column.name):
            early += changes
        elif inheriting.loses(column.name):
            work.steps.drop_columns += changes
        else:
            work.steps.change_columns += changes


def _key_of(table: Table | None, reference: ForeignKey) -> Constraint | None:
    columns = frozenset(reference.columns)
    keys = table.constraints.values() if table is not None else ()
    return next(
        (item for item in keys if item.kind in "pu" and frozenset(item.columns) == columns), None
    )
