"""The sinks of tests take the same calls as the recorder, whose types mypy checks."""

from __future__ import annotations

import inspect

import pytest

from asyncmig.operations.base.sink import Sink
from asyncmig.plan.recorder import Recorder
from support.recording_sink import RecordingSink

METHODS = [
    name for name, value in vars(Sink).items() if inspect.isfunction(value) and name[0] != "_"
]


def parameters(function: object) -> list[tuple[str, object, bool]]:
    """The name, kind and default of each parameter."""
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default is each.empty) for each in found]


@pytest.mark.parametrize("sink", [Recorder, RecordingSink])
@pytest.mark.parametrize("name", METHODS)
def test_a_sink_takes_the_calls_of_the_protocol(sink, name):
    asked, given = getattr(Sink, name), inspect.unwrap(getattr(sink, name))
    assert parameters(given) == parameters(asked)
    assert inspect.iscoroutinefunction(given) is inspect.iscoroutinefunction(asked)


def test_every_method_is_compared():
    assert METHODS == ["perform", "autocommit", "bind", "driver", "fetch", "run_async"]
