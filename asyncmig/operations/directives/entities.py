"""Objects that have SQL of their own: ``create_entity``, ``replace_entity``, ``drop_entity``.

These are the directives of alembic-utils. They accept every object with the methods of
``ReplaceableEntity``: those of that package, and those of asyncmig.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.sql.elements import TextClause

__all__ = [
    "CreateEntityOp",
    "DropEntityOp",
    "EntityDirectives",
    "EntityOp",
    "ReplaceEntityOp",
    "ReplaceableEntity",
]


@runtime_checkable
class ReplaceableEntity(Protocol):
    """A function, view, trigger ... that has the SQL to create and drop it."""

    def to_sql_statement_create(self) -> TextClause:
        """The statement that creates it."""
        ...

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """The statement that drops it; with ``cascade``, also everything that depends on it."""
        ...

    def to_sql_statement_create_or_replace(self) -> Iterable[TextClause]:
        """The statements that replace the existing one."""
        ...


@dataclass(eq=False)
class EntityOp(MigrateOperation):
    """A change of one entity."""

    target: ReplaceableEntity

    @property
    def _identity(self) -> str:
        identity: Any = getattr(self.target, "identity", None)
        return str(identity or type(self.target).__name__)


@dataclass(eq=False)
class CreateEntityOp(EntityOp, directive="create_entity"):
    """Create an entity."""

    def reverse(self) -> DropEntityOp:
        """Drop it."""
        return DropEntityOp(self.target)

    def to_diff_tuple(self) -> tuple[str, str, str]:
        """The tuple of ``compare_metadata``."""
        return ("create_entity", self._identity, str(self.target.to_sql_statement_create()))


@dataclass(eq=False)
class DropEntityOp(EntityOp, directive="drop_entity"):
    """Drop an entity."""

    cascade: bool = False

    def reverse(self) -> CreateEntityOp:
        """Create it."""
        return CreateEntityOp(self.target)

    def to_diff_tuple(self) -> tuple[str, str]:
        """The tuple of ``compare_metadata``."""
        return ("drop_entity", self._identity)


@dataclass(eq=False)
class ReplaceEntityOp(EntityOp, directive="replace_entity"):
    """Replace an entity. ``existing`` is the entity before, for reversing."""

    _: KW_ONLY
    existing: ReplaceableEntity | None = None

    def reverse(self) -> ReplaceEntityOp:
        """Restore the entity before.

        Raises:
            ValueError: ``existing`` is not given.
        """
        if self.existing is None:
            raise ValueError(f"cannot restore {self._identity}: its definition before is unknown")
        return ReplaceEntityOp(self.existing, existing=self.target)

    def to_diff_tuple(self) -> tuple[str, str, str]:
        """The tuple of ``compare_metadata``."""
        statements = [str(each) for each in self.target.to_sql_statement_create_or_replace()]
        return ("replace_or_revert_entity", self._identity, str(statements))


class EntityDirectives(Directives):
    """Directives for objects that have SQL of their own."""

    def create_entity(self, target: ReplaceableEntity) -> None:
        """Create an entity of alembic-utils: ``PGFunction``, ``PGView``, ``PGTrigger`` ...

        Args:
            target: an object of alembic-utils, or of asyncmig, which has the same imports.

        Example::

            from alembic_utils.pg_view import PGView

            op.create_entity(PGView("public", "long_book", "SELECT * FROM book WHERE pages > 500"))
        """
        self.invoke(CreateEntityOp(target))

    def replace_entity(self, target: ReplaceableEntity) -> None:
        """Replace an entity.

        Functions are replaced in place, and views where PostgreSQL allows it; otherwise the old view
        is dropped first, together with its grants. Materialized views, triggers, policies and grants
        are always dropped and created again.

        Raises:
            DirectiveError: it cannot be replaced, such as an extension.

        Example::

            op.replace_entity(PGFunction("public", "one()", "RETURNS int LANGUAGE sql AS 'SELECT 1'"))
        """
        self.invoke(ReplaceEntityOp(target))

    def drop_entity(self, target: ReplaceableEntity, cascade: bool = False) -> None:
        """Drop an entity.

        Args:
            target: its definition does not matter.
            cascade: also drop everything that depends on it.

        Example::

            op.drop_entity(PGView("public", "long_book", ""), cascade=True)
        """
        self.invoke(DropEntityOp(target, cascade=cascade))
