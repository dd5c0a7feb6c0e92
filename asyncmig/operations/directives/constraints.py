"""The base class of operations that add a constraint; dropping and validating constraints."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.schema import Constraint, Table

    from asyncmig.operations.base.operation import ScriptContext

__all__ = [
    "AddConstraintOp",
    "ConstraintDirectives",
    "DropConstraintOp",
    "ValidateConstraintOp",
    "name_of",
    "table_of",
]

_by_visit_name: dict[str, type[AddConstraintOp]] = {}


def table_of(constraint: Constraint) -> Table:
    """The table of a constraint, also of a column constraint."""
    parent: Any = constraint.parent
    table: Table = getattr(parent, "table", parent)
    return table


def name_of(constraint: Constraint) -> str | None:
    """The name of a constraint; None leaves it to the naming convention."""
    return constraint.name if isinstance(constraint.name, str) else None


class AddConstraintOp(MigrateOperation):
    """Base of the operations that add a constraint to a table."""

    constraint_type: ClassVar[str] = ""

    drop_type: ClassVar[str | None] = None
    """The kind as ``drop_constraint(type_=...)`` names it."""

    constraint_name: str | None
    schema: str | None
    kw: dict[str, Any]

    def __init_subclass__(cls, *, visit_names: Iterable[str] = (), **kwargs: Any) -> None:
        """Register the class for constraints by their ``__visit_name__`` of SQLAlchemy."""
        super().__init_subclass__(**kwargs)
        _by_visit_name.update(dict.fromkeys(visit_names, cls))

    @classmethod
    def from_constraint(cls, constraint: Any) -> AddConstraintOp:
        """The operation that adds this constraint.

        Raises:
            ValueError: no directive adds constraints of its kind.
        """
        operation_class = _by_visit_name.get(getattr(constraint, "__visit_name__", ""))
        if operation_class is None:
            raise ValueError(f"no directive adds a {type(constraint).__name__}")
        return operation_class.from_constraint(constraint)

    def to_constraint(self, migration_context: ScriptContext | None = None) -> Constraint:
        """The constraint as SQLAlchemy has it, attached to a table."""
        raise NotImplementedError

    def reverse(self) -> DropConstraintOp:
        """``DROP CONSTRAINT``, which can be reversed again."""
        return DropConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """The tuple of ``compare_metadata``."""
        return ("add_constraint", self.to_constraint())


class DropConstraintOp(MigrateOperation, directive="drop_constraint", in_alembic=True):
    """``ALTER TABLE ... DROP CONSTRAINT``."""

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: AddConstraintOp | None = None,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.constraint_type = type_
        self.schema = schema
        self.if_exists = if_exists
        self._reverse = _reverse

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> DropConstraintOp:
        """The operation that drops this constraint, and can be reversed."""
        table = table_of(constraint)
        add = AddConstraintOp.from_constraint(constraint)
        return cls(
            name_of(constraint), table.name, add.drop_type, schema=table.schema, _reverse=add
        )

    def to_constraint(self) -> Constraint:
        """The constraint that is dropped.

        Raises:
            ValueError: its definition is not known.
        """
        if self._reverse is None:
            raise ValueError(
                f"cannot add constraint {self.constraint_name} again: its definition is unknown"
            )
        constraint = self._reverse.to_constraint()
        constraint.name = self.constraint_name
        table = table_of(constraint)
        table.name = self.table_name
        table.schema = self.schema
        return constraint

    def reverse(self) -> AddConstraintOp:
        """The operation that adds it again.

        Raises:
            ValueError: its definition is not known.
        """
        return AddConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """The tuple of ``compare_metadata``."""
        kind = "remove_fk" if self.constraint_type == "foreignkey" else "remove_constraint"
        return (kind, self.to_constraint())


@dataclass(eq=False)
class ValidateConstraintOp(MigrateOperation, directive="validate_constraint"):
    """``ALTER TABLE ... VALIDATE CONSTRAINT``."""

    constraint_name: str
    table_name: str
    _: KW_ONLY
    schema: str | None = None


class ConstraintDirectives(Directives):
    """Directives for constraints of any kind."""

    def drop_constraint(
        self,
        constraint_name: str,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
    ) -> None:
        """Drop a constraint. ACCESS EXCLUSIVE; of a foreign key, on both tables.

        Args:
            constraint_name: a plain name goes through the naming convention of the models when that
                has ``%(constraint_name)s``; ``op.f(...)`` makes it final.
            table_name: of the table.
            type_: ``foreignkey``, ``primary``, ``unique``, ``check`` or ``exclude``; it only selects
                the naming convention.
            schema: of the table.
            if_exists: ``IF EXISTS``.

        Example::

            op.drop_constraint("ck_book_pages", "book", type_="check")
        """
        self.invoke(
            DropConstraintOp(constraint_name, table_name, type_, schema=schema, if_exists=if_exists)
        )

    def validate_constraint(
        self, constraint_name: str, table_name: str, *, schema: str | None = None
    ) -> None:
        """Check the existing rows against a NOT VALID constraint.

        SHARE UPDATE EXCLUSIVE: reads and writes continue. In the transaction that added the
        constraint its stronger lock is held during the scan: commit between the two.

        Example::

            op.create_check_constraint(
                "ck_book_pages", "book", "pages > 0", postgresql_not_valid=True
            )
            with op.autocommit():
                op.validate_constraint("ck_book_pages", "book")
        """
        self.invoke(ValidateConstraintOp(constraint_name, table_name, schema=schema))
