"""What follows a pass over the table."""

from __future__ import annotations

from asyncmig.backfill.passes import MOST_PASSES, end_of_pass


def after(
    *, left: bool = True, unchanged: int = 0, failed: int = 0, number: int = 1
) -> tuple[str | None, bool]:
    return end_of_pass(left=left, unchanged=unchanged, failed=failed, number=number)


def test_nothing_is_left():
    assert after(left=False, unchanged=5, failed=5) == (None, False)


def test_rows_were_added():
    assert after() == ("rows were added or moved meanwhile: pass 2", True)


def test_a_condition_that_stays_true_shows_nothing():
    reason, again = after(unchanged=5)
    assert not again
    assert reason is not None
    assert reason.startswith("the condition is still true for 5 rows after they were changed")


def test_refused_rows_are_left():
    assert after(failed=2) == ("2 rows were refused and passed over", False)


def test_the_application_writes_rows_for_ever():
    reason, again = after(number=MOST_PASSES)
    assert not again
    assert reason is not None
    assert reason.startswith(
        f"after {MOST_PASSES} passes the condition is true for some rows again"
    )
