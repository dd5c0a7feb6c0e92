"""The root of all operations: what a directive produces and ``op.invoke`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from asyncmig.operations.context import MigrationContext

__all__ = ["MigrateOperation"]


class MigrateOperation:
    """One change, as data. A directive makes it; ``asyncmig.ddl`` turns it into SQL.

    Attributes:
        info: free for users and plugins, never read by asyncmig.
    """

    directive: ClassVar[str] = "operation"
    """The name of the ``op`` member that makes it, for plans and messages."""

    @property
    def info(self) -> dict[Any, Any]:
        """A dictionary for users' own use."""
        info: dict[Any, Any] = self.__dict__.setdefault("_info", {})
        return info

    @info.setter
    def info(self, value: dict[Any, Any]) -> None:
        self.__dict__["_info"] = value

    @property
    def script_context(self) -> MigrationContext | None:
        """The context of the script that invoked it; None for an operation that stands alone.

        Naming conventions and the types that a run has already created come from there.
        """
        return self.__dict__.get("_script_context")

    def belongs_to(self, context: MigrationContext) -> None:
        """Remember whose script this operation is part of."""
        self.__dict__["_script_context"] = context

    def outcome(self) -> Any:
        """What ``op.invoke`` returns for it, once it was performed."""
        return None

    def reverse(self) -> MigrateOperation:
        """The operation that undoes this one.

        Raises:
            NotImplementedError: there is none, or too little is known to make it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reverse")

    def to_diff_tuple(self) -> Any:
        """The operation as the tuple that ``compare_metadata`` gives, kind first.

        Raises:
            NotImplementedError: comparing never produces this operation.
        """
        raise NotImplementedError(f"{type(self).__name__} is no difference between schemas")
