"""What the table of facts says about a statement's own relations."""

from __future__ import annotations

import pytest

from asyncmig.locks.known import known_effects
from asyncmig.locks.levels import ImpactLevel, level_of, worst
from asyncmig.locks.modes import Blocks, LockMode, conflict
from asyncmig.locks.safe_forms import safe_form
from asyncmig.sql.actions.parse import parse_actions


@pytest.mark.parametrize(
    ("sql", "locks", "scans"),
    [
        ("alter table s.t add check (a > 0)", {"s.t": "ACCESS EXCLUSIVE"}, {"s.t"}),
        (
            "alter table t add foreign key (a) references s.r",
            {"t": "SHARE ROW EXCLUSIVE", "s.r": "SHARE ROW EXCLUSIVE"},
            {"t", "s.r"},
        ),
        (
            "drop index i",
            {"i": "ACCESS EXCLUSIVE", "the table of i": "ACCESS EXCLUSIVE"},
            set(),
        ),
        (
            "alter table p attach partition c for values in (1)",
            {"p": "SHARE UPDATE EXCLUSIVE", "c": "ACCESS EXCLUSIVE"},
            {"c"},
        ),
        ("create table c partition of p default", {"p": "ACCESS EXCLUSIVE"}, set()),
        ("create table t (a int references r)", {"r": "SHARE ROW EXCLUSIVE"}, set()),
        (
            "alter table c inherit p",
            {"c": "ACCESS EXCLUSIVE", "p": "SHARE UPDATE EXCLUSIVE"},
            set(),
        ),
        (
            "alter table t drop constraint c",
            {
                "t": "ACCESS EXCLUSIVE",
                "the table that its foreign key references": "ACCESS EXCLUSIVE",
            },
            set(),
        ),
        ("lock table t in share mode", {"t": "SHARE"}, set()),
        (
            "alter domain d set not null",
            {"the tables that use it": "SHARE"},
            {"the tables that use it"},
        ),
        ("alter table t add a int, add check (a > 0)", {"t": "ACCESS EXCLUSIVE"}, {"t"}),
        ("set lock_timeout = 1", {}, set()),
    ],
)
def test_effects(sql, locks, scans):
    effects = known_effects(sql, 18)
    assert {str(name): mode.sql for name, mode in effects.locks.items()} == locks
    assert {str(name) for name in effects.scans} == scans
    assert effects.analysed


@pytest.mark.parametrize("sql", ["do $$ begin end $$", "call p()", "frob", "drop owned by r"])
def test_what_is_not_analysed(sql):
    assert not known_effects(sql, 18).analysed


def test_created_relations():
    assert {str(name) for name in known_effects("create table s.t (a int)", 18).created} == {"s.t"}
    assert {str(name) for name in known_effects("alter table s.t rename to u", 18).created} == {
        "s.u"
    }


def test_errors_depend_on_the_version():
    sql = "alter table t add a int not null"
    assert known_effects(sql, 18).errors == {"23502"}


@pytest.mark.parametrize(
    ("blocks", "long", "level"),
    [
        (Blocks.NOTHING, True, ImpactLevel.NONE),
        (Blocks.DDL, True, ImpactLevel.NONE),
        (Blocks.WRITES, False, ImpactLevel.BRIEF),
        (Blocks.WRITES, True, ImpactLevel.WRITES),
        (Blocks.EVERYTHING, False, ImpactLevel.BRIEF),
        (Blocks.EVERYTHING, True, ImpactLevel.EVERYTHING),
    ],
)
def test_levels(blocks, long, level):
    assert level_of(blocks, long=long) is level


def test_the_worst_level():
    assert worst([ImpactLevel.BRIEF, ImpactLevel.WRITES]) is ImpactLevel.WRITES
    assert worst([]) is ImpactLevel.NONE


# documentation, table 13.2
CONFLICTS = """\
.......X
......XX
....XXXX
...XXXXX
..XX.XXX
..XXXXXX
.XXXXXXX
XXXXXXXX"""


def test_conflicts_of_modes():
    modes = list(LockMode)
    assert (
        "\n".join("".join("X" if conflict(one, other) else "." for other in modes) for one in modes)
        == CONFLICTS
    )


def test_safe_forms():
    assert safe_form(parse_actions("create index on t (a)")) == (
        "CREATE INDEX CONCURRENTLY, outside of a transaction"
    )
    assert safe_form(parse_actions("drop table t")) is None
