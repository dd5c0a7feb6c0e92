"""``ColumnRequest``: what the catalogs are asked for one online change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asyncmig.plan.online.names import trigger_name

__all__ = ["ColumnRequest"]

Kind: TypeAlias = Literal["alter", "rename", "finish"]


@dataclass(frozen=True, slots=True)
class ColumnRequest:
    """A column of an online change.

    Attributes:
        kind: of the change.
        table: as SQL, with its schema where the script names one.
        column: its name in the script.
        other: the new name, of a rename.
    """

    kind: Kind
    table: str
    column: str
    other: str | None = None

    @property
    def key(self) -> str:
        """The question to which a document is the answer."""
        return " ".join(filter(None, ("online", self.kind, self.table, self.column, self.other)))

    @property
    def triggers(self) -> tuple[str, ...]:
        """The trigger of such a change, and that of the change in the other direction."""
        return tuple(trigger_name(name) for name in (self.other, self.column) if name)
