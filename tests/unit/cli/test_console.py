"""What a stream may show."""

import os

import pytest

from asyncmig_cli.output.console import BrokenOutputError, Stream, open_console
from support.streams import Memory, memory_stream, written


def test_styles_are_written_only_in_colour() -> None:
    assert memory_stream().style("head", "green", "bold") == "head"
    assert memory_stream(color=True).style("head", "green", "bold") == "\x1b[32;1mhead\x1b[0m"
    assert memory_stream(color=True).style("", "green") == ""


@pytest.mark.parametrize(
    ("variables", "terminal", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_follows_the_terminal_and_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: bool, color: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    file = Memory()
    monkeypatch.setattr(file, "isatty", lambda: terminal)
    assert open_console(file, file).out.color is color


def test_our_own_signs_fall_back_where_the_encoding_lacks_them() -> None:
    stream = memory_stream(encoding="ascii")
    stream.line("a → b ─ … ✓")
    assert written(stream) == "a -> b - ~ *\n"
    stream = memory_stream()
    stream.line("a → b")
    assert written(stream) == "a → b\n"


def test_the_width_of_a_pipe_is_nobodys_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert memory_stream().width is None
    monkeypatch.setenv("COLUMNS", "72")
    assert memory_stream().width == 72
    monkeypatch.setenv("COLUMNS", "3")
    assert memory_stream(terminal=True).width == 20


def test_a_reader_that_left_is_an_error_of_its_own() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        stream = Stream(file, color=False, terminal=False)
        os.close(reading)
        stream.write("nobody reads this")
        with pytest.raises(BrokenOutputError):
            stream.flush()
        # The buffer still holds the line; closing would write it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
