"""Those who can bring a database to the head, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import Sample
from benchmarks.processes import run, worker
from benchmarks.server import with_driver

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.processes import Finished
    from benchmarks.projects import Projects
    from benchmarks.server import Server

ASYNCMIG = "asyncmig"
ALEMBIC_ASYNCPG = "alembic, asyncpg"
ALEMBIC_PSYCOPG2 = "alembic, psycopg2"
PSQL = "psql -1 -f"
ONE_QUERY = "asyncpg, one query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrades:
    """Ways to upgrade the database of a URL to the head of a history."""

    projects: Projects
    server: Server
    scratch: Path

    def by(self, name: str, url: str, *, calls: int = 1) -> Sample:
        """Upgrade; with several calls the first one does the work and the others find it done."""
        match name:
            case "asyncmig":
                done = worker(
                    "with_asyncmig",
                    self.scratch,
                    url=with_driver(url, "asyncpg"),
                    scripts=self.projects.scripts,
                    calls=calls,
                )
            case "alembic, asyncpg" | "alembic, psycopg2":
                driver = name.removeprefix("alembic, ")
                done = worker(
                    "with_alembic",
                    self.scratch,
                    url=with_driver(url, driver),
                    ini=self.projects.ini[driver],
                    driver=driver,
                    calls=calls,
                )
            case "asyncpg, one query":
                done = self.one_query(url, sql=None, calls=calls)
            case "psql -1 -f":
                options = ("-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f")
                command = (self.server.psql, *options, self.projects.sql, url)
                finished = run(command, self.scratch)
                done = finished, [finished.seconds]
            case _:
                raise ValueError(name)
        return _sample(*done)

    def one_query(self, url: str, *, sql: str | None, calls: int) -> tuple[Finished, list[float]]:
        """Connect, send, disconnect."""
        return worker(
            "with_asyncpg", self.scratch, url=url, sql=sql, file=self.projects.sql, calls=calls
        )

    def select(self, url: str, *, calls: int) -> Sample:
        """The least that anybody who asks for the version can do."""
        return _sample(
            *self.one_query(url, sql="SELECT version_num FROM alembic_version", calls=calls)
        )


def _sample(finished: Finished, calls: list[float]) -> Sample:
    first, *others = calls
    return Sample(
        seconds=median(others) if others else first,
        process=finished.seconds,
        cpu=finished.cpu,
        peak=finished.peak,
        first=first if others else None,
    )
