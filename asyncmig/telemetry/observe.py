"""OpenTelemetry for a run, if the process uses it.

A span can only be recorded in a process that has imported OpenTelemetry, to configure its SDK. In other
processes nothing is imported here, and an event costs a look-up or two.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.events import Event

__all__ = ["inherited_trace", "observe", "observed_run"]


def _is_in_use() -> bool:
    return "opentelemetry.trace" in sys.modules or "opentelemetry.metrics" in sys.modules


@contextmanager
def observed_run(name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    """Record what happens in the block as a span, with its events and metrics.

    Args:
        name: ``upgrade``, ``downgrade`` or ``backfill``.
        attributes: what is known of the run before it connects.
    """
    if not _is_in_use():
        yield
        return
    from asyncmig.telemetry.run_observer import RunObserver

    with RunObserver.started(name, attributes):
        yield


def observe(event: Event) -> None:
    """Add an event to the span and the metrics of the run in which it happens."""
    if not _is_in_use():
        return
    from asyncmig.telemetry.run_observer import RunObserver

    observer = RunObserver.current()
    if observer is not None:
        observer.add(event)


@contextmanager
def inherited_trace(environ: Mapping[str, str]) -> Iterator[None]:
    """Continue the trace that the environment of a process names: TRACEPARENT, TRACESTATE, BAGGAGE.

    Args:
        environ: the environment; names may have small letters.
    """
    carrier = {
        name: value
        for name in ("traceparent", "tracestate", "baggage")
        if (value := environ.get(name.upper()) or environ.get(name))
    }
    if not carrier or not _is_in_use():
        yield
        return
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
