"""What a run is asked for; importing it costs nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asyncmig.plan.model import Direction
from asyncmig.results import RunResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.results import AppliedStep

__all__ = ["RunRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One upgrade or downgrade.

    Attributes:
        target: the target expression.
        direction: of all its steps.
        tag: recorded in the journal.
        started: when it began, on the monotonic clock.
    """

    target: str
    direction: Direction
    tag: str | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def to_heads(self) -> bool:
        """True for an upgrade to whatever is newest: it needs no further look at the target."""
        return self.direction is Direction.UPGRADE and self.target in {"head", "heads"}

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
