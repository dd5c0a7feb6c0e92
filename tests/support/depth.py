"""How much the sampled tests try: ``ASYNCMIG_TEST_DEPTH=quick`` (the default) or ``full``.

Single values follow the name, separated by commas:

    ASYNCMIG_TEST_DEPTH=full,histories=2000,crash_points=all
    ASYNCMIG_TEST_DEPTH=quick,packages=argilla-server+dstack

``full`` is what ``make test-full`` runs in CI. The targets ``test-crash``, ``test-autogen``,
``test-directives`` and ``test-packages`` of the Makefile go beyond it in one subject each. Pytest's
header shows the depth with every value.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields, replace
from functools import cache

VARIABLE = "ASYNCMIG_TEST_DEPTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What is sampled, and how much of it runs.

    Attributes:
        name: ``quick`` or ``full``.
        cells: of a parametrised test that is marked ``cells(number)``: ``some`` runs that many cells,
            ``all`` runs every cell.
        examples: drawn values for each test of a property, where it has no number of its own.
        crash_points: messages of a run at which the connection is cut, for each direction and moment.
        server_wide_crash_points: the same for statements that reach beyond one database.
        comparison_crash_points: the same for a comparison with the models.
        kills: times that the process of a run is killed, for each direction.
        backfill_kills: times that the processes of a backfill are killed, for each kind of it.
        rounds: rounds of starts beside Alembic, and of sessions that the server ends.
        processes: processes that start at the same moment.
        graphs: random revision graphs for each property that is compared with Alembic's.
        histories: random sequences of upgrade, downgrade, crash, edit and resolve.
        model_pairs: random pairs of models that are migrated from one to the other and back.
        drawn: ``same`` draws the same pairs of models in every run, ``anew`` draws others.
        changes_one_in: of the single changes of the models, one in so many runs.
        proofs_one_in: of these changes, one in so many is compared with Alembic and pg_dump.
        directives_one_in: of the pairs of a directive and a habit of old scripts, one in so many runs.
        packages: published packages that are installed and migrated, joined by ``+``; ``none`` or ``all``.
        add_ons: add-ons of SQLAlchemy whose types are compared: ``dev`` (what the extra ``dev``
            installs), ``all`` or ``geoalchemy2``.
    """

    name: str
    cells: str
    examples: int
    crash_points: int
    server_wide_crash_points: int
    comparison_crash_points: int
    kills: int
    backfill_kills: int
    rounds: int
    processes: int
    graphs: int
    histories: int
    model_pairs: int
    drawn: str = "same"
    changes_one_in: int
    proofs_one_in: int
    directives_one_in: int
    packages: str = "none"
    add_ons: str = "dev"

    def __str__(self) -> str:
        numbers = [
            f"{field.name}={self._written(field.name)}"
            for field in fields(self)
            if field.name != "name"
        ]
        return f"{self.name} ({', '.join(numbers)})"

    def _written(self, name: str) -> str:
        value = getattr(self, name)
        return "all" if value == sys.maxsize else str(value)

    def chosen_packages(self, known: list[str]) -> list[str]:
        """The packages that are asked for, by their names among ``known``."""
        if self.packages in {"none", "all"}:
            return known if self.packages == "all" else []
        asked = self.packages.split("+")
        return [name for name in known if name in asked]


QUICK = Depth(
    name="quick",
    cells="some",
    examples=20,
    crash_points=3,
    server_wide_crash_points=1,
    comparison_crash_points=2,
    kills=1,
    backfill_kills=2,
    rounds=4,
    processes=12,
    graphs=40,
    histories=5,
    model_pairs=3,
    changes_one_in=60,
    proofs_one_in=120,
    directives_one_in=300,
)
FULL = Depth(
    name="full",
    cells="all",
    examples=200,
    crash_points=12,
    server_wide_crash_points=3,
    comparison_crash_points=6,
    kills=6,
    backfill_kills=12,
    rounds=40,
    processes=16,
    graphs=300,
    histories=40,
    model_pairs=25,
    changes_one_in=4,
    proofs_one_in=28,
    directives_one_in=30,
)


def parse_depth(text: str) -> Depth:
    """Read a value of ``ASYNCMIG_TEST_DEPTH``.

    Raises:
        ValueError: a name is unknown or a value cannot be read.
    """
    name, *changes = [part.strip() for part in text.split(",")]
    depths = {"": QUICK, QUICK.name: QUICK, FULL.name: FULL}
    if name not in depths:
        raise ValueError(f"{VARIABLE} is {name!r}: it begins with quick or full")
    depth = depths[name]
    for change in changes:
        field, _, value = change.partition("=")
        if field == "name" or field not in {known.name for known in fields(Depth)}:
            raise ValueError(f"{VARIABLE} has no field {field!r}; pytest's header lists them")
        if field == "cells" and value not in {"some", "all"}:
            raise ValueError(f"{VARIABLE} gives cells as {value!r}: it takes some or all")
        if isinstance(getattr(depth, field), str):
            depth = replace(depth, **{field: value})
        else:
            depth = replace(depth, **{field: _number(field, value)})
    return depth


def _number(field: str, value: str) -> int:
    if value == "all" and field.endswith("_points"):
        return sys.maxsize
    if not value.isdecimal() or not int(value):
        wanted = "a number above 0" + (" or all" if field.endswith("_points") else "")
        raise ValueError(f"{VARIABLE} gives {field} as {value!r}: it takes {wanted}")
    return int(value)


@cache
def depth() -> Depth:
    """The depth of this run."""
    return parse_depth(os.environ.get(VARIABLE, ""))
