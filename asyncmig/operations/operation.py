"""The root of all operations: what a directive produces and ``op.invoke`` takes."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["MigrateOperation"]


class MigrateOperation:
    """One change, as data. A directive makes it; ``asyncmig.ddl`` turns it into SQL.

    Attributes:
        info: free for users and plugins, never read by asyncmig.
    """

    directive: ClassVar[str] = "operation"
    """The name of the ``op`` member that makes it, for plans and messages."""

    @property
    def info(self) -> dict[object, object]:
        """A dictionary for users' own use."""
        return self.__dict__.setdefault("_info", {})

    def reverse(self) -> MigrateOperation:
        """The operation that undoes this one.

        Raises:
            NotImplementedError: there is none, or too little is known to make it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reverse")
