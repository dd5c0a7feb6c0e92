"""``DropObjectOp``, the base class of operations that drop an object with a definition."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Generic, TypeVar

from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["DropObjectOp"]

_Create = TypeVar("_Create", bound=MigrateOperation)


@dataclass(eq=False)
class DropObjectOp(MigrateOperation, Generic[_Create]):
    """``DROP`` of an object. ``original`` is the operation that creates it again."""

    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    original: _Create | None = None

    def reverse(self) -> _Create:
        """The operation that creates the object again.

        Raises:
            ValueError: its definition is not known.
        """
        if self.original is None:
            kind = self.directive.removeprefix("drop_").replace("_", " ")
            name = next(getattr(self, field.name) for field in fields(self) if not field.kw_only)
            raise ValueError(f"cannot create {kind} {name} again: its definition is unknown")
        return replace(self.original)  # type: ignore[type-var]  # they are dataclasses
