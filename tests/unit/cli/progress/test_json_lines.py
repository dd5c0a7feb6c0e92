"""A run as lines of JSON."""

import json

from asyncmig import events
from asyncmig_cli.output.console import BrokenOutputError
from asyncmig_cli.progress.json_lines import JsonReporter
from asyncmig_cli.progress.reporter import NullReporter, choose_reporter
from support.streams import memory_stream, written


def test_a_line_for_each_event() -> None:
    stream = memory_stream()
    with choose_reporter(stream, quiet=False, live=True, as_json=True) as reporter:
        reporter(events.BackfillWaiting(revision="a1", backfill="b", reason='a "standby" lags'))
        reporter.say("interrupt: rolling back")
    first, second = map(json.loads, written(stream).splitlines())
    assert (first.pop("at") <= second.pop("at")) is True
    assert first == {
        "event": "BackfillWaiting",
        "revision": "a1",
        "backfill": "b",
        "reason": 'a "standby" lags',
    }
    assert second == {"event": "Message", "message": "interrupt: rolling back"}


def test_a_stream_that_fails_does_not_stop_the_run(monkeypatch) -> None:
    stream = memory_stream()
    reporter = JsonReporter(stream)

    def broken(_text: str) -> None:
        raise BrokenOutputError

    monkeypatch.setattr(stream, "line", broken)
    reporter.say("one")
    monkeypatch.undo()
    reporter.say("two")
    assert written(stream) == ""


def test_quiet_shows_nothing() -> None:
    found = choose_reporter(memory_stream(), quiet=True, live=None, as_json=True)
    assert isinstance(found, NullReporter)
