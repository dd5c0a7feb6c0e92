"""An upgrade that has nothing to do: what every start of a service pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases.upgrading import ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2, ASYNCMIG
from benchmarks.measure import Aim, Case, Contender, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.cases.upgrading import Upgrades

ONE_SELECT = "asyncpg, one select"


def no_op(upgrades: Upgrades, urls: dict[str, str], *, calls: int) -> Case:
    """In process, on databases that stand at the head, one of its own for each contender.

    The first call of a process, with its imports and its first reading of the scripts, is kept
    beside the median of the others.
    """

    def contender(name: str) -> Contender:
        url = urls[name]
        run: Callable[[], Sample] = lambda: upgrades.by(name, url, calls=calls)  # noqa: E731 - the shape of Contender.run
        return Contender(name=name, run=run)

    return Case(
        name="no-op",
        title=f"no-op upgrade in process, {upgrades.projects.size:,} revisions",
        contenders=(
            *(contender(name) for name in (ASYNCMIG, ALEMBIC_ASYNCPG, ALEMBIC_PSYCOPG2)),
            Contender(name=ONE_SELECT, run=lambda: upgrades.select(urls[ASYNCMIG], calls=calls)),
        ),
        unit=ALEMBIC_ASYNCPG,
        aims=(Aim(of=ASYNCMIG, against=ALEMBIC_ASYNCPG, limit=20, faster=True),),
    )
