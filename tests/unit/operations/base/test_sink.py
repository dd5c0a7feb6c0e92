"""The seam: what a sink must have, and that the one of these tests has it."""

from __future__ import annotations

import inspect

from asyncmig.operations.base.sink import Sink
from asyncmig.plan.recorder import Recorder
from support.recording_sink import RecordingSink


def test_sinks_have_what_the_protocol_asks():
    asked = [name for name in vars(Sink) if not name.startswith("_")]
    assert asked
    for name in asked:
        assert hasattr(Recorder, name), name
        assert hasattr(RecordingSink(), name), name
        if inspect.iscoroutinefunction(getattr(Sink, name)):
            assert inspect.iscoroutinefunction(getattr(Recorder, name)), name
