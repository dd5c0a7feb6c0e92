"""The journal with predicted and actual locks, as a table that fits the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from asyncmig.locks.modes import LockMode
from asyncmig.results import JournalEntry, PredictedLock
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import duration
from asyncmig_cli.rendering.table import Column, Table

__all__ = ["journal_lock_lines"]

_COLUMNS = (
    Column("revision"),
    Column("direction", rank=2),
    Column("phase", right=True),
    Column("predicted", flexible=True, least=12),
    Column("actual", flexible=True, least=12),
    Column("waited", right=True),
    Column("held", right=True),
    Column("took", right=True, rank=1),
)


def journal_lock_lines(
    entries: Sequence[JournalEntry],
    predicted: Mapping[tuple[str | None, int], PredictedLock],
    stream: Stream,
) -> Iterator[str]:
    """One line for each phase that ran, in the order given."""
    ran = [entry for entry in entries if entry.kind != "stamp"]
    if not ran:
        yield "no phase has run"
        return
    rows = [_row(entry, predicted.get((entry.database, entry.id))) for entry in ran]
    yield from Table(_COLUMNS, rows).styled(stream)


def _row(entry: JournalEntry, predicted: PredictedLock | None) -> tuple[str, ...]:
    # without samples, the locks were held for no longer than the phase took
    held = entry.lock_held if entry.lock_held is not None else entry.elapsed
    prefix = "" if entry.lock_held is not None or held is None else "≤ "
    return (
        entry.revision,
        entry.direction,
        str(entry.phase + 1),
        "unknown" if predicted is None else _lock(predicted.mode, predicted.relation),
        "" if entry.lock_mode is None else _lock(entry.lock_mode, entry.lock_relation),
        duration(entry.lock_wait),
        f"{prefix}{duration(held)}",
        duration(entry.elapsed),
    )


def _lock(mode: str | None, relation: str | None) -> str:
    return "nothing" if mode is None else f"{LockMode(mode).sql} on {relation}"
