"""What a cache may keep of a file: times have a grain."""

from __future__ import annotations

import pytest

from asyncmig.revisions.cache.cache_file import is_time_reliable

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("modified", "changed", "is_reliable"),
    [
        (7 * SECOND, 7 * SECOND, True),
        (8 * SECOND - 1, 8 * SECOND - 1, True),
        (8 * SECOND, 7 * SECOND, False),
        (7 * SECOND, 8 * SECOND, False),
        (12 * SECOND, 12 * SECOND, False),
    ],
)
def test_a_file_that_changed_less_than_two_seconds_ago_may_change_unseen(
    modified, changed, is_reliable
):
    assert is_time_reliable((5, modified, changed, 3), 10 * SECOND) is is_reliable
