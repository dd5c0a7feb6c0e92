"""The journal as a table that fits the terminal."""

from collections.abc import Iterator, Sequence

from asyncmig.results import JournalEntry
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import duration
from asyncmig_cli.rendering.table import Column, Table

__all__ = ["journal_lines"]

COLUMNS = (
    Column("when"),
    Column("revision"),
    Column("direction", rank=2),
    Column("phase", right=True),
    Column("kind", rank=4),
    Column("state"),
    Column("took", right=True, rank=3),
    Column("by", flexible=True, rank=5),
    Column("tag", flexible=True, rank=6),
    Column("error", flexible=True, least=12, rank=1),
)
STATE = 5
COLORS = {
    "done": "green",
    "started": "yellow",
    "caught": "yellow",
    "failed": "red",
    "refused": "red",
}


def journal_lines(entries: Sequence[JournalEntry], stream: Stream) -> Iterator[str]:
    """One line for each phase, in the order given."""
    if not entries:
        yield "the journal is empty"
        return
    rows = [_row(entry) for entry in entries]
    columns: tuple[Column, ...] = COLUMNS
    if any(entry.database for entry in entries):
        columns = (*COLUMNS, Column("database"))
        pairs = zip(rows, entries, strict=True)
        rows = [(*row, entry.database or "") for row, entry in pairs]
    table = Table(columns, rows)
    yield from table.styled(stream, STATE, [COLORS.get(entry.state) for entry in entries])


def _row(entry: JournalEntry) -> tuple[str, ...]:
    phase = str(entry.phase + 1)
    by = "@".join(part for part in (entry.role, entry.host) if part)
    return (
        _local_time(entry.started_at),
        entry.revision,
        entry.direction,
        phase,
        entry.kind,
        entry.state,
        duration(entry.elapsed),
        by,
        entry.tag or "",
        " ".join((entry.error or "").split()),
    )


def _local_time(stamp: str) -> str:
    """An ISO timestamp in the local time zone, to the second."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return stamp
