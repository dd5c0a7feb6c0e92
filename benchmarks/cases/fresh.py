"""From an empty database to the head: locally, and over a line with a latency."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.cases.upgrading import (
    ALEMBIC_ASYNCPG,
    ALEMBIC_PSYCOPG2,
    ASYNCMIG,
    ONE_QUERY,
    PSQL,
)
from benchmarks.measure import Aim, Case, Contender, Sample
from benchmarks.processes import FailedError
from benchmarks.proxy import latency_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.cases.upgrading import Upgrades

ALL = (ASYNCMIG, ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2, PSQL, ONE_QUERY)
TABLES = "SELECT count(*) FROM pg_tables WHERE tablename ~ '^item_'"
VERSION = "SELECT version_num FROM alembic_version"


def fresh_local(upgrades: Upgrades) -> Case:
    """On this machine, where the server's own work is most of it."""
    size = upgrades.projects.size
    return Case(
        name=f"fresh {size}",
        title=f"fresh upgrade, {size:,} revisions with 2 DDL each, local",
        contenders=tuple(Contender(name=name, run=_Fresh(upgrades, name)) for name in ALL),
        unit=PSQL,
        aims=(Aim(of=ASYNCMIG, against=PSQL, limit=1.2),),
    )


def fresh_far(
    upgrades: Upgrades, latency: float, *, once: tuple[str, ...] = (), faster: float | None = None
) -> Case:
    """Over a line on which every round trip takes ``latency`` seconds longer.

    Args:
        upgrades: who works, on what.
        latency: of the line.
        once: those who take so long that one repetition must do.
        faster: how many times faster than Alembic we want to be.
    """
    size = upgrades.projects.size
    most: Mapping[str, int] = dict.fromkeys(once, 1)
    return Case(
        name=f"far {size}",
        title=f"fresh upgrade, {size:,} revisions, {latency * 1000:g} ms a round trip",
        contenders=tuple(
            Contender(name=name, run=_Fresh(upgrades, name, latency), most=most.get(name))
            for name in ALL
        ),
        unit=ALEMBIC_ASYNCPG,
        aims=(Aim(of=ASYNCMIG, against=ALEMBIC_ASYNCPG, limit=faster, faster=True),)
        if faster
        else (),
    )


class _Fresh:
    """One contender's upgrade of a database made for it, and a look at whether it was done."""

    def __init__(self, upgrades: Upgrades, name: str, latency: float | None = None) -> None:
        self.upgrades = upgrades
        self.name = name
        self.latency = latency

    def __call__(self) -> Sample:
        server = self.upgrades.server
        with server.database() as url:
            if self.latency is None:
                sample = self.upgrades.by(self.name, url)
            else:
                with latency_proxy(url, round_trip=self.latency) as proxy:
                    sample = self.upgrades.by(self.name, proxy.url)
                sample = replace(sample, round_trips=len(proxy.round_trips))
            found = server.query(TABLES, url=url) + server.query(VERSION, url=url)
        if found != [(self.upgrades.projects.size,), (self.upgrades.projects.head,)]:
            raise FailedError(f"{self.name} left {found} behind")
        return sample
