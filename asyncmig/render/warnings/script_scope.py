"""``ScriptScope``, the changes of a script that decide which warnings apply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import flatten
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp
from asyncmig.render.warnings.type_changes import type_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.schema import Column

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["ScriptScope", "TableName", "operation_table"]

TableName: TypeAlias = tuple[str | None, str]
"""Schema, as in the script, and name of a table."""

_DIALECT = MigrationDialect()


def operation_table(operation: Any) -> TableName:
    """The table of an operation; of a foreign key, the referencing one."""
    name = getattr(operation, "source_table", None) or operation.table_name
    return operation.schema, name


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptScope:
    """The changes of a script that matter for rows of tables.

    Attributes:
        created: new tables, which have no rows.
        added: new columns of other tables.
        dropped: dropped constraints and indexes, by name.
        retyped: tables in which values may change, of columns that get another type or are generated.
    """

    created: frozenset[TableName] = frozenset()
    added: Mapping[tuple[TableName, str], Column[Any]] = field(default_factory=dict)
    dropped: Mapping[tuple[TableName, str], DropConstraintOp | DropIndexOp] = field(
        default_factory=dict
    )
    retyped: frozenset[TableName] = frozenset()

    @classmethod
    def of(cls, operations: Iterable[MigrateOperation]) -> ScriptScope:
        """The scope of these operations."""
        created: set[TableName] = set()
        retyped: set[TableName] = set()
        added: dict[tuple[TableName, str], Column[Any]] = {}
        dropped: dict[tuple[TableName, str], DropConstraintOp | DropIndexOp] = {}
        for operation in flatten(operations):
            match operation:
                case CreateTableOp():
                    created.add(operation_table(operation))
                case AddColumnOp():
                    added[operation_table(operation), operation.column.name] = operation.column
                    if operation.column.computed is not None:
                        # it may replace a column with another expression
                        retyped.add(operation_table(operation))
                case DropConstraintOp(constraint_name=str(name)):
                    dropped[operation_table(operation), name] = operation
                case DropIndexOp(index_name=str(name), table_name=str()):
                    dropped[operation_table(operation), name] = operation
                case AlterColumnOp() if not _keeps_values(operation):
                    retyped.add(operation_table(operation))
                case _:
                    pass
        return cls(
            created=frozenset(created), added=added, dropped=dropped, retyped=frozenset(retyped)
        )

    def has_only_nulls(self, place: TableName, column: str) -> bool:
        """True for a new column without values."""
        found = self.added.get((place, column))
        if found is None:
            return False
        return found.server_default is None and found.identity is None and found.computed is None

    def is_identity(self, place: TableName, column: str) -> bool:
        """True for a new identity column."""
        found = self.added.get((place, column))
        return found is not None and found.identity is not None

    def is_recreated(self, operation: AddConstraintOp | CreateIndexOp) -> bool:
        """True if the script drops the same constraint or index, and no values change."""
        place = operation_table(operation)
        name = (
            operation.index_name
            if isinstance(operation, CreateIndexOp)
            else operation.constraint_name
        )
        gone = self.dropped.get((place, name or ""))
        places = {place}
        if isinstance(operation, CreateForeignKeyOp):
            places.add((operation.kw.get("referent_schema"), operation.referent_table))
        if gone is None or places & self.retyped:
            return False
        try:
            return _sql(gone.reverse()) == _sql(operation)
        except (ValueError, DirectiveError):
            return False


def _keeps_values(operation: AlterColumnOp) -> bool:
    before: Any = operation.existing_type
    after: Any = operation.modify_type
    if after is None:
        return True
    return before is not None and type_change(before, after).keeps_values


def _sql(operation: MigrateOperation) -> list[str]:
    return [compiled.sql for compiled in compile_operation(operation, _DIALECT)]
