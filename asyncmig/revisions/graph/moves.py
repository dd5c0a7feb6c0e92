"""Moves: one revision in one direction, and what it does to the rows of the version table.

The rows are the newest applied revisions, without those below another row. The upgrade of a revision
replaces the rows directly below it by its own; its downgrade restores those that no other row is above.
Alembic follows the same rules, so that both tools may be used on one database in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.revisions.graph.history import History
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["Move", "RowChange", "StampMove", "moves_down", "moves_up", "stamp_moves"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """Rows to remove from the version table and to add to it."""

    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()

    def apply(self, rows: Iterable[str]) -> frozenset[str]:
        """The rows after the change."""
        return frozenset(rows).difference(self.remove).union(self.add)

    def __bool__(self) -> bool:
        return bool(self.remove or self.add)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(RowChange):
    """One step of a run: the revision, and True in ``upgrade`` when its upgrade runs."""

    revision: Revision
    upgrade: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StampMove(RowChange):
    """One step of a stamp: a row replaces others; ``upgrade`` is True if it is above them."""

    upgrade: bool


def moves_up(history: History, order: Iterable[str], rows: Iterable[str]) -> tuple[Move, ...]:
    """The moves that upgrade these revisions, oldest first, from a database with these rows."""
    current = set(rows)
    moves: list[Move] = []
    for name in order:
        gone = tuple(lower for lower in history.below(name) if lower in current)
        current.difference_update(gone)
        current.add(name)
        moves.append(Move(revision=history.get(name), upgrade=True, remove=gone, add=(name,)))
    return tuple(moves)


def moves_down(history: History, order: Iterable[str], rows: Iterable[str]) -> tuple[Move, ...]:
    """The moves that downgrade these revisions, newest first, from a database with these rows."""
    applied = _Applied(history, rows)
    return tuple(
        Move(
            revision=history.get(name),
            upgrade=False,
            remove=(name,),
            add=applied.remove(name),
        )
        for name in order
    )


def stamp_moves(history: History, change: RowChange) -> tuple[StampMove, ...]:
    """The steps of a stamp: each new row with the rows that it replaces, then the other removed rows."""
    left = [name for name in change.remove if name in history]
    moves = []
    for name in change.add:
        below = history.ancestors([name]).intersection(left)
        gone = below or history.descendants([name]).intersection(left)
        rows = tuple(row for row in left if row in gone)
        moves.append(StampMove(upgrade=bool(below) or not rows, remove=rows, add=(name,)))
        left = [row for row in left if row not in gone]
    unknown = [name for name in change.remove if name not in history]
    moves.extend(StampMove(upgrade=False, remove=(row,)) for row in [*left, *unknown])
    return tuple(moves)


class _Applied:
    """The applied revisions, while they are removed from the newest on."""

    def __init__(self, history: History, rows: Iterable[str]) -> None:
        self._history = history
        self._rows = set(rows)
        self._applied = history.ancestors(self._rows)
        self._left_above: dict[str, int] = {}
        self._row_above: dict[str, str] = {}

    def remove(self, name: str) -> tuple[str, ...]:
        """Remove a revision; returns those below it that become rows."""
        self._rows.discard(name)
        self._applied.discard(name)
        lowers = self._history.below(name)
        for lower in lowers:
            if lower in self._left_above:
                self._left_above[lower] -= 1
            else:
                self._left_above[lower] = len(
                    self._applied.intersection(self._history.above[lower])
                )
        fresh = tuple(lower for lower in lowers if self._becomes_row(lower, lowers))
        self._rows.update(fresh)
        return fresh

    def _becomes_row(self, lower: str, lowers: Sequence[str]) -> bool:
        if lower in self._rows:
            return False
        if not self._left_above[lower]:
            return True
        # An applied revision is still above it. With one revision below, or no row left, it does not
        # become a row. Otherwise only a row above it prevents that, as in Alembic: if it is only below
        # another of `lowers`, both become rows.
        return len(lowers) > 1 and bool(self._rows) and not self._is_below_a_row(lower)

    def _is_below_a_row(self, start: str) -> bool:
        todo = [start]
        seen: set[str] = set()
        while todo:
            name = todo.pop()
            row = name if name in self._rows else self._row_above.get(name)
            if row in self._rows:
                self._row_above[start] = row
                return True
            if name not in seen:
                seen.add(name)
                todo.extend(self._applied.intersection(self._history.above[name]))
        return False
