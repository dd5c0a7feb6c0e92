"""How bad a statement is for the sessions that work on the same tables."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.locks.modes import Blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SMALL_TABLE_ROWS", "ImpactLevel", "level_of", "worst"]

SMALL_TABLE_ROWS = 10_000
"""Below so many rows, a scan or a rewrite takes no longer than a change of the catalogs."""


class ImpactLevel(StrEnum):
    """From harmless to an outage: the values of ``--max-impact``."""

    NONE = "none"
    """No query and no write waits."""
    BRIEF = "brief"
    """Reads or writes wait, but only while the catalogs are changed."""
    WRITES = "writes"
    """Writes wait while a table is scanned or written anew."""
    EVERYTHING = "everything"
    """Reads wait as well."""

    @property
    def rank(self) -> int:
        """Its place in the order; more is worse."""
        return _ORDER.index(self)


_ORDER = tuple(ImpactLevel)


def level_of(blocks: Blocks, *, long: bool) -> ImpactLevel:
    """The level of a statement that blocks this, and that takes long or not."""
    if blocks.rank < Blocks.WRITES.rank:
        return ImpactLevel.NONE
    if not long:
        return ImpactLevel.BRIEF
    return ImpactLevel.EVERYTHING if blocks is Blocks.EVERYTHING else ImpactLevel.WRITES


def worst(levels: Iterable[ImpactLevel]) -> ImpactLevel:
    """The worst of some levels."""
    return max(levels, key=lambda level: level.rank, default=ImpactLevel.NONE)
