"""A backfill in detail, and what one would do."""

from collections.abc import Iterator, Sequence

from asyncmig.results import BackfillEstimate, BackfillInfo
from asyncmig_cli.backfills.table import COLORS
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, duration

__all__ = ["detail_lines", "estimate_lines"]


def detail_lines(found: Sequence[BackfillInfo], stream: Stream) -> Iterator[str]:
    """Everything about each backfill."""
    for number, one in enumerate(found):
        if number:
            yield ""
        yield f"{stream.style(one.name, 'bold')} {stream.style(one.state, COLORS.get(one.state, 'dim'))}"
        for label, value in _facts(one):
            yield f"  {stream.style(f'{label:<9}', 'dim')} {value}"
        for line in one.sql.splitlines():
            yield f"    {line}"
        for failure in one.failures:
            key = ", ".join(failure.key)
            yield f"  {stream.style('refused', 'red')} ({key}) {failure.error}"


def _facts(one: BackfillInfo) -> Iterator[tuple[str, str]]:
    yield "revision", one.revision + (", deferred" if one.deferred else "")
    total = "an unknown number" if one.total is None else f"about {one.total:,}"
    yield "rows", f"{one.rows:,} changed, {one.scanned:,} of {total} read"
    yield "batches", f"{one.batches:,}, {count(one.pass_number, 'pass', 'passes')} over the table"
    if one.rate:
        yield "rate", f"{one.rate:,.0f} rows/s, {duration(one.remaining)} left"
    if one.workers:
        yield "workers", str(one.workers)
    for label, value in (
        ("started", one.started_at),
        ("finished", one.finished_at),
        ("note", one.reason),
        ("error", one.error),
    ):
        if value:
            yield label, value


def estimate_lines(found: Sequence[BackfillEstimate], stream: Stream) -> Iterator[str]:
    """What backfills would do."""
    if not found:
        yield "there is nothing to run"
    for one in found:
        batches = count(one.batches, "batch", "batches")
        time = f", about {duration(one.seconds)}" if one.seconds is not None else ""
        name = stream.style(one.name, "bold")
        yield f"{name}: about {one.left:,} of {one.total:,} rows of {one.table} are left"
        yield f"  {batches} of {one.batch_size:,} rows by ({', '.join(one.key)}){time}"
        yield f"  the condition is true for about {one.matching:,} rows"
        for line in one.explain.splitlines():
            yield f"    {stream.style(line, 'dim')}"
