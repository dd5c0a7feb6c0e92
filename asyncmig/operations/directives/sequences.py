"""Sequences: ``create_sequence``, ``alter_sequence``, ``drop_sequence``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.directives.columns import ColumnType

__all__ = [
    "AlterSequenceOp",
    "CreateSequenceOp",
    "DropSequenceOp",
    "SequenceDirectives",
    "SequenceOptions",
]

OwnedBy: TypeAlias = str | Literal[False] | None
"""``table.column`` or ``schema.table.column``; False is ``NONE``; None leaves it out."""


@dataclass(kw_only=True)
class SequenceOptions:
    """The options of CREATE and ALTER SEQUENCE; None leaves an option out.

    ``minvalue`` and ``maxvalue`` are False for ``NO MINVALUE`` and ``NO MAXVALUE``.
    """

    data_type: TypeEngine[Any] | type[TypeEngine[Any]] | None = None
    start: int | None = None
    increment: int | None = None
    minvalue: int | Literal[False] | None = None
    maxvalue: int | Literal[False] | None = None
    cache: int | None = None
    cycle: bool | None = None
    owned_by: OwnedBy = None

    def options(self) -> dict[str, Any]:
        """The options as keyword arguments."""
        return {field.name: getattr(self, field.name) for field in fields(SequenceOptions)}


@dataclass(eq=False)
class CreateSequenceOp(SequenceOptions, MigrateOperation, directive="create_sequence"):
    """``CREATE SEQUENCE``."""

    sequence_name: str
    _: KW_ONLY
    schema: str | None = None
    if_not_exists: bool = False

    def reverse(self) -> DropSequenceOp:
        """``DROP SEQUENCE``, which can be reversed again."""
        return DropSequenceOp(
            self.sequence_name, schema=self.schema, if_exists=self.if_not_exists, original=self
        )


@dataclass(eq=False)
class AlterSequenceOp(SequenceOptions, MigrateOperation, directive="alter_sequence"):
    """``ALTER SEQUENCE``. ``restart`` is True for the start value."""

    sequence_name: str
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    restart: int | Literal[True] | None = None
    existing: SequenceOptions | None = None
    """The options before, for reversing."""

    def reverse(self) -> AlterSequenceOp:
        """The options before.

        Raises:
            NotImplementedError: ``existing`` is not given.
        """
        if self.existing is None:
            return super().reverse()  # type: ignore[return-value]  # it raises
        before = {
            name: getattr(self.existing, name)
            for name, value in self.options().items()
            if value is not None
        }
        return AlterSequenceOp(
            self.sequence_name,
            schema=self.schema,
            if_exists=self.if_exists,
            existing=SequenceOptions(**self.options()),
            **before,
        )


@dataclass(eq=False)
class DropSequenceOp(MigrateOperation, directive="drop_sequence"):
    """``DROP SEQUENCE``."""

    sequence_name: str
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False
    original: CreateSequenceOp | None = None
    """The operation that creates it again."""

    def reverse(self) -> CreateSequenceOp:
        """``CREATE SEQUENCE``, with its options if they are known."""
        return self.original or CreateSequenceOp(self.sequence_name, schema=self.schema)


class SequenceDirectives(Directives):
    """Directives for sequences."""

    def create_sequence(
        self,
        sequence_name: str,
        *,
        schema: str | None = None,
        if_not_exists: bool = False,
        data_type: ColumnType | None = None,
        start: int | None = None,
        increment: int | None = None,
        minvalue: int | Literal[False] | None = None,
        maxvalue: int | Literal[False] | None = None,
        cache: int | None = None,
        cycle: bool | None = None,
        owned_by: OwnedBy = None,
    ) -> None:
        """Create a sequence. Locks no table except that of ``owned_by``.

        Args:
            sequence_name: of the sequence.
            schema: of the sequence.
            if_not_exists: ``IF NOT EXISTS``.
            data_type: ``SmallInteger``, ``Integer`` or ``BigInteger``, the default.
            start: its first value.
            increment: between values; negative to count down.
            minvalue: False is ``NO MINVALUE``.
            maxvalue: False is ``NO MAXVALUE``.
            cache: values that a session allocates at once.
            cycle: ``CYCLE``: start again after the last value.
            owned_by: ``table.column``, with which it is dropped; False is ``NONE``.

        Example::

            op.create_sequence("invoice_number", start=1000, owned_by="invoice.number")
        """
        self.invoke(
            CreateSequenceOp(
                sequence_name,
                schema=schema,
                if_not_exists=if_not_exists,
                data_type=data_type,
                start=start,
                increment=increment,
                minvalue=minvalue,
                maxvalue=maxvalue,
                cache=cache,
                cycle=cycle,
                owned_by=owned_by,
            )
        )

    def alter_sequence(
        self,
        sequence_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        restart: int | Literal[True] | None = None,
        data_type: ColumnType | None = None,
        start: int | None = None,
        increment: int | None = None,
        minvalue: int | Literal[False] | None = None,
        maxvalue: int | Literal[False] | None = None,
        cache: int | None = None,
        cycle: bool | None = None,
        owned_by: OwnedBy = None,
    ) -> None:
        """Change a sequence. SHARE ROW EXCLUSIVE on it: ``nextval`` waits.

        Arguments are those of ``create_sequence``, and ``restart``: the next value, or True for the
        start value.

        Example::

            op.alter_sequence("invoice_number", restart=5000)
        """
        self.invoke(
            AlterSequenceOp(
                sequence_name,
                schema=schema,
                if_exists=if_exists,
                restart=restart,
                data_type=data_type,
                start=start,
                increment=increment,
                minvalue=minvalue,
                maxvalue=maxvalue,
                cache=cache,
                cycle=cycle,
                owned_by=owned_by,
            )
        )

    def drop_sequence(
        self,
        sequence_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Drop a sequence; with ``cascade``, also the defaults that use it.

        Example::

            op.drop_sequence("invoice_number", if_exists=True)
        """
        self.invoke(
            DropSequenceOp(sequence_name, schema=schema, if_exists=if_exists, cascade=cascade)
        )
