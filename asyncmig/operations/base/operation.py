"""``MigrateOperation``, the base class of operations: what a directive makes and ``op.invoke`` takes.

The operations of asyncmig name their directive in the class statement and are registered by it::

    class DropViewOp(MigrateOperation, directive="drop_view"): ...
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.operations.base.created_types import ScriptTypes

__all__ = ["MigrateOperation", "ScriptContext", "built_in_operations", "is_built_in"]

_built_in: dict[str, type[MigrateOperation]] = {}


def built_in_operations() -> Mapping[str, type[MigrateOperation]]:
    """The operations of asyncmig by their directives, as far as their modules are imported."""
    return MappingProxyType(_built_in)


def is_built_in(operation_class: type) -> bool:
    """True for an operation class of asyncmig; its subclasses are not."""
    return _built_in.get(getattr(operation_class, "directive", "")) is operation_class


class ScriptContext(Protocol):
    """The part of ``MigrationContext`` that operations read."""

    @property
    def opts(self) -> Mapping[str, Any]:
        """The options of the run; ``target_metadata`` has the naming convention."""
        ...

    @property
    def created_types(self) -> ScriptTypes:
        """The enum types that the run has created."""
        ...


class MigrateOperation:
    """One change, as data. A directive makes it; ``asyncmig.ddl`` turns it into SQL.

    Attributes:
        info: for users and plugins; asyncmig does not read it.
        safe: False keeps the plain form where ``safe_rewrites`` would replace it by phases.
        in_autocommit: True for an operation that a script is to have in an autocommit block.
    """

    directive: ClassVar[str] = "operation"
    """The name of the ``op`` member that makes it, for plans and messages."""

    safe: bool = True
    in_autocommit: bool = False

    in_alembic: ClassVar[bool] = False
    """Alembic has the directive, and takes the keywords that generated scripts write."""

    def __init_subclass__(
        cls, *, directive: str | None = None, in_alembic: bool | None = None, **kwargs: Any
    ) -> None:
        """Register an operation of asyncmig; users' classes give no ``directive``."""
        super().__init_subclass__(**kwargs)
        if directive is not None:
            cls.directive = directive
            _built_in[directive] = cls
        if in_alembic is not None:
            cls.in_alembic = in_alembic

    @property
    def info(self) -> dict[Any, Any]:
        """A dictionary for users' own use."""
        info: dict[Any, Any] = self.__dict__.setdefault("_info", {})
        return info

    @info.setter
    def info(self, value: dict[Any, Any]) -> None:
        self.__dict__["_info"] = value

    @property
    def script_context(self) -> ScriptContext | None:
        """The context of the script that invoked it; None outside of a script.

        It has the naming convention and the types that the run has created.
        """
        return self.__dict__.get("_script_context")

    def set_context(self, context: ScriptContext) -> None:
        """Set the context of the script that invokes it."""
        self.__dict__["_script_context"] = context

    def result(self) -> Any:
        """The result of ``op.invoke`` once the operation was performed."""
        return None

    def reverse(self) -> MigrateOperation:
        """The operation that undoes this one.

        Raises:
            NotImplementedError: there is none.
            ValueError: what it removes is not known.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reverse")

    def to_diff_tuple(self) -> Any:
        """The operation as a tuple of ``compare_metadata``, kind first.

        Raises:
            NotImplementedError: a comparison never produces this operation.
        """
        raise NotImplementedError(f"{type(self).__name__} is not a difference between schemas")
