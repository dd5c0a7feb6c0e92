"""Lines about several databases, each under its name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from asyncmig_cli.output.console import Stream

if TYPE_CHECKING:
    from typing import Self

__all__ = ["database_lines", "each_lines"]

T = TypeVar("T")


class CombinedResult(Protocol):
    """A result that holds those of several databases by name; none for a single database."""

    @property
    def databases(self) -> "Mapping[str, Self]":
        """The result of each database by name."""
        ...


R = TypeVar("R", bound=CombinedResult)


def each_lines(
    result: R, stream: Stream, lines: Callable[[R, Stream], Iterable[str]]
) -> Iterator[str]:
    """The lines of a result, or those of each database under its name."""
    if result.databases:
        yield from database_lines(result.databases, stream, lines)
    else:
        yield from lines(result, stream)


def database_lines(
    results: Mapping[str, T], stream: Stream, lines: Callable[[T, Stream], Iterable[str]]
) -> Iterator[str]:
    """The lines of each, indented under its name."""
    for number, (name, result) in enumerate(results.items()):
        if number:
            yield ""
        yield stream.style(name, "bold", "cyan")
        for line in lines(result, stream):
            yield f"  {line}" if line else ""
