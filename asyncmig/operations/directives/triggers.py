"""Triggers: ``create_trigger``, ``drop_trigger``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.drop_object import DropObjectOp
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CreateTriggerOp", "DropTriggerOp", "TriggerDirectives"]

Moment: TypeAlias = Literal["before", "after", "instead of"]


@dataclass(eq=False)
class CreateTriggerOp(MigrateOperation, directive="create_trigger"):
    """``CREATE TRIGGER``."""

    trigger_name: str
    table_name: str
    moment: Moment
    events: str | Sequence[str]
    function: str
    _: KW_ONLY
    schema: str | None = None
    for_each: Literal["row", "statement"] = "row"
    when: str | None = None
    referencing: str | None = None
    replace: bool = False
    constraint: bool = False
    deferrable: bool | None = None
    initially: str | None = None

    def reverse(self) -> DropTriggerOp:
        """``DROP TRIGGER``, which can be reversed again."""
        return DropTriggerOp(self.trigger_name, self.table_name, schema=self.schema, original=self)


@dataclass(eq=False)
class DropTriggerOp(DropObjectOp[CreateTriggerOp], directive="drop_trigger"):
    """``DROP TRIGGER``."""

    trigger_name: str
    table_name: str
    _: KW_ONLY
    cascade: bool = False


class TriggerDirectives(Directives):
    """Directives for triggers."""

    def create_trigger(
        self,
        trigger_name: str,
        table_name: str,
        moment: Moment,
        events: str | Sequence[str],
        function: str,
        *,
        schema: str | None = None,
        for_each: Literal["row", "statement"] = "row",
        when: str | None = None,
        referencing: str | None = None,
        replace: bool = False,
        constraint: bool = False,
        deferrable: bool | None = None,
        initially: str | None = None,
    ) -> None:
        """Create a trigger. SHARE ROW EXCLUSIVE on its table.

        Args:
            trigger_name: of the trigger.
            table_name: of its table or view.
            moment: ``before``, ``after`` or ``instead of``.
            events: ``insert``, ``update``, ``update of title``, ``delete``, ``truncate``; one or several.
            function: the call, as SQL: ``"touch()"``.
            schema: of the table.
            for_each: ``row`` or ``statement``.
            when: a condition, as SQL.
            referencing: transition tables, as SQL: ``"NEW TABLE AS added"``.
            replace: ``OR REPLACE``.
            constraint: a constraint trigger, which may be ``deferrable`` and ``initially deferred``.
            deferrable: it may be deferred until the commit.
            initially: ``deferred`` or ``immediate``.

        Example::

            op.create_trigger("touch_book", "book", "before", "update", "touch()")
        """
        self.invoke(
            CreateTriggerOp(
                trigger_name,
                table_name,
                moment,
                events,
                function,
                schema=schema,
                for_each=for_each,
                when=when,
                referencing=referencing,
                replace=replace,
                constraint=constraint,
                deferrable=deferrable,
                initially=initially,
            )
        )

    def drop_trigger(
        self,
        trigger_name: str,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Drop a trigger. ACCESS EXCLUSIVE on its table.

        Example::

            op.drop_trigger("touch_book", "book", if_exists=True)
        """
        self.invoke(
            DropTriggerOp(
                trigger_name, table_name, schema=schema, if_exists=if_exists, cascade=cascade
            )
        )
