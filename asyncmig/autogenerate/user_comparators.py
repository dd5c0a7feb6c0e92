"""Comparators of users, which add operations to those that the comparison found.

They are called in this order:

- ``autogenerate``: ``function(autogen_context, upgrade_ops)``;
- ``schema``: ``function(autogen_context, upgrade_ops, schemas)``, where None is the default schema;
- ``column``: ``function(autogen_context, alter_column_op, schema, table_name, name, conn_column,
  metadata_column)`` for each column that both sides have; the operation has no changes, and those that
  they set are added;
- ``table``: ``function(autogen_context, modify_table_ops, schema, name, conn_table, metadata_table)`` for
  each table of either side; None stands for the table that one side does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.autogenerate.dispatch import comparators
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.errors import ConfigError
from asyncmig.operations.base.containers import ModifyTableOps, OpContainer
from asyncmig.operations.directives.columns import AlterColumnOp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import sqlalchemy as sa

    from asyncmig.autogenerate.context import AutogenContext
    from asyncmig.diff.normalize.sides import Sides
    from asyncmig.operations.base.containers import DowngradeOps, UpgradeOps

__all__ = ["add_users_operations"]

_TARGETS = ("autogenerate", "schema", "table", "column")
_ASPECTS = {"type": None, "nullable": None, "server_default": False, "comment": False}
"""The changes of a column's operation, and the value that means no change."""


def add_users_operations(
    context: AutogenContext,
    upgrade: UpgradeOps,
    downgrade: DowngradeOps,
    sides: Sides,
) -> None:
    """Call the comparators, and revert the operations that they add to ``upgrade`` in ``downgrade``.

    Args:
        context: their first argument.
        upgrade: the operations; comparators can add others before, between and after them.
        downgrade: the operations of the downgrade.
        sides: both sides.

    Raises:
        NotImplementedError: an added operation has no ``reverse``.
    """
    actual, wanted = sides.actual, sides.wanted
    _check_targets()
    compared = {id(operation) for operation in upgrade.ops}
    for compare in comparators.registered("autogenerate"):
        compare(context, upgrade)
    default = actual.default_schema
    for compare in comparators.registered("schema"):
        schemas = {None if name == default else name for name in actual.schemas | wanted.schemas}
        compare(context, upgrade, schemas)
    of_tables = list(comparators.registered("table"))
    of_columns = list(comparators.registered("column"))
    if of_tables or of_columns:
        changed = set(_changes(upgrade.ops))
        old, new = SchemaItemFactory(actual), SchemaItemFactory(wanted)
        for name in sorted({*actual.tables, *wanted.tables}):
            there, here = actual.tables.get(name), wanted.tables.get(name)
            schema = None if name.schema == default else name.schema
            found = ModifyTableOps(name.name, [], schema=schema)
            inspected = None if there is None else old.table(there)
            model = None if here is None else sides.models.table(name)
            if here is not None and model is None:
                model = new.table(here)
            if of_columns and inspected is not None and model is not None:
                for operation in _compared_columns(context, of_columns, found, inspected, model):
                    for _, _, _, aspect in changed & set(_changes([operation])):
                        # the comparison has found it already
                        setattr(operation, f"modify_{aspect}", _ASPECTS[aspect])
                    if operation.has_changes():
                        found.ops.append(operation)
            for compare in of_tables:
                compare(context, found, schema, name.name, inspected, model)
            if not found.is_empty():
                upgrade.ops.append(found)
    _undo(compared, upgrade, downgrade)


def _check_targets() -> None:
    """Refuse a comparator that would never be called."""
    for target, _ in comparators.functions:
        if target not in _TARGETS:
            raise ConfigError(
                f"comparators.dispatch_for({target!r}): unknown target",
                hint=f"the targets are {', '.join(_TARGETS)}",
                target=str(target),
            )


def _compared_columns(
    context: AutogenContext,
    functions: Iterable[Callable[..., object]],
    table: ModifyTableOps,
    inspected: sa.Table,
    model: sa.Table,
) -> Iterator[AlterColumnOp]:
    """For each column of both sides, the operation with the changes of the user's functions."""
    schema, name = table.schema, table.table_name
    there = {column.name: column for column in inspected.columns}
    for column in model.columns:
        before = there.get(column.name)
        if before is None:
            continue
        operation = AlterColumnOp(
            name,
            column.name,
            schema=schema,
            existing_type=before.type,
            existing_nullable=before.nullable,
            existing_server_default=before.server_default,
            existing_comment=before.comment,
        )
        for compare in functions:
            compare(context, operation, schema, name, column.name, before, column)
        yield operation


def _changes(operations: Iterable[object]) -> Iterator[tuple[str | None, str, str, str]]:
    """Schema, table, column and kind of each change of a column."""
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from _changes(operation.ops)
        elif isinstance(operation, AlterColumnOp):
            for aspect, unset in _ASPECTS.items():
                if getattr(operation, f"modify_{aspect}") is not unset:
                    yield operation.schema, operation.table_name, operation.column_name, aspect


def _undo(compared: set[int], upgrade: UpgradeOps, downgrade: DowngradeOps) -> None:
    places = [place for place, operation in enumerate(upgrade.ops) if id(operation) in compared]
    first = places[0] if places else len(upgrade.ops)
    before = [operation for operation in upgrade.ops[:first] if id(operation) not in compared]
    after = [operation for operation in upgrade.ops[first:] if id(operation) not in compared]
    downgrade.ops[:] = [
        *(operation.reverse() for operation in reversed(after)),
        *downgrade.ops,
        *(operation.reverse() for operation in reversed(before)),
    ]
