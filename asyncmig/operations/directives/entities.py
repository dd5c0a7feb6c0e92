"""Objects that print their own SQL: ``create_entity``, ``replace_entity``, ``drop_entity``.

These are the directives of alembic-utils. They ask of an entity only that it has the methods of
``Entity``, so those of that package and ours are alike to them.
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
    "Entity",
    "EntityDirectives",
    "EntityOp",
    "ReplaceEntityOp",
]


@runtime_checkable
class Entity(Protocol):
    """A function, view, trigger ... that knows its SQL."""

    def to_sql_statement_create(self) -> TextClause:
        """What creates it."""
        ...

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """What drops it; with ``cascade``, and all that depends on it."""
        ...

    def to_sql_statement_create_or_replace(self) -> Iterable[TextClause]:
        """What puts it in the place of the one that is there."""
        ...


@dataclass(eq=False)
class EntityOp(MigrateOperation):
    """A change of one entity."""

    target: Entity

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
        """As ``compare_metadata`` gives it."""
        return ("create_entity", self._identity, str(self.target.to_sql_statement_create()))


@dataclass(eq=False)
class DropEntityOp(EntityOp, directive="drop_entity"):
    """Drop an entity."""

    cascade: bool = False

    def reverse(self) -> CreateEntityOp:
        """Create it."""
        return CreateEntityOp(self.target)

    def to_diff_tuple(self) -> tuple[str, str]:
        """As ``compare_metadata`` gives it."""
        return ("drop_entity", self._identity)


@dataclass(eq=False)
class ReplaceEntityOp(EntityOp, directive="replace_entity"):
    """Put an entity in the place of the one of its name. ``existing`` is that one, for the way back."""

    _: KW_ONLY
    existing: Entity | None = None

    def reverse(self) -> ReplaceEntityOp:
        """Put the former one back.

        Raises:
            ValueError: it is not known.
        """
        if self.existing is None:
            raise ValueError(f"cannot bring back {self._identity}: what was there is unknown")
        return ReplaceEntityOp(self.existing, existing=self.target)

    def to_diff_tuple(self) -> tuple[str, str, str]:
        """As ``compare_metadata`` gives it."""
        statements = [str(each) for each in self.target.to_sql_statement_create_or_replace()]
        return ("replace_or_revert_entity", self._identity, str(statements))


class EntityDirectives(Directives):
    """Directives for objects that print their own SQL."""

    def create_entity(self, target: Entity) -> None:
        """Create an entity of alembic-utils: ``PGFunction``, ``PGView``, ``PGTrigger`` ...

        Args:
            target: of that package, or of asyncmig where it is not installed: the imports are the same.

        Example::

            from alembic_utils.pg_view import PGView

            op.create_entity(PGView("public", "long_book", "SELECT * FROM book WHERE pages > 500"))
        """
        self.invoke(CreateEntityOp(target))

    def replace_entity(self, target: Entity) -> None:
        """Put an entity in the place of the one of its name.

        Functions are replaced in place, views as well where PostgreSQL allows it; else the old one is
        dropped first, together with its grants. Materialized views, triggers, policies and grants are
        always dropped and created anew.

        Raises:
            DirectiveError: it cannot be replaced: an extension.

        Example::

            op.replace_entity(PGFunction("public", "one()", "RETURNS int LANGUAGE sql AS 'SELECT 1'"))
        """
        self.invoke(ReplaceEntityOp(target))

    def drop_entity(self, target: Entity, cascade: bool = False) -> None:
        """Drop an entity.

        Args:
            target: its definition does not matter.
            cascade: and all that depends on it.

        Example::

            op.drop_entity(PGView("public", "long_book", ""), cascade=True)
        """
        self.invoke(DropEntityOp(target, cascade=cascade))
