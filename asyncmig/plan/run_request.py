"""What a run is asked for; importing it costs nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asyncmig.plan.model import Direction
from asyncmig.plan.moves import find_moves
from asyncmig.results import RunResult
from asyncmig.revisions.graph.moves import moves_down, moves_up

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.results import AppliedStep
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move

__all__ = ["RunRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One upgrade or downgrade.

    Attributes:
        target: the target expression.
        direction: of all its steps.
        tag: recorded in the journal.
        revisions: the ids of the revisions to run, in order, where a caller has chosen them; those that the
            database has already are left out.
        started: when it began, on the monotonic clock.
    """

    target: str
    direction: Direction
    tag: str | None = None
    revisions: tuple[str, ...] | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def to_heads(self) -> bool:
        """True for an upgrade to whatever is newest: it needs no further look at the target."""
        return (
            self.direction is Direction.UPGRADE
            and self.target in {"head", "heads"}
            and self.revisions is None
        )

    def moves(self, graph: RevisionGraph, current: Collection[str]) -> tuple[Move, ...]:
        """Which revisions run on a database with these rows.

        Raises:
            RevisionError: there is no such target, or no way to it.
        """
        if self.revisions is None:
            return find_moves(graph, self.target, current, self.direction)
        applied = graph.ancestors(row for row in current if row in graph)
        if self.direction is Direction.UPGRADE:
            return moves_up(
                graph, [name for name in self.revisions if name not in applied], current
            )
        return moves_down(graph, [name for name in self.revisions if name in applied], current)

    def begin(self) -> RunRequest:
        """The same, whose time counts from now."""
        return replace(self, started=time.monotonic())

    def result(
        self,
        before: Iterable[str],
        after: Iterable[str],
        *,
        applied: tuple[AppliedStep, ...] = (),
        ahead: bool = False,
    ) -> RunResult:
        """The result, with the time that it took."""
        return RunResult(
            direction=str(self.direction),
            target=self.target,
            before=tuple(sorted(before)),
            after=tuple(sorted(after)),
            applied=applied,
            ahead=ahead,
            elapsed=time.monotonic() - self.started,
        )
