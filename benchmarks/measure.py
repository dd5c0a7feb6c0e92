"""A case is work that contenders do in turn; a summary says how long each one took."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Literal

from benchmarks.processes import FailedError

if TYPE_CHECKING:
    from collections.abc import Callable

Better = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement.

    Attributes:
        seconds: of the work itself.
        process: of the whole process, its start and its imports with it.
        cpu: seconds of processor time of the whole process.
        peak: bytes that the process had resident at most.
        round_trips: where a proxy counted them.
        first: seconds of the first of several calls in one process.
        queries: that were sent, where the contender counts them.
    """

    seconds: float
    process: float
    cpu: float
    peak: int
    round_trips: int | None = None
    first: float | None = None
    queries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Somebody who can do the work; ``most`` repetitions where it takes too long for all."""

    name: str
    run: Callable[[], Sample]
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the ratio ``of`` to ``against`` shall be.

    ``faster`` turns it round: so many times faster is ``of`` than ``against``.
    """

    of: str
    against: str
    limit: float
    faster: bool = False

    @property
    def text(self) -> str:
        if self.faster:
            return f"{self.of} at least {self.limit:g}x faster than {self.against}"
        return f"{self.of} at most {self.limit:g}x of {self.against}"

    def ratio(self, of: float, against: float) -> float:
        return against / of if self.faster else of / against

    def met(self, ratio: float) -> bool:
        return ratio >= self.limit if self.faster else ratio <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Work, who does it, whose time is 1.00 in the table, and what is aimed at."""

    name: str
    title: str
    contenders: tuple[Contender, ...]
    unit: str
    aims: tuple[Aim, ...] = ()


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a contender has shown; ``warm_up`` came before all others and does not count."""

    name: str
    warm_up: Sample | None = None
    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    @property
    def median(self) -> float:
        return median(sample.seconds for sample in self.samples)

    @property
    def least(self) -> float:
        return min(sample.seconds for sample in self.samples)

    @property
    def process(self) -> float:
        return median(sample.process for sample in self.samples)

    @property
    def cpu(self) -> float:
        return median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> int:
        return max(sample.peak for sample in self.samples)

    @property
    def round_trips(self) -> int | None:
        counts = [sample.round_trips for sample in self.samples if sample.round_trips is not None]
        return max(counts, default=None)

    @property
    def queries(self) -> int | None:
        counts = [sample.queries for sample in self.samples if sample.queries is not None]
        return max(counts, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An aim and what came of it."""

    aim: Aim
    ratio: float
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A case with its outcomes."""

    case: Case
    outcomes: dict[str, Outcome]

    def ratio(self, name: str) -> float | None:
        """How a contender compares with the one that is the unit."""
        unit, outcome = self.outcomes[self.case.unit], self.outcomes[name]
        return outcome.median / unit.median if unit.samples and outcome.samples else None

    @property
    def verdicts(self) -> list[Verdict]:
        found = []
        for aim in self.case.aims:
            of, against = self.outcomes[aim.of], self.outcomes[aim.against]
            if of.samples and against.samples:
                ratio = aim.ratio(of.median, against.median)
                found.append(Verdict(aim=aim, ratio=ratio, met=aim.met(ratio)))
        return found


def measure(case: Case, repetitions: int, *, warm_up: bool, told: Callable[[str], None]) -> Summary:
    """Let the contenders work in turn, A B A B, so that the machine's moods meet all of them."""
    outcomes = {contender.name: Outcome(name=contender.name) for contender in case.contenders}
    rounds = range(-1 if warm_up else 0, repetitions)
    for number in rounds:
        for contender in case.contenders:
            outcome = outcomes[contender.name]
            most = contender.most
            if outcome.failure or (most is not None and not 0 <= number < most):
                continue
            told(f"{case.name} {number + 1}/{repetitions}: {contender.name}")
            try:
                sample = contender.run()
            except FailedError as failure:
                outcome.failure = str(failure)
                continue
            if number < 0:
                outcome.warm_up = sample
            else:
                outcome.samples.append(sample)
    return Summary(case=case, outcomes=outcomes)
