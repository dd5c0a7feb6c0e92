"""How much of the time batches take beside other sessions that write."""

from __future__ import annotations

import pytest

from asyncmig.backfill.concurrent_writers import (
    LONGEST_PAUSE,
    MEMORY,
    SHORTEST_BATCH,
    ConcurrentWriters,
)
from asyncmig.backfill.options import BackfillOptions


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def make(percent: int = 20) -> tuple[ConcurrentWriters, Clock]:
    clock = Clock()
    return ConcurrentWriters(
        BackfillOptions(batch_time=0.1, busy_percent=percent), clock=clock
    ), clock


def test_without_writers_nothing_changes():
    writers, _ = make()
    assert writers.note(()) is False
    assert (writers.are_active, writers.batch_time, writers.pause_after(0.1)) == (False, 0.1, 0.0)


def test_beside_writers_batches_are_shorter_and_pauses_follow():
    writers, _ = make()
    assert writers.note(["3/7"]) is True
    assert writers.are_active
    assert writers.batch_time == pytest.approx(0.02)
    assert writers.pause_after(0.02) == pytest.approx(0.08)
    assert writers.pause_after(5.0) == LONGEST_PAUSE
    assert writers.reason == (
        "other sessions write in the database: its batches take 20% of the time"
    )


@pytest.mark.parametrize(("usual", "busy"), [(1.0, 0.2), (0.02, SHORTEST_BATCH), (0.004, 0.004)])
def test_a_batch_is_not_shorter_than_its_round_trips_are_worth(usual, busy):
    writers = ConcurrentWriters(BackfillOptions(batch_time=usual, busy_percent=20))
    writers.note(["3/7"])
    assert writers.batch_time == pytest.approx(busy)
    assert writers.pause_after(0.02) == pytest.approx(0.08)


def test_it_is_said_once_and_ends_after_a_while():
    writers, clock = make()
    writers.note(["3/7"])
    clock.now += MEMORY / 2
    assert writers.note(["3/8"]) is False
    clock.now += MEMORY * 0.9
    assert writers.note(()) is False
    assert writers.are_active
    clock.now += MEMORY * 0.1
    assert writers.note(()) is True
    assert not writers.are_active
    assert writers.pause_after(0.1) == 0.0


def test_a_transaction_that_stays_open_counts_once():
    writers, clock = make()
    writers.note(["3/7"])
    clock.now += MEMORY
    assert writers.note(["3/7"]) is True
    assert not writers.are_active


def test_all_of_the_time_does_not_look():
    writers, _ = make(percent=100)
    assert writers.note(["3/7"]) is False
    assert (writers.are_active, writers.batch_time, writers.pause_after(0.1)) == (False, 0.1, 0.0)
