"""Spans, span events and metrics of real runs, in the SDK's exporters, beside asyncpg's instrumentation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
import pytest
from opentelemetry import context, metrics, trace
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from asyncmig import Migrator
from asyncmig.errors import StatementFailedError
from asyncmig.telemetry.metrics import METRICS
from support.processes import unmeasured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan


class Telemetry:
    """What was exported."""

    def __init__(self) -> None:
        self.spans_of_process = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.spans_of_process.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    """An SDK for one test: a process can set its providers only once."""
    found = Telemetry()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(found.spans_of_process))
    meters = MeterProvider(metric_readers=[found.reader])
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", tracers)
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", meters)
    return found


@pytest.fixture
def instrumented(telemetry: Telemetry) -> Iterator[Telemetry]:
    """asyncpg makes spans, too."""
    AsyncPGInstrumentor().instrument()
    yield telemetry
    AsyncPGInstrumentor().uninstrument()


@pytest.fixture
def history(project):
    project.revision("a1", upgrade="op.execute('create table t (id int)')", message="make t")
    project.revision(
        "b2",
        down="a1",
        upgrade="op.execute('create index concurrently t_id on t (id)')\nop.execute('select 1')",
    )
    return project


async def test_an_upgrade(history, database_url, telemetry):
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade()

    (run,) = telemetry.named("asyncmig upgrade")
    assert run.attributes["db.system.name"] == "postgresql"
    assert run.attributes["db.namespace"] == database_url.rpartition("/")[2].partition("?")[0]
    assert run.attributes["server.port"] > 0
    assert run.attributes["asyncmig.target"] == "heads"
    assert run.attributes["asyncmig.revisions"] == ("a1", "b2")
    assert run.attributes["asyncmig.heads"] == ("b2",)
    assert run.status.status_code is StatusCode.UNSET
    assert run.parent is None
    assert run.instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/1.44.0"

    first, second = telemetry.named("asyncmig revision")
    assert [span.attributes["asyncmig.revision"] for span in (first, second)] == ["a1", "b2"]
    assert first.attributes["asyncmig.message"] == "make t"
    assert {span.parent.span_id for span in (first, second)} == {run.context.span_id}

    phases = telemetry.named("asyncmig phase")
    assert [
        (one.attributes["asyncmig.revision"], one.attributes["asyncmig.kind"]) for one in phases
    ] == [("a1", "transaction"), ("b2", "autocommit"), ("b2", "transaction")]
    assert [one.parent.span_id for one in phases] == [
        first.context.span_id,
        second.context.span_id,
        second.context.span_id,
    ]
    assert all(
        run.start_time <= one.start_time <= one.end_time <= run.end_time for one in telemetry.spans
    )

    found = telemetry.metrics()
    (applied,) = found["asyncmig.revisions.applied"]
    assert (applied.value, applied.attributes["asyncmig.direction"]) == (2, "upgrade")
    assert [point.value for point in found["asyncmig.revisions.pending"]] == [0]
    assert sum(point.count for point in found["asyncmig.phase.duration"]) == 3
    assert found["asyncmig.lock.wait.duration"][0].count == 1
    assert set(found) <= set(METRICS)


async def test_a_run_without_work_has_a_span(history, database_url, telemetry):
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade()
    await migrator.upgrade()
    _, idle = telemetry.named("asyncmig upgrade")
    assert [event.name for event in idle.events] == ["asyncmig.nothing_pending"]


async def test_a_retry_a_wait_and_a_failure(history, database_url, telemetry):
    scripts = history.script_location
    await Migrator(database_url, script_location=scripts).upgrade("a1")
    (history.versions / "b2.py").unlink()
    history.revision("b2", down="a1", upgrade="op.execute('alter table t add x int')")
    other = await asyncpg.connect(database_url, server_settings={"application_name": "report"})
    await other.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    with pytest.raises(StatementFailedError):
        await Migrator(
            database_url, script_location=scripts, lock_timeout=0.1, lock_retries=1
        ).upgrade()
    await other.execute("ROLLBACK")
    await other.close()

    *_, run = telemetry.named("asyncmig upgrade")
    assert run.status.status_code is StatusCode.ERROR
    assert run.attributes["error.type"] == "StatementFailedError"
    assert run.attributes["db.response.status_code"] == "55P03"
    revision = telemetry.named("asyncmig revision")[-1]
    assert revision.attributes["error.type"] == "StatementFailedError"
    retries = [event for event in revision.events if event.name == "asyncmig.phase_retried"]
    assert [event.attributes["asyncmig.attempt"] for event in retries] == [2]
    assert "report" in retries[0].attributes["asyncmig.blockers"][0]
    phase = telemetry.named("asyncmig phase")[-1]
    assert phase.status.status_code is StatusCode.ERROR
    assert phase.parent.span_id == revision.context.span_id

    found = telemetry.metrics()
    (failed,) = found["asyncmig.runs.failed"]
    assert (failed.value, failed.attributes["error.type"]) == (1, "StatementFailedError")
    (retried,) = found["asyncmig.phase.retries"]
    assert (retried.value, retried.attributes["db.response.status_code"]) == (1, "55P03")
    assert [point.value for point in found["asyncmig.revisions.pending"]] == [1]


async def test_the_wait_for_another_runner_is_recorded_once_with_its_end(
    history, database_url, pg, telemetry
):
    history.revision("c3", down="b2", upgrade="op.execute('alter table t add x int')")
    migrator = Migrator(database_url, script_location=history.script_location, lock_timeout=30)
    await migrator.upgrade("b2")
    await pg.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(migrator.upgrade)
        while not await pg.fetchval(
            "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND NOT granted"
        ):
            await anyio.sleep(0.05)
        await anyio.sleep(0.5)
        await pg.execute("ROLLBACK")
    events = sorted(
        [event.name.removeprefix("asyncmig.") for event in run.events]
        for run in telemetry.named("asyncmig upgrade")[1:]
    )
    assert events == [[], ["lock_waiting", "lock_acquired", "nothing_pending"]] or events == [
        ["lock_blocked"],
        ["lock_waiting", "lock_acquired", "nothing_pending"],
    ]
    waits = telemetry.metrics()["asyncmig.lock.wait.duration"]
    assert sum(point.count for point in waits) == 3
    assert max(point.max for point in waits) > 0.3


async def test_a_backfill(project, database_url, pg, telemetry):
    await pg.execute(
        "CREATE TABLE t (id int PRIMARY KEY, x int); "
        "INSERT INTO t SELECT n, 0 FROM generate_series(1, 500) AS n"
    )
    project.revision("a1", upgrade="op.backfill('t', {'x': 'id'}, name='fill', deferred=True)")
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    await migrator.run_backfills()
    (run,) = telemetry.named("asyncmig backfill")
    assert run.attributes["asyncmig.backfill"] == "fill"
    job = telemetry.named("asyncmig backfill job")[-1]
    assert job.parent.span_id == run.context.span_id
    assert (job.attributes["asyncmig.rows"], job.attributes["asyncmig.state"]) == (500, "done")
    (rows,) = telemetry.metrics()["asyncmig.backfill.rows"]
    assert (rows.value, rows.attributes["asyncmig.backfill"]) == (500, "fill")


async def test_beside_asyncpgs_spans_no_statement_has_two(history, database_url, instrumented):
    tracer = trace.get_tracer("test")
    with tracer.start_as_current_span("start of the service"):
        await Migrator(database_url, script_location=history.script_location).upgrade()
    (service,) = instrumented.named("start of the service")
    (run,) = instrumented.named("asyncmig upgrade")
    assert run.parent.span_id == service.context.span_id
    clients = [span for span in instrumented.spans if "asyncpg" in span.instrumentation_scope.name]
    texts = [str(span.attributes["db.statement"]) for span in clients]
    for statement in ("create table t", "create index concurrently"):
        assert sum(statement in text.lower() for text in texts) == 1, Counter(texts)
    ours = [span for span in instrumented.spans if span.instrumentation_scope.name == "asyncmig"]
    assert not any("create table t" in str(span.attributes) for span in ours)
    # asyncpg's spans are in the run that sends them
    sent = next(span for span in clients if "create table t" in span.attributes["db.statement"])
    assert sent.parent.span_id == run.context.span_id
    assert {span.context.trace_id for span in clients} == {service.context.trace_id}


async def test_two_runs_at_once_keep_their_spans_apart(history, make_database, telemetry):
    async def upgrade(url: str) -> None:
        await Migrator(url, script_location=history.script_location).upgrade()

    async with anyio.create_task_group() as group:
        for url in (make_database(), make_database()):
            group.start_soon(upgrade, url)
    runs = telemetry.named("asyncmig upgrade")
    parents = Counter(span.parent.span_id for span in telemetry.named("asyncmig revision"))
    assert parents == {run.context.span_id: 2 for run in runs}
    assert context.get_current() == {}


ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


async def test_a_run_through_an_env_py_has_each_span_once(
    history, database_url, instrumented, tmp_path
):
    (history.script_location / "env.py").write_text(ENV)
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = {history.script_location}\nsqlalchemy.url = {database_url}\n"
    )
    await Migrator.from_config(ini).upgrade()
    (run,) = instrumented.named("asyncmig upgrade")
    revisions = instrumented.named("asyncmig revision")
    assert [span.attributes["asyncmig.revision"] for span in revisions] == ["a1", "b2"]
    assert {span.parent.span_id for span in revisions} == {run.context.span_id}
    (applied,) = instrumented.metrics()["asyncmig.revisions.applied"]
    assert applied.value == 2


PROGRAM = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
with open("spans.json", "w") as file:
    exporter = ConsoleSpanExporter(out=file, formatter=lambda span: span.to_json(indent=None) + "\\n")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    from asyncmig_cli.application import run
    sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["TRACEPARENT", "traceparent"])
def test_the_command_continues_the_trace_of_its_environment(history, database_url, tmp_path, name):
    (tmp_path / "asyncmig.toml").write_text(f'script_location = "{history.script_location}"\n')
    trace_id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    environment = unmeasured(os.environ) | {
        "ASYNCMIG_URL": database_url,
        name: f"00-{trace_id}-{parent}-01",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "upgrade"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    spans = [json.loads(line) for line in (tmp_path / "spans.json").read_text().splitlines()]
    (run,) = (span for span in spans if span["name"] == "asyncmig upgrade")
    assert run["parent_id"] == f"0x{parent}"
    assert {span["context"]["trace_id"] for span in spans} == {f"0x{trace_id}"}


def test_nothing_of_opentelemetry_is_imported_unless_the_process_uses_it(
    history, database_url, tmp_path
):
    program = (
        "import asyncio, sys; from asyncmig import Migrator; "
        "asyncio.run(Migrator(sys.argv[1], script_location=sys.argv[2]).upgrade()); "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, database_url, history.script_location],
        cwd=tmp_path,
        env=unmeasured(os.environ) | {"TRACEPARENT": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
