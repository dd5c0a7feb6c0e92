"""The metrics of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import metrics

from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from typing import Self

__all__ = ["METRICS", "Instruments"]

METRICS = {
    "asyncmig.revisions.applied": ("counter", "{revision}", "Revisions that were run."),
    "asyncmig.revisions.pending": (
        "gauge",
        "{revision}",
        "Revisions of a run that are not run yet.",
    ),
    "asyncmig.runs.failed": ("counter", "{run}", "Runs that ended with an error."),
    "asyncmig.phase.duration": ("histogram", "s", "Duration of a phase, its waits included."),
    "asyncmig.phase.retries": (
        "counter",
        "{retry}",
        "Phases that were repeated, after a lock timeout, say.",
    ),
    "asyncmig.lock.wait.duration": ("histogram", "s", "Wait for the lock of another runner."),
    "asyncmig.backfill.rows": ("counter", "{row}", "Rows that backfills have changed."),
}
"""Kind, unit and description of each metric."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """The instruments; the meter keeps them, so each run may ask for them again."""

    applied: metrics.Counter
    pending: metrics._Gauge
    failed: metrics.Counter
    phase: metrics.Histogram
    retries: metrics.Counter
    lock_wait: metrics.Histogram
    rows: metrics.Counter

    @classmethod
    def of_process(cls) -> Self:
        """Those of the meter provider that the application has configured."""
        meter = metrics.get_meter("asyncmig", asyncmig_version())
        make = {
            "counter": meter.create_counter,
            "gauge": meter.create_gauge,
            "histogram": meter.create_histogram,
        }
        return cls(
            *(make[kind](name, unit, text) for name, (kind, unit, text) in METRICS.items())  # type: ignore[arg-type]  # in the order of the fields
        )
