"""Where a database differs from the models."""

from collections.abc import Iterator

from asyncmig.results import CheckResult, Difference
from asyncmig_cli.console import Stream
from asyncmig_cli.rendering.durations import count

__all__ = ["check_lines"]

_SIGNS = {"add": ("+", "green"), "create": ("+", "green"), "drop": ("-", "red")}


def check_lines(result: CheckResult, stream: Stream, *, verbose: bool = False) -> Iterator[str]:
    """A difference a line, with the SQL that would settle it if asked."""
    for item in result.differences:
        sign, colour = _SIGNS.get(item.change.partition("_")[0], ("~", "yellow"))
        yield f"{stream.style(sign, colour)} {_told(item, stream)}"
        if verbose:
            for sql in item.sql:
                for line in sql.splitlines():
                    yield stream.style(f"    {line}", "dim")
    if result.ok:
        yield f"{stream.style('the same', 'green', 'bold')}: the database is what the models say"
    else:
        found = count(len(result.differences), "difference")
        yield f"{stream.style('different', 'yellow', 'bold')}: {found}"


def _told(item: Difference, stream: Stream) -> str:
    if item.before is None and item.after is None:
        what = item.object or item.sql[0].partition("\n")[0]
        return f"{item.change} {stream.style(what, 'bold')}"
    change = f"{item.before or '?'} -> {item.after or '?'}"
    return f"{item.change} {stream.style(item.object, 'bold')}: {change}"
