"""The events of a run."""

from __future__ import annotations

import pytest

from asyncmig import events


@pytest.mark.parametrize(
    ("former", "event"),
    [("Notice", events.ConfigWarning), ("Waiting", events.ConnectionWaiting)],
)
def test_former_names_still_work_with_a_warning(former: str, event: type[events.Event]) -> None:
    with pytest.warns(DeprecationWarning, match=f"{former} is named {event.__name__} now"):
        assert getattr(events, former) is event


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = events.Nonsense  # type: ignore[attr-defined]  # the point of the test


def test_a_blocker_as_text() -> None:
    blocker = events.Blocker(
        pid=7,
        application="web",
        role="app",
        state="active",
        query_age=1.25,
        transaction_age=3.0,
        relation="users",
    )
    assert str(blocker) == (
        "pid 7 holds users (web, app, active, query began 1.2 s ago, transaction 3.0 s ago)"
    )
    assert str(events.Blocker(pid=8, kind="client backend")) == "pid 8 (unnamed)"
    assert str(events.Blocker(pid=9, kind="autovacuum worker")) == "pid 9 (autovacuum worker)"
