"""Column changes beside running applications: ``alter_column_online``, ``rename_column_online``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = [
    "AlterColumnOnlineOp",
    "FinishColumnOnlineOp",
    "OnlineDirectives",
    "OnlineOp",
    "RenameColumnOnlineOp",
    "is_online",
]


@dataclass(eq=False, repr=False)
class AlterColumnOnlineOp(MigrateOperation, directive="alter_column_online"):
    """Another type for a column, by way of a second column."""

    table_name: str
    column_name: str
    _: KW_ONLY
    type_: TypeEngine[object] | type[TypeEngine[object]]
    using: str | None = None
    schema: str | None = None
    drop_old: bool = True
    fire_triggers: bool = False


@dataclass(eq=False, repr=False)
class RenameColumnOnlineOp(MigrateOperation, directive="rename_column_online"):
    """A second name for a column; both are written until the change is finished."""

    table_name: str
    column_name: str
    new_column_name: str
    _: KW_ONLY
    schema: str | None = None
    fire_triggers: bool = False


@dataclass(eq=False, repr=False)
class FinishColumnOnlineOp(MigrateOperation, directive="finish_column_online"):
    """The end of a change of which the old column was kept."""

    table_name: str
    column_name: str
    _: KW_ONLY
    schema: str | None = None


OnlineOp: TypeAlias = AlterColumnOnlineOp | RenameColumnOnlineOp | FinishColumnOnlineOp


def is_online(operation: MigrateOperation) -> TypeGuard[OnlineOp]:
    """True for the operations of online changes."""
    return isinstance(operation, AlterColumnOnlineOp | RenameColumnOnlineOp | FinishColumnOnlineOp)


class OnlineDirectives(Directives):
    """Directives that change a column while the application reads and writes it."""

    def alter_column_online(
        self,
        table_name: str,
        column_name: str,
        *,
        type_: TypeEngine[object] | type[TypeEngine[object]],
        using: str | None = None,
        schema: str | None = None,
        drop_old: bool = True,
        fire_triggers: bool = False,
    ) -> None:
        """Change the type of a column without a long lock: a new column, a trigger, a backfill, a swap.

        Indexes, constraints, defaults, sequences, foreign keys in both directions, comments and grants are
        made for the new column, which then takes the name of the old one. Columns that refer to it by a
        foreign key and have its type are changed with it. What cannot be carried is refused by name before
        anything runs. ACCESS EXCLUSIVE for a moment: when the column is added, and at the swap.

        Args:
            table_name: the table.
            column_name: the column.
            type_: its new type.
            using: the value of the new column as SQL, where no assignment cast gives it.
            schema: of the table.
            drop_old: False keeps the old column, as ``<column>_old``, until ``finish_column_online``.
            fire_triggers: the backfill may fire the table's own UPDATE triggers, for each row.

        Raises:
            DirectiveError: something cannot be carried.

        Example::

            op.alter_column_online("orders", "id", type_=sa.BigInteger)
            op.alter_column_online("orders", "status", type_=status, using="status::order_status")
        """
        self.invoke(
            AlterColumnOnlineOp(
                table_name,
                column_name,
                type_=type_,
                using=using,
                schema=schema,
                drop_old=drop_old,
                fire_triggers=fire_triggers,
            )
        )

    def rename_column_online(
        self,
        table_name: str,
        column_name: str,
        new_column_name: str,
        *,
        schema: str | None = None,
        fire_triggers: bool = False,
    ) -> None:
        """Give a column a second name, which is written and read like the first one.

        A trigger keeps both alike, whichever is written. ``finish_column_online`` in a later revision drops
        the old name. ACCESS EXCLUSIVE for a moment, when the column is added.

        Args:
            table_name: the table.
            column_name: the present name.
            new_column_name: the new one.
            schema: of the table.
            fire_triggers: the backfill may fire the table's own UPDATE triggers, for each row.

        Raises:
            DirectiveError: something cannot be carried.

        Example::

            op.rename_column_online("orders", "total", "amount")
        """
        self.invoke(
            RenameColumnOnlineOp(
                table_name, column_name, new_column_name, schema=schema, fire_triggers=fire_triggers
            )
        )

    def finish_column_online(
        self, table_name: str, column_name: str, *, schema: str | None = None
    ) -> None:
        """Drop the old column of an online change. ACCESS EXCLUSIVE for a moment.

        Args:
            table_name: the table.
            column_name: the column that stays: of a rename, the new name.
            schema: of the table.

        Raises:
            DirectiveError: the column is in no online change.

        Example::

            op.finish_column_online("orders", "amount")
        """
        self.invoke(FinishColumnOnlineOp(table_name, column_name, schema=schema))
