"""``op.get_bind()`` while a plan is made: the names of the dialect, and nothing else."""

from __future__ import annotations

import pytest

from asyncmig.operations.facade import Operations
from support.recording_sink import RecordingSink


class StoppedError(Exception):
    """The recording was stopped."""


class PlanningSink(RecordingSink):
    """A sink that makes a plan."""

    planning = True

    def bind(self):
        raise StoppedError


@pytest.fixture
def bind():
    return Operations(PlanningSink()).get_bind()


def test_the_names_of_the_dialect(bind):
    assert bind.dialect.name == bind.engine.name == bind.engine.dialect.name == "postgresql"
    assert bind.dialect.driver == "asyncpg"
    assert bind.dialect.identifier_preparer.quote("A") == '"A"'


def test_any_other_use_stops_the_recording(bind):
    with pytest.raises(StoppedError):
        bind.execute("SELECT 1")
    with pytest.raises(StoppedError):
        _ = bind.dialect.server_version_info


def test_special_members_do_not(bind):
    assert bind.__class__.__name__ == "PlanningConnection"
    assert not hasattr(bind.dialect, "__wrapped__")
