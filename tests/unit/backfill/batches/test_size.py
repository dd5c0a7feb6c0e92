"""The size of batches follows their duration, and is halved after timeouts and refused rows."""

from __future__ import annotations

import pytest

from asyncmig.backfill.batches.size import BatchSize


def size(rows: int = 1000, largest: int = 100_000) -> BatchSize:
    return BatchSize(rows=rows, target=0.1, largest=largest)


@pytest.mark.parametrize(
    ("elapsed", "rows"),
    [
        (0.001, 1200),  # at most 1.2 times as many
        (0.09, 1111),
        (0.1, 1000),
        (0.125, 800),
        (3.0, 500),  # at least half as many
    ],
)
def test_it_follows_the_duration(elapsed, rows):
    steered = size()
    steered.finished(1000, elapsed)
    assert steered.rows == rows


def test_it_has_limits():
    steered = size(rows=90, largest=100)
    steered.finished(90, 0.001)
    assert steered.rows == 100
    steered = size(rows=1)
    steered.finished(1, 10)
    assert steered.rows == 1
    steered.finished(1, 0.001)  # it grows from 1, although 1.2 is 1
    assert steered.rows == 2


def test_the_last_batch_of_a_range_says_nothing():
    steered = size()
    steered.finished(10, 0.001)
    assert steered.rows == 1000


def test_the_range_is_split_after_three_timeouts():
    steered = size()
    assert [steered.timed_out() for _ in range(6)] == [False, False, True, False, False, True]
    assert steered.rows == 15
    steered.finished(15, 0.1)
    assert steered.timed_out() is False


def test_it_shrinks_where_other_sessions_wait():
    steered = size()
    steered.blocked()
    assert steered.rows == 500
    steered.search(500)
    steered.blocked()
    assert steered.rows == 250


def test_a_refused_row_is_found_by_halving():
    """Row 700 of 1000 is refused: batches are halved until it is alone, and the size is restored."""
    steered, position, tried = size(), 0, []
    while True:
        scanned = min(steered.rows, 1000 - position)
        tried.append(scanned)
        if not position < 700 <= position + scanned:
            position += scanned
            steered.finished(scanned, 0.01)
        elif scanned > 1:
            steered.search(scanned)
        else:
            break
    assert position == 699
    assert len(tried) <= 25
    assert steered.is_searching
    steered.end_search()
    assert steered.rows == 1000
    assert not steered.is_searching


def test_another_target_makes_smaller_batches_at_once_and_larger_ones_slowly():
    batch = size()
    batch.aim(0.02)
    assert (batch.rows, batch.target) == (200, 0.02)
    batch.aim(0.1)
    assert (batch.rows, batch.target) == (200, 0.1)
    batch.finished(200, 0.01)
    assert batch.rows == 240


def test_the_search_of_a_row_keeps_its_size():
    batch = size()
    batch.search(1000)
    batch.aim(0.02)
    assert batch.rows == 500
