"""Comparing models with a database where nothing differs: what a pipeline does on every push."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.cases.upgrading import ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2
from benchmarks.measure import Aim, Case, Contender, Sample
from benchmarks.processes import worker
from benchmarks.server import with_driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.server import Server

WARM = "asyncmig, warm cache"
COLD = "asyncmig, cold cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """A database that is what ``tables`` models say, and those who can find that out."""

    url: str
    tables: int
    scratch: Path

    @property
    def cache(self) -> Path:
        return self.scratch / "comparing-cache"

    def by(self, driver: str) -> Sample:
        """Alembic's ``compare_metadata``, types and defaults compared as they are by default."""
        return self._measured("comparing_alembic", with_driver(self.url, driver), driver=driver)

    def warm(self) -> Sample:
        return self._measured("comparing_asyncmig", self.url, cache=self.cache)

    def cold(self) -> Sample:
        shutil.rmtree(self.cache, ignore_errors=True)
        return self.warm()

    def _measured(self, name: str, url: str, **order: object) -> Sample:
        finished, (seconds, queries) = worker(
            name, self.scratch, url=url, tables=self.tables, **order
        )
        return Sample(
            seconds=seconds,
            process=finished.seconds,
            cpu=finished.cpu,
            peak=finished.peak,
            queries=int(queries),
        )


@contextmanager
def compared(server: Server, tables: int, scratch: Path) -> Iterator[Comparisons]:
    """A database made by SQLAlchemy's ``create_all``, with the statistics that time brings."""
    with server.database() as url:
        worker("comparing_create", scratch, url=with_driver(url, "psycopg2"), tables=tables)
        server.query("VACUUM ANALYZE", url=url)
        yield Comparisons(url=url, tables=tables, scratch=scratch)


def comparing(comparisons: Comparisons) -> Case:
    """In process, with the libraries and the models imported."""
    return Case(
        name=f"compare {comparisons.tables}",
        title=f"compare models and database, {comparisons.tables:,} tables, nothing differs",
        contenders=(
            Contender(name=COLD, run=comparisons.cold),
            Contender(name=WARM, run=comparisons.warm),
            Contender(name=ALEMBIC_ASYNCPG, run=lambda: comparisons.by("asyncpg")),
            Contender(name=ALEMBIC_PSYCOPG2, run=lambda: comparisons.by("psycopg2")),
        ),
        unit=ALEMBIC_PSYCOPG2,
        aims=(
            Aim(of=WARM, against=ALEMBIC_PSYCOPG2, limit=1 / 3),
            Aim(of=COLD, against=ALEMBIC_PSYCOPG2, limit=1),
        ),
    )
