"""Objects that may have been renamed."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["RenameCandidate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameCandidate(Result):
    """An object of the database and a similar one of the models.

    Attributes:
        kind: ``table``, ``column``, ``enum``, ``enum_value``, ``sequence``; accepted ones may also be
            a ``constraint`` or an ``index``.
        old: the database's name: ``users.fone``, with its schema unless that is the default one; of a
            column in a renamed table with the table's new name.
        new: the models' name: ``users.phone``.
        likeness: how similar they are, from 0 to 1.
    """

    kind: str
    old: str
    new: str
    likeness: float = 1.0

    @property
    def what(self) -> str:
        """The kind in words."""
        return {"enum": "enum type", "enum_value": "enum label"}.get(self.kind, self.kind)

    @property
    def suggestion(self) -> str:
        """The possible rename, and the option of ``revision --autogenerate`` that confirms it."""
        return f"{self.what} {self.old} may have become {self.new}: --rename {self.old}={self.new}"
