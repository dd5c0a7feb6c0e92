"""asyncmig.execution.progress: what is committed, and the events that report it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from asyncmig.events import PhaseFinished, StepFinished, StepStarted
from asyncmig.execution import progress as module
from asyncmig.execution.progress import Progress
from asyncmig.execution.work_units import PhaseCommit, StandaloneStatement
from asyncmig.plan.model import Direction, PhaseKind
from asyncmig.revisions.graph.revision import Revision
from support.plans import autocommit, statement, step


def commit(phase: int, *, final: bool) -> PhaseCommit:
    return PhaseCommit(step=step(), phase=phase, kind=PhaseKind.TRANSACTION, final=final)


def test_a_step_is_finished_with_its_last_phase(monkeypatch) -> None:
    times = iter([100.0, 102.5])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(times)))
    events: list[Any] = []
    progress = Progress(events.append, total=4)
    progress.step_started(Revision(id="a1", doc="the first"), Direction.UPGRADE, 3)
    progress.committed([commit(0, final=False)])
    assert progress.revisions == ()
    progress.committed([commit(1, final=True)])
    started, *phases, finished = events
    assert started == StepStarted(
        revision="a1", direction="upgrade", message="the first", number=3, total=4
    )
    assert phases == [
        PhaseFinished(revision="a1", phase=phase, kind="transaction") for phase in (0, 1)
    ]
    assert finished == StepFinished(
        revision="a1", direction="upgrade", number=3, total=4, elapsed=2.5
    )
    (applied,) = progress.applied
    assert (applied.phases, applied.elapsed, progress.revisions) == (2, 2.5, ("a1",))


@pytest.mark.parametrize(
    ("sql", "words"),
    [("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i"), ("VACUUM", "VACUUM")],
)
def test_statements_outside_a_transaction_are_kept_in_a_few_words(sql, words) -> None:
    progress = Progress(lambda _: None)
    one = step(autocommit(sql))
    progress.standalone_finished(
        StandaloneStatement(step=one, phase=0, index=0, statement=statement(sql))
    )
    assert progress.standalone == {"a1": [words]}
