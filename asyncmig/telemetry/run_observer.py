"""``RunObserver``: the spans, span events and metrics of one run, made from its events.

A run is a span that is current while it runs: what instruments asyncpg adds its own spans to it, so asyncmig
makes none for statements. Revisions and phases are its children. Many revisions are sent in one
message, so a revision's span begins when its script is executed and ends when it is committed, and a phase
begins where the one before it ended; the spans of revisions in the same message overlap.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from asyncmig import events
from asyncmig.errors import AsyncmigError
from asyncmig.telemetry.attributes import event_attributes
from asyncmig.telemetry.metrics import Instruments
from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from asyncmig.telemetry.attributes import Attributes

__all__ = ["SPAN_EVENTS", "RunObserver"]

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
SYSTEM = {"db.system.name": "postgresql"}
RUN = context.create_key("asyncmig-run")

SPAN_EVENTS = (
    events.BackfillWaiting,
    events.ConnectionWaiting,
    events.LockAcquired,
    events.LockBlocked,
    events.LockWaiting,
    events.NothingPending,
    events.PhaseRetried,
    events.ServerNotice,
    events.TransactionsAwaited,
)
"""Events that are added to the span of their revision, or of the run."""


class RunObserver:
    """The spans and metrics of one run.

    Args:
        name: ``upgrade``, ``downgrade`` or ``backfill``.
        attributes: of the span of the run.
    """

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self._name = name
        self._tracer = trace.get_tracer("asyncmig", asyncmig_version(), schema_url=SCHEMA)
        self._instruments = Instruments.of_process()
        self._span = self._tracer.start_span(
            f"asyncmig {name}", kind=SpanKind.INTERNAL, attributes={**SYSTEM, **attributes}
        )
        self._common: dict[str, str] = dict(SYSTEM)
        self._revisions: dict[str, Span] = {}
        self._phase_starts: dict[str, int] = {}
        self._backfills: dict[str, tuple[Span, int]] = {}
        self._pending = 0
        self._waits: set[type[events.Event]] = set()

    @classmethod
    def current(cls) -> Self | None:
        """The observer of the run in which this is called."""
        return cast("Self | None", context.get_value(RUN))

    @classmethod
    @contextmanager
    def started(cls, name: str, attributes: Mapping[str, str]) -> Iterator[Self]:
        """Observe what happens in the block; its error becomes the status of the span."""
        observer = cls(name, attributes)
        inside = trace.set_span_in_context(observer._span)
        token = context.attach(context.set_value(RUN, observer, inside))
        try:
            yield observer
        except BaseException as error:
            observer._fail(error)
            raise
        finally:
            context.detach(token)
            observer._end()

    def add(self, event: events.Event) -> None:
        """Add an event of the run to its spans and metrics."""
        self._add_to_spans(event)
        self._measure(event)

    def _add_to_spans(self, event: events.Event) -> None:
        match event:
            case events.DatabaseConnected():
                found = event_attributes(event)
                found.pop("asyncmig.source", None)
                self._span.set_attributes(found)
                self._common["db.namespace"] = event.database
            case events.RunStarted():
                self._span.set_attribute("asyncmig.revisions", event.revisions)
            case events.RunFinished():
                self._span.set_attribute("asyncmig.heads", event.heads)
            case events.StepStarted():
                attributes = event_attributes(event)
                self._revisions[event.revision] = self._child("asyncmig revision", attributes)
                self._phase_starts[event.revision] = time.time_ns()
            case events.PhaseStarted():
                self._phase_starts[event.revision] = time.time_ns()
            case events.PhaseFinished():
                self._phase(event.revision, event_attributes(event)).end()
                self._phase_starts[event.revision] = time.time_ns()
            case events.StepFinished():
                if (span := self._revisions.pop(event.revision, None)) is not None:
                    span.end()
            case events.RunFailed() if event.revision in self._revisions:
                self._fail_revision(event, event.revision)
            case events.BackfillStarted():
                span = self._child(
                    "asyncmig backfill job", event_attributes(event), revision=event.revision
                )
                self._backfills[event.backfill] = span, event.rows
            case events.BackfillFinished() if event.backfill in self._backfills:
                span, _ = self._backfills[event.backfill]
                span.set_attributes(event_attributes(event))
                if event.state == "failed":
                    span.set_status(Status(StatusCode.ERROR, event.note))
                span.end()
            case _ if isinstance(event, SPAN_EVENTS) and self._is_news(event):
                name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
                revision = getattr(event, "revision", None)
                span = self._revisions.get(revision, self._span) if revision else self._span
                span.add_event(f"asyncmig.{name}", event_attributes(event))

    def _is_news(self, event: events.Event) -> bool:
        """False for the repetition of a wait, and for a lock that was free."""
        kind = type(event)
        if isinstance(event, events.LockAcquired):
            return events.LockWaiting in self._waits
        if kind not in {events.LockWaiting, events.ConnectionWaiting}:
            return True
        is_first = kind not in self._waits
        self._waits.add(kind)
        return is_first

    def _measure(self, event: events.Event) -> None:
        of_run = {**self._common, "asyncmig.direction": self._name}
        match event:
            case events.RunStarted():
                self._set_pending(len(event.revisions))
            case events.NothingPending():
                self._set_pending(0)
            case events.StepFinished():
                self._instruments.applied.add(1, of_run)
                self._set_pending(self._pending - 1)
            case events.RunFailed():
                self._instruments.failed.add(1, {**of_run, "error.type": event.error})
            case events.LockAcquired():
                self._instruments.lock_wait.record(event.elapsed, of_run)
            case events.PhaseRetried():
                state = {"db.response.status_code": event.sqlstate} if event.sqlstate else {}
                self._instruments.retries.add(1, {**of_run, **state})
            case events.BackfillProgress() | events.BackfillFinished():
                self._count_rows(event.backfill, event.rows)
                if isinstance(event, events.BackfillFinished):
                    self._backfills.pop(event.backfill, None)
            case _:
                pass

    def _count_rows(self, backfill: str, rows: int) -> None:
        """Add the rows since the last report."""
        if backfill not in self._backfills:
            return
        span, known = self._backfills[backfill]
        self._backfills[backfill] = span, rows
        if rows > known:
            attributes = {**self._common, "asyncmig.backfill": backfill}
            self._instruments.rows.add(rows - known, attributes)

    def _set_pending(self, number: int) -> None:
        self._pending = number
        self._instruments.pending.set(number, self._common)

    def _child(
        self,
        name: str,
        attributes: Attributes,
        *,
        revision: str | None = None,
        start: int | None = None,
    ) -> Span:
        parent = self._revisions.get(revision, self._span) if revision else self._span
        inside: Context = trace.set_span_in_context(parent)
        return self._tracer.start_span(
            name, inside, SpanKind.INTERNAL, attributes, start_time=start
        )

    def _phase(self, revision: str, attributes: Attributes) -> Span:
        start = self._phase_starts.get(revision, time.time_ns())
        kind = str(attributes.get("asyncmig.kind", ""))
        self._instruments.phase.record(
            (time.time_ns() - start) / 1e9,
            {**self._common, "asyncmig.direction": self._name, "asyncmig.kind": kind},
        )
        return self._child("asyncmig phase", attributes, revision=revision, start=start)

    def _fail_revision(self, event: events.RunFailed, revision: str) -> None:
        status = Status(StatusCode.ERROR, event.message)
        attributes = event_attributes(event)
        if event.phase is not None:
            start = self._phase_starts.get(revision)
            phase = self._child("asyncmig phase", attributes, revision=revision, start=start)
            phase.set_status(status)
            phase.end()
        span = self._revisions.pop(revision)
        span.set_attribute("error.type", event.error)
        span.set_status(status)
        span.end()

    def _fail(self, error: BaseException) -> None:
        self._span.set_attribute("error.type", type(error).__name__)
        text = "cancelled"
        if isinstance(error, AsyncmigError):
            text = error.message
            if state := getattr(error, "sqlstate", None):
                self._span.set_attribute("db.response.status_code", state)
        elif isinstance(error, Exception):
            text = str(error)
        self._span.set_status(Status(StatusCode.ERROR, text))

    def _end(self) -> None:
        """End the run, and what it has not committed."""
        for span in self._revisions.values():
            span.set_attribute("asyncmig.committed", False)
            span.end()
        for span, _ in self._backfills.values():
            span.end()
        self._span.end()
