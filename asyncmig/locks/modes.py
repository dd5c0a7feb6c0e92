"""Lock modes of relations, and what each of them blocks (documentation of PostgreSQL, 13.3.1)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Blocks", "LockMode", "blocked_by", "conflict", "strongest"]


class Blocks(StrEnum):
    """What other sessions cannot do while a lock is held, from nothing to everything."""

    NOTHING = "nothing"
    DDL = "DDL only"
    WRITES = "writes"
    EVERYTHING = "reads and writes"

    @property
    def rank(self) -> int:
        """Its place in the order; more is worse."""
        return _ORDER_OF_BLOCKS.index(self)


_ORDER_OF_BLOCKS = tuple(Blocks)


class LockMode(StrEnum):
    """A lock mode as ``pg_locks`` names it, from the weakest to the strongest."""

    ACCESS_SHARE = "AccessShareLock"
    ROW_SHARE = "RowShareLock"
    ROW_EXCLUSIVE = "RowExclusiveLock"
    SHARE_UPDATE_EXCLUSIVE = "ShareUpdateExclusiveLock"
    SHARE = "ShareLock"
    SHARE_ROW_EXCLUSIVE = "ShareRowExclusiveLock"
    EXCLUSIVE = "ExclusiveLock"
    ACCESS_EXCLUSIVE = "AccessExclusiveLock"

    @property
    def rank(self) -> int:
        """Its place in the order; more is stronger."""
        return _ORDER.index(self)

    @property
    def sql(self) -> str:
        """The name in SQL and in the documentation: ``ACCESS EXCLUSIVE``."""
        return self.name.replace("_", " ")

    @property
    def blocks(self) -> Blocks:
        """What it blocks. The modes of queries and DML block some DDL, which is every day's work."""
        match self:
            case LockMode.ACCESS_EXCLUSIVE:
                return Blocks.EVERYTHING
            case LockMode.SHARE | LockMode.SHARE_ROW_EXCLUSIVE | LockMode.EXCLUSIVE:
                return Blocks.WRITES
            case LockMode.SHARE_UPDATE_EXCLUSIVE:
                return Blocks.DDL
            case _:
                return Blocks.NOTHING


_ORDER = tuple(LockMode)


def strongest(modes: Iterable[LockMode]) -> LockMode | None:
    """The strongest of some modes; None where there are none."""
    return max(modes, key=lambda mode: mode.rank, default=None)


def blocked_by(modes: Iterable[LockMode]) -> Blocks:
    """What some locks block together."""
    return max(
        (mode.blocks for mode in modes), key=lambda blocks: blocks.rank, default=Blocks.NOTHING
    )


# documentation, table 13.2: the weakest mode with which each conflicts
_CONFLICTS_FROM = {
    LockMode.ACCESS_SHARE: LockMode.ACCESS_EXCLUSIVE,
    LockMode.ROW_SHARE: LockMode.EXCLUSIVE,
    LockMode.ROW_EXCLUSIVE: LockMode.SHARE,
    LockMode.SHARE_UPDATE_EXCLUSIVE: LockMode.SHARE_UPDATE_EXCLUSIVE,
    LockMode.SHARE: LockMode.ROW_EXCLUSIVE,
    LockMode.SHARE_ROW_EXCLUSIVE: LockMode.ROW_EXCLUSIVE,
    LockMode.EXCLUSIVE: LockMode.ROW_SHARE,
    LockMode.ACCESS_EXCLUSIVE: LockMode.ACCESS_SHARE,
}


def conflict(one: LockMode, other: LockMode) -> bool:
    """Whether two sessions cannot hold these modes on one relation."""
    if one is other is LockMode.SHARE:  # stronger than the weakest, and the only exception
        return False
    return other.rank >= _CONFLICTS_FROM[one].rank
