"""``python -m benchmarks``: measure, print a table, write ``bench.json``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from benchmarks import backfill_load, backfill_rates, lock_load, online_change
from benchmarks.cases.cold_start import cold_start
from benchmarks.cases.comparing import compared, comparing
from benchmarks.cases.fresh import fresh_far, fresh_local
from benchmarks.cases.no_op import no_op
from benchmarks.cases.upgrading import (
    ALEMBIC_ASYNCPG,
    ALEMBIC_PSYCOPG2,
    ASYNCMIG,
    PSQL,
    Upgrades,
)
from benchmarks.facts import gather
from benchmarks.measure import measure
from benchmarks.projects import write_projects
from benchmarks.report import document, table
from benchmarks.server import find_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Case, Summary
    from benchmarks.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured: numbers of revisions and tables, latency in seconds, calls in a process."""

    small: int | None = 100
    large: int = 1000
    latency: float = 0.010
    calls: int = 6
    tables: int = 1000
    settle: bool = True


FILE_TIME_GRAIN = 2.5
"""Seconds after which caches trust the time of a file that was just written."""

SMOKE = Scale(small=None, large=8, latency=0.002, calls=2, tables=8, settle=False)


def cases(scale: Scale, server: Server, scratch: Path, resources: ExitStack) -> Iterator[Case]:
    """All of them, made when their turn comes."""
    large = write_projects(scratch / "large", scale.large)
    many = Upgrades(projects=large, server=server, scratch=scratch)
    few = None
    if scale.small is not None:
        small = write_projects(scratch / "small", scale.small)
        few = Upgrades(projects=small, server=server, scratch=scratch)
    if scale.settle:
        time.sleep(FILE_TIME_GRAIN)
    yield cold_start(large, scratch)
    yield comparing(resources.enter_context(compared(server, scale.tables, scratch)))
    names = (ASYNCMIG, ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2)
    urls = {name: resources.enter_context(server.database()) for name in names}
    yield no_op(many, urls, calls=scale.calls)
    if few is not None:
        yield fresh_local(few)
    yield fresh_local(many)
    if few is not None:
        yield fresh_far(few, scale.latency, once=(ALEMBIC_PSYCOPG2, PSQL))
    slow = (ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2, PSQL)
    yield fresh_far(many, scale.latency, once=slow, faster=20)


def run(options: argparse.Namespace) -> int:
    begun = time.perf_counter()
    summaries: list[Summary] = []
    repetitions = 1 if options.quick else options.repetitions
    with ExitStack() as resources:
        scratch = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="asyncmig-")))
        scratch.chmod(0o711)  # the embedded server's account passes through
        server = resources.enter_context(find_server(scratch))
        facts = gather(server)
        scale = SMOKE if options.quick else Scale()
        for case in cases(scale, server, scratch, resources):
            if options.only and not any(case.name.startswith(only) for only in options.only):
                continue
            summary = measure(case, repetitions, warm_up=not options.quick, told=_tell)
            summaries.append(summary)
            print(table([summary]), end="\n\n", flush=True)
        waits = _waits(options, server)
        rates = _rates(options, server)
        loads = _backfill_load(options, server)
        changes = _online_change(options, server)
    seconds = time.perf_counter() - begun
    report = document(
        summaries, facts, waits, rates, loads, changes, repetitions=repetitions, seconds=seconds
    )
    options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{options.json} written after {seconds:.0f} s; {_conditions(facts)}")
    return 1 if report["failed"] else 0


def _waits(options: argparse.Namespace, server: Server) -> list[dict[str, object]]:
    """What an application waits for while a migration runs."""
    if options.only and not any("lock load".startswith(only) for only in options.only):
        return []
    pace = lock_load.QUICK if options.quick else lock_load.Pace()
    with server.database() as url:
        found = anyio.run(lock_load.measure, url, pace, _tell)
    print(lock_load.table(found), end="\n\n", flush=True)
    return found


def _rates(options: argparse.Namespace, server: Server) -> list[dict[str, object]]:
    """How fast a backfill changes the rows of a large table."""
    if options.only and not any("backfill".startswith(only) for only in options.only):
        return []
    rows, repetitions = (2_000, 1) if options.quick else (1_000_000, 3)
    with server.database() as url:
        found = anyio.run(backfill_rates.measure, url, rows, repetitions, _tell)
    print(backfill_rates.table(found), end="\n\n", flush=True)
    return found


def _backfill_load(options: argparse.Namespace, server: Server) -> list[dict[str, object]]:
    """What an application waits for while a backfill changes the rows of its table."""
    if options.only and not any("backfill load".startswith(only) for only in options.only):
        return []
    rows, seconds, rounds = (2_000, 0.5, 1) if options.quick else (1_000_000, 8.0, 5)
    with server.database() as url:
        found = anyio.run(backfill_load.measure, url, rows, seconds, rounds, _tell)
    print(backfill_load.table(found), end="\n\n", flush=True)
    return found


def _online_change(options: argparse.Namespace, server: Server) -> list[dict[str, object]]:
    """What an application waits for while the type of a key is changed."""
    if options.only and not any("online change".startswith(only) for only in options.only):
        return []
    rows, seconds = (2_000, 0.5) if options.quick else (500_000, 10.0)
    with server.database() as url:
        found = anyio.run(online_change.measure, url, rows, seconds, _tell)
    print(online_change.table(found), end="\n\n", flush=True)
    return found


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="\r", file=sys.stderr, flush=True)


def _conditions(facts: dict[str, object]) -> str:
    packages, postgresql = facts["packages"], facts["postgresql"]
    assert isinstance(packages, dict)
    assert isinstance(postgresql, dict)
    return (
        f"PostgreSQL {postgresql['server_version']} ({postgresql['found']}, "
        f"fsync {postgresql['fsync']}), Python {facts['python']}, "
        f"Alembic {packages['alembic']}, SQLAlchemy {packages['sqlalchemy']}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few revisions, once: does it run?")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N")
    parser.add_argument(
        "--only",
        action="append",
        metavar="CASE",
        help="cold, no-op, fresh, far, far 100, lock load, ...",
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(_options()))
