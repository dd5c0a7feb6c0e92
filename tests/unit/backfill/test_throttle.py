"""When the next batch has to wait."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.backfill.options import BackfillOptions
from asyncmig.backfill.throttle import reason_to_wait

OPTIONS = BackfillOptions(replica_lag=10.0, archive_queue=42)
CALM: dict[str, Any] = {
    "replica_lag": None,
    "maintenance": None,
    "failed_wal": None,
    "archive_queue": None,
}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"replica_lag": 10.0, "archive_queue": 42}, None),
        ({"replica_lag": 12.34}, "a standby is 12.3 s behind, more than 10 s"),
        (
            {"maintenance": 7},
            "process 7 vacuums or analyzes the table, or builds an index on it",
        ),
        (
            {"failed_wal": "00000001"},
            "the server cannot archive its write-ahead log: 00000001 failed",
        ),
        (
            {"archive_queue": 43},
            "43 files of the write-ahead log wait to be archived, more than 42",
        ),
    ],
)
def test_the_reason(facts, reason):
    assert reason_to_wait(CALM | facts, OPTIONS) == reason


def test_what_is_switched_off_is_not_compared():
    off = BackfillOptions(replica_lag=None, archive_queue=None, pause_for_vacuum=False)
    facts = {"replica_lag": 99.0, "maintenance": 7, "failed_wal": "x", "archive_queue": 99}
    assert reason_to_wait(facts, off) is None
