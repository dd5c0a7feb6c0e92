"""asyncmig.database.retry_policy: how long each attempt waits, and how long the pauses are."""

import itertools

from asyncmig.config.settings import Settings
from asyncmig.database import retry_policy
from asyncmig.database.retry_policy import RetryPolicy
from support.plans import step

POLICY = RetryPolicy(lock_timeout=5.0, retries=10)


def test_the_timeout_grows_to_the_whole_of_it() -> None:
    timeouts = [POLICY.timeout(attempt) for attempt in range(11)]
    assert timeouts == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0, 5.0]


def test_the_last_attempt_waits_the_whole_timeout() -> None:
    assert RetryPolicy(lock_timeout=5.0, retries=0).timeout(0) == 5.0
    assert RetryPolicy(lock_timeout=5.0, retries=2).timeout(2) == 5.0


def test_a_short_timeout_is_never_exceeded() -> None:
    assert RetryPolicy(lock_timeout=0.05, retries=3).timeout(0) == 0.05


def test_no_limit_stays_none() -> None:
    assert RetryPolicy(lock_timeout=None, retries=3).timeout(1) is None
    assert RetryPolicy(lock_timeout=0, retries=3).timeout(1) == 0


def test_pauses_grow_and_are_bounded() -> None:
    for attempt in range(1, 50):
        base = min(retry_policy.LONGEST_PAUSE, retry_policy.FIRST_PAUSE * 2.0 ** (attempt - 1))
        assert base * 0.7 <= POLICY.pause(attempt) <= base * 1.3


def test_pauses_differ() -> None:
    pauses = [POLICY.pause(3) for _ in range(20)]
    assert any(a != b for a, b in itertools.pairwise(pauses))


def test_a_revision_may_say_otherwise() -> None:
    assert POLICY.for_step(step(lock_retries=2)) == RetryPolicy(lock_timeout=5.0, retries=2)
    assert POLICY.for_step(step(lock_timeout=0.0)) == RetryPolicy(lock_timeout=0.0, retries=10)
    assert POLICY.for_step(step()) is POLICY
    assert POLICY.for_step(None) is POLICY


def test_the_usual_policy_is_that_of_the_usual_settings() -> None:
    assert RetryPolicy() == RetryPolicy.of(Settings(script_location="migrations"))
