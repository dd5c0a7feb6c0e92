"""How far a run is: what it has applied, and the events that tell it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.events import BatchSent, PhaseFinished, StepFinished, StepStarted
from asyncmig.results import AppliedStep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asyncmig.events import Event
    from asyncmig.execution.work_units import PhaseCommit, Transaction
    from asyncmig.plan.model import Direction
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["Progress"]


@dataclass(slots=True)
class Progress:
    """The steps of one run.

    Attributes:
        emit: hears the events.
        total: how many steps there are.
        applied: those that stand committed.
    """

    emit: Callable[[Event], None]
    total: int = 0
    applied: list[AppliedStep] = field(default_factory=list)
    _begun: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that stand committed."""
        return tuple(step.revision for step in self.applied)

    def started(self, revision: Revision, direction: Direction, number: int) -> None:
        """A script is about to be played, the ``number``-th of the run."""
        self._begun[revision.id] = number, time.monotonic()
        self.emit(
            StepStarted(
                revision=revision.id,
                direction=str(direction),
                message=revision.message,
                number=number,
                total=self.total,
            )
        )

    def sent(self, units: Sequence[Transaction], size: int) -> None:
        """A message of so many bytes is on its way."""
        revisions = dict.fromkeys(unit.step.revision for unit in units if unit.step is not None)
        self.emit(
            BatchSent(
                revisions=tuple(revisions),
                statements=sum(len(unit.parts) for unit in units),
                size=size,
            )
        )

    def committed(self, mark: PhaseCommit) -> None:
        """A phase stands committed."""
        revision = mark.step.revision
        self.emit(PhaseFinished(revision=revision, phase=mark.phase, kind=str(mark.kind)))
        if not mark.final:
            return
        number, began = self._begun.get(revision, (0, time.monotonic()))
        elapsed = time.monotonic() - began
        direction = str(mark.step.direction)
        self.applied.append(
            AppliedStep(
                revision=revision, direction=direction, phases=mark.phase + 1, elapsed=elapsed
            )
        )
        self.emit(
            StepFinished(
                revision=revision,
                direction=direction,
                number=number,
                total=self.total,
                elapsed=elapsed,
            )
        )
