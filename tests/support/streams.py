"""Streams in memory."""

import io

from asyncmig_cli.output.console import Console, Stream


class Memory(io.StringIO):
    """Text in memory that says which encoding it would be written in."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io.StringIO has none
        return self._encoding


def memory_stream(
    *, color: bool = False, encoding: str = "utf-8", terminal: bool = False
) -> Stream:
    return Stream(Memory(encoding), color=color, terminal=terminal)


def memory_console() -> Console:
    return Console(memory_stream(), memory_stream())


def written(stream: Stream) -> str:
    assert isinstance(stream.file, io.StringIO)
    return stream.file.getvalue()
