"""Backfills as a table."""

from collections.abc import Iterator, Sequence

from asyncmig.results import BackfillInfo
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import duration
from asyncmig_cli.rendering.table import Column, Table

__all__ = ["COLORS", "idle_lines", "list_lines"]

COLUMNS = (
    Column("name"),
    Column("state"),
    Column("rows", right=True),
    Column("read", right=True, rank=1),
    Column("rows/s", right=True, rank=2),
    Column("left", right=True, rank=1),
    Column("workers", right=True, rank=4),
    Column("refused", right=True, rank=5),
    Column("revision", rank=3),
    Column("note", flexible=True, least=12, rank=2),
)
STATE = 1
COLORS = {
    "done": "green",
    "running": "cyan",
    "interrupted": "yellow",
    "pending": "yellow",
    "waiting": "yellow",
    "paused": "yellow",
    "failed": "red",
    "cancelled": "dim",
}


def list_lines(found: Sequence[BackfillInfo], stream: Stream) -> Iterator[str]:
    """One line for each backfill."""
    if not found:
        yield "there are no backfills"
        return
    table = Table(COLUMNS, [_row(one) for one in found])
    yield from table.styled(stream, STATE, [COLORS.get(one.state) for one in found])


def idle_lines(known: Sequence[BackfillInfo], stream: Stream) -> Iterator[str]:
    """Why nothing was run.

    Args:
        known: the backfills that were asked for, as they are now.
        stream: where it is written.
    """
    if not known:
        yield from list_lines(known, stream)
        return
    yield "no backfill is due"
    for one in known:
        if one.state in {"paused", "failed", "cancelled"}:
            yield f"{one.name} is {one.state}: `asyncmig backfill resume {one.name}` lets it run again"
        elif one.state == "done":
            yield f"{one.name} is done"


def _row(one: BackfillInfo) -> tuple[str, ...]:
    return (
        one.name,
        one.state,
        f"{one.rows:,}",
        _share(one),
        f"{one.rate:,.0f}" if one.rate else "",
        duration(one.remaining),
        str(one.workers or ""),
        str(one.failed or ""),
        one.revision,
        " ".join((one.error or one.reason or "").split()),
    )


def _share(one: BackfillInfo) -> str:
    if one.state == "done" or not one.total:
        return f"{one.scanned:,}"
    return f"{min(1.0, one.scanned / one.total):.0%}"
