"""What else a script does, as far as it decides what the rows of a table can make fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp
from asyncmig.render.warnings.type_changes import type_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.schema import Column

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Place", "ScriptScope", "column_of", "flat"]

Place: TypeAlias = tuple[str | None, str]
"""A table: its schema, as scripts say it, and its name."""

_DIALECT = MigrationDialect()


def column_of(operation: Any) -> Place:
    """The table that an operation is about; of a foreign key, the one that points."""
    name = getattr(operation, "source_table", None) or operation.table_name
    return operation.schema, name


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptScope:
    """A script, by what it does to its tables.

    Attributes:
        created: the tables that are new in it, and have no rows.
        added: the new columns of others.
        dropped: constraints and indexes that go, by their names.
        retyped: tables some of whose values become others, or may: of columns that stay, or that are
            generated anew.
    """

    created: frozenset[Place] = frozenset()
    added: Mapping[tuple[Place, str], Column[Any]] = field(default_factory=dict)
    dropped: Mapping[tuple[Place, str], DropConstraintOp | DropIndexOp] = field(
        default_factory=dict
    )
    retyped: frozenset[Place] = frozenset()

    @classmethod
    def of(cls, operations: Iterable[MigrateOperation]) -> ScriptScope:
        """Those of each operation of a script."""
        created: set[Place] = set()
        retyped: set[Place] = set()
        added: dict[tuple[Place, str], Column[Any]] = {}
        dropped: dict[tuple[Place, str], DropConstraintOp | DropIndexOp] = {}
        for operation in flat(operations):
            match operation:
                case CreateTableOp():
                    created.add(column_of(operation))
                case AddColumnOp():
                    added[column_of(operation), operation.column.name] = operation.column
                    if operation.column.computed is not None:
                        # it may have been there before, made of something else
                        retyped.add(column_of(operation))
                case DropConstraintOp(constraint_name=str(name)):
                    dropped[column_of(operation), name] = operation
                case DropIndexOp(index_name=str(name), table_name=str()):
                    dropped[column_of(operation), name] = operation
                case AlterColumnOp() if not _keeps_values(operation):
                    retyped.add(column_of(operation))
                case _:
                    pass
        return cls(
            created=frozenset(created), added=added, dropped=dropped, retyped=frozenset(retyped)
        )

    def has_only_nulls(self, place: Place, column: str) -> bool:
        """The column is new and nothing gives it values."""
        found = self.added.get((place, column))
        if found is None:
            return False
        return found.server_default is None and found.identity is None and found.computed is None

    def is_counted(self, place: Place, column: str) -> bool:
        """The column is new and each row gets another number."""
        found = self.added.get((place, column))
        return found is not None and found.identity is not None

    def builds_again(self, operation: AddConstraintOp | CreateIndexOp) -> bool:
        """The rows satisfied it before, and nothing happens to them: it goes and comes as it was."""
        place = column_of(operation)
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


def flat(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    """Operations without what holds several of them."""
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from flat(operation.ops)
        else:
            yield operation


def _keeps_values(operation: AlterColumnOp) -> bool:
    before: Any = operation.existing_type
    after: Any = operation.modify_type
    if after is None:
        return True
    return before is not None and type_change(before, after).keeps_values


def _sql(operation: MigrateOperation) -> list[str]:
    return [compiled.sql for compiled in compile_operation(operation, _DIALECT)]
