"""The figures as a table for people and as JSON for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Outcome, Sample, Summary

COLUMNS = (
    f"{'':22}{'median':>10}{'min':>10}{'ratio':>7}{'process':>10}{'cpu':>10}{'peak':>9}"
    f"{'trips':>8}{'queries':>9}"
)


def table(summaries: Sequence[Summary]) -> str:
    """Plain text: ``ratio`` is to the contender that has 1.00; ``process`` and ``cpu`` are of the
    whole process, ``trips`` are round trips."""
    return "\n\n".join("\n".join(_lines(summary)) for summary in summaries)


def _lines(summary: Summary) -> Iterator[str]:
    yield summary.case.title
    yield COLUMNS
    for name, outcome in summary.outcomes.items():
        if outcome.failure:
            yield f"  {name:20}failed: {outcome.failure}"
        elif outcome.samples:
            yield _line(outcome, summary.ratio(name))
    for verdict in summary.verdicts:
        word = "met" if verdict.met else "MISSED"
        yield f"  aim: {verdict.aim.text}; it is {verdict.ratio:.2f}x: {word}"


def _line(outcome: Outcome, ratio: float | None) -> str:
    cells = (
        (20, f"  {outcome.name:20}"),
        (10, _time(outcome.median)),
        (10, _time(outcome.least)),
        (7, "" if ratio is None else f"{ratio:.2f}"),
        (10, _time(outcome.process)),
        (10, _time(outcome.cpu)),
        (9, f"{outcome.peak / 1e6:.0f} MB"),
        (8, "" if outcome.round_trips is None else f"{outcome.round_trips:,}"),
        (9, "" if outcome.queries is None else f"{outcome.queries:,}"),
    )
    return "".join(f"{text:>{width}}" for width, text in cells).rstrip()


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def document(
    summaries: Sequence[Summary],
    facts: dict[str, object],
    waits: Sequence[dict[str, object]] = (),
    rates: Sequence[dict[str, object]] = (),
    loads: Sequence[dict[str, object]] = (),
    changes: Sequence[dict[str, object]] = (),
    *,
    repetitions: int,
    seconds: float,
) -> dict[str, object]:
    """The report as plain data: times in seconds, memory in bytes."""
    return {
        "facts": facts | {"repetitions": repetitions, "seconds": round(seconds, 1)},
        "cases": [_case(summary) for summary in summaries],
        "lock_load": list(waits),
        "backfill": list(rates),
        "backfill_load": list(loads),
        "online_change": list(changes),
        "failed": [
            f"{summary.case.name}: {outcome.failure}"
            for summary in summaries
            for outcome in summary.outcomes.values()
            if outcome.failure
        ]
        + [f"lock load, {one['name']}: {one['failure']}" for one in waits if one["failure"]],
    }


def _case(summary: Summary) -> dict[str, object]:
    return {
        "name": summary.case.name,
        "title": summary.case.title,
        "unit": summary.case.unit,
        "contenders": [
            _outcome(outcome, summary.ratio(name)) for name, outcome in summary.outcomes.items()
        ],
        "aims": [
            {"aim": verdict.aim.text, "ratio": round(verdict.ratio, 3), "met": verdict.met}
            for verdict in summary.verdicts
        ],
    }


def _outcome(outcome: Outcome, ratio: float | None) -> dict[str, object]:
    if not outcome.samples:
        return {"name": outcome.name, "failure": outcome.failure}
    return {
        "name": outcome.name,
        "failure": outcome.failure,
        "median": outcome.median,
        "min": outcome.least,
        "ratio": ratio,
        "process": outcome.process,
        "cpu": outcome.cpu,
        "peak": outcome.peak,
        "round_trips": outcome.round_trips,
        "queries": outcome.queries,
        "warm_up": _sample(outcome.warm_up),
        "samples": [_sample(sample) for sample in outcome.samples],
    }


def _sample(sample: Sample | None) -> dict[str, object] | None:
    if sample is None:
        return None
    return {name: value for name, value in asdict(sample).items() if value is not None}
