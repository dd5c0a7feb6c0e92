"""The progress of a run: what it has committed, and the events that report it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.events import BatchSent, PhaseFinished, StepFinished, StepStarted
from asyncmig.results import AppliedStep
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from asyncmig.events import Event
    from asyncmig.execution.work_units import PhaseCommit, StandaloneStatement, Transaction
    from asyncmig.plan.model import Direction
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["Progress"]


@dataclass(slots=True)
class Progress:
    """The steps of one run.

    Attributes:
        emit: called with each event.
        total: how many steps there are.
        applied: those that are committed.
        standalone: for each revision, what its statements outside a transaction have done.
    """

    emit: Callable[[Event], None]
    total: int = 0
    applied: list[AppliedStep] = field(default_factory=list)
    standalone: dict[str, list[str]] = field(default_factory=dict)
    _started: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that are committed."""
        return tuple(step.revision for step in self.applied)

    def step_started(self, revision: Revision, direction: Direction, number: int) -> None:
        """A script is about to run, the ``number``-th of the run."""
        self._started[revision.id] = number, time.monotonic()
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
        """A message of so many bytes is being sent."""
        revisions = dict.fromkeys(unit.step.revision for unit in units if unit.step is not None)
        self.emit(
            BatchSent(
                revisions=tuple(revisions),
                statements=sum(len(unit.fragments) for unit in units),
                size=size,
            )
        )

    def standalone_finished(self, unit: StandaloneStatement) -> None:
        """A statement outside a transaction has gone through."""
        facts = classify(unit.statement.sql)
        name = "" if facts.object is None else f" {facts.object.sql}"
        self.standalone.setdefault(unit.step.revision, []).append(f"{facts.verb}{name}")

    def committed(self, commits: Iterable[PhaseCommit]) -> None:
        """Phases are committed."""
        for commit in commits:
            revision = commit.step.revision
            self.emit(PhaseFinished(revision=revision, phase=commit.phase, kind=str(commit.kind)))
            if commit.final:
                self._step_finished(commit)

    def _step_finished(self, commit: PhaseCommit) -> None:
        revision, direction = commit.step.revision, str(commit.step.direction)
        number, started = self._started[revision]
        elapsed = time.monotonic() - started
        self.applied.append(
            AppliedStep(
                revision=revision, direction=direction, phases=commit.phase + 1, elapsed=elapsed
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
