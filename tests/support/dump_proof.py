"""Whether what a comparison reports is true, shown by pg_dump and by nothing else.

Two databases are given: one that ``create_all`` made, and one that migrations made. Of the second,

- each reported difference changes what pg_dump says where the two databases' dumps differ, or else is
  taken back by another one, a step on the way of a difference in an object that it names;
- once a revision has made all of them, both dumps are the same, but for what models have no words for;
- its downgrade gives the dump back that was there before.

So nothing is reported that pg_dump does not show, and nothing that it shows is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import psycopg2

from fix_database import catalog_dump
from support.dump_facts import facts, facts_of, unlike

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.results import Difference
    from fix_database import MakeDatabase
    from support.dump_facts import Fact


class Service(Protocol):
    """Something with models and migrations; every method takes the database's URL."""

    async def check(self, url: str) -> Sequence[Difference]: ...

    async def revise(self, url: str) -> None:
        """Write what ``check`` finds as a revision on top of all others, and run it."""
        ...

    async def undo(self, url: str) -> None:
        """Downgrade by that revision."""
        ...


@dataclass(frozen=True)
class Proven:
    """What a database that migrations made has, compared with the models.

    Attributes:
        differences: what ``check`` reports and the dumps show.
        around: what it reports besides: steps that a difference takes, and that leave nothing.
        beside: what the database has and models cannot say, or do not speak of: functions, triggers,
            views, partitions ...
    """

    differences: tuple[Difference, ...]
    around: tuple[Difference, ...]
    beside: Counter[Fact]


async def prove(
    service: Service,
    *,
    created: str,
    migrated: str,
    make_database: MakeDatabase,
    elsewhere: str | None = None,
) -> Proven:
    """Hold a service's ``check`` against pg_dump.

    Args:
        service: the one.
        created: URL of a database in which ``create_all`` made the models.
        migrated: URL of one in which the service's own migrations did; afterwards it is as before.
        make_database: makes the database in which the differences are made one by one.
        elsewhere: a regular expression for facts about what models do not speak of: partitions, other
            schemas.

    Raises:
        AssertionError: something is reported that is not there, or is there and not reported.
    """
    none(await service.check(created), "false positives straight after create_all")
    differences = tuple(await service.check(migrated))
    real, around = (), ()
    if differences:
        clone = make_database(template=migrated.rpartition("/")[2])
        real, around = one_by_one(differences, created, clone)
    before = facts(migrated)
    await service.revise(migrated)
    none(await service.check(migrated), "left after the revision")
    wanted, made = facts(created, names=False), facts(migrated, names=False)
    none(wanted - made, "the models have it, and the revision did not make it")
    beside = made - wanted
    undone = [
        fact
        for fact in beside
        if not fact.beside_models and not (elsewhere and re.search(elsewhere, "\n".join(fact)))
    ]
    none(undone, "the models do not have it, and the revision left it")
    await service.undo(migrated)
    none(unlike(facts(migrated), before), "the downgrade did not restore it")
    return Proven(real, around, beside)


def none(found: Iterable[object], what: str) -> None:
    """Raise an AssertionError that lists what was found."""
    listed = [str(item) for item in found]
    assert not listed, "\n".join([f"{what}:", *listed])


def one_by_one(
    differences: Sequence[Difference], created: str, url: str
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Make each difference in a database of its own, and look what that changes in its dump.

    Gives those that change where both dumps differ, and those that only make way: a key of a column
    whose type changes is dropped and added again, as it was.
    """
    wanted, before = both(created), both(url)
    apart = [unlike(one, other).keys() for one, other in zip(wanted, before, strict=True)]
    real, around = [], []
    gone: Counter[Fact] = Counter()
    come: Counter[Fact] = Counter()
    made: set[tuple[str, ...]] = set()
    connection = psycopg2.connect(url)
    connection.autocommit = True
    for difference in differences:
        if difference.sql in made:  # two attributes of a column, changed by one statement
            continue
        made.add(difference.sql)
        with connection.cursor() as cursor:
            for sql in difference.sql:
                cursor.execute(sql)
        after = both(url)
        names = before[0] == after[0]  # what has another name and else is the same
        changed = unlike(before[names], after[names]).keys()
        if changed & apart[names]:
            real.append(difference)
        else:
            around.append((difference, changed))
            gone += before[names] - after[names]
            come += after[names] - before[names]
        before = after
    connection.close()
    objects = [difference.object.split(".") for difference in real]
    none(
        (
            difference
            for difference, changed in around
            if not changed or not any(_mentions(changed, parts) for parts in objects)
        ),
        "pg_dump does not show",
    )
    none(unlike(gone, come), "dropped or made on the way, without being a difference")
    return tuple(real), tuple(difference for difference, _ in around)


def both(url: str) -> tuple[Counter[Fact], Counter[Fact]]:
    """The facts without the names of constraints and indexes, and with them."""
    dump = catalog_dump(url, version_table=False, normalise=False)
    return facts_of(dump, names=False), facts_of(dump)


def _mentions(changed: Iterable[Fact], parts: Sequence[str]) -> bool:
    """Whether facts name an object by all parts of its name."""
    text = "\n".join(f"{fact.owner}\n{fact.text}" for fact in changed)
    return all(re.search(rf"\b{re.escape(part)}\b", text) for part in parts)
