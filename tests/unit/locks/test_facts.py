"""Which facts describe a statement."""

from __future__ import annotations

import pytest

from asyncmig.locks.facts import fact_keys, find_fact, is_volatile
from asyncmig.locks.modes import LockMode
from asyncmig.sql.actions.kinds import NOT_ANALYSED, ActionKind
from asyncmig.sql.actions.parse import parse_actions
from lock_cases import CASES


def test_the_keys_of_each_case_are_in_the_table():
    for case in CASES:
        (action,) = parse_actions(case.sql)
        assert case.key.split(":")[0] == action.kind.value
        for key in (case.key, *fact_keys(action)):
            assert find_fact(key, 18), (case.key, key)


def test_every_kind_is_a_case_or_says_why_not():
    measured = {case.key.split(":")[0] for case in CASES}
    missing = {kind for kind in ActionKind if kind.value not in measured}
    assert missing - NOT_ANALYSED == {
        ActionKind.DETACH_PARTITION_FINALIZE,  # needs a detach that was interrupted
        ActionKind.DROP_OWNED,  # depends on what the role owns
        ActionKind.SESSION,
        ActionKind.TRANSACTION,
    }


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("alter table t add a int", ["add_column"]),
        ("alter table t add a int default 5", ["add_column: constant default"]),
        ("alter table t add a timestamptz default now()", ["add_column: constant default"]),
        ("alter table t add a uuid default gen_random_uuid()", ["add_column: volatile default"]),
        ("alter table t add a bigserial", ["add_column: serial"]),
        ("alter table t add a int not null", ["add_column: NOT NULL without default"]),
        (
            "alter table t add a int default 1 references r check (a > 0)",
            [
                "add_column: constant default",
                "add_column: check",
                "add_column: references, constant default",
            ],
        ),
        ("alter table t add a int default null references r", [
            "add_column: constant default", "add_column: references",
        ]),
        ("alter table t add a int generated always as (1) stored", ["add_column: generated stored"]),
        ("alter table t add check (a > 0) not valid", ["add_check: not valid"]),
        ("alter table t add unique using index i", ["add_unique: using index"]),
        (
            "alter table t add primary key using index i",
            ["add_primary_key: using index, nullable column"],
        ),
        ("create unique index i on t (a)", ["create_index: unique"]),
        ("reindex table concurrently t", ["reindex_concurrently: table"]),
        ("create table t (a int)", ["create_table"]),
        ("create table t (a int references r)", ["create_table: references"]),
        ("create table t (a int, foreign key (a) references r)", ["create_table: references"]),
        ("create table t () inherits (parent)", ["create_table: inherits"]),
        ("comment on column t.a is 'x'", ["comment: column"]),
        ("alter table t drop constraint c", ["drop_constraint: foreign key"]),
        ("set lock_timeout = 1", []),
        ("do $$ begin end $$", []),
        ("frobnicate", []),
    ],
)  # fmt: skip
def test_keys_of_a_statement(sql, keys):
    assert [key for action in parse_actions(sql) for key in fact_keys(action)] == keys


@pytest.mark.parametrize(
    ("expression", "volatile"),
    [
        ("5", False),
        ("'f(x)'", False),
        ("now()", False),
        ("CURRENT_TIMESTAMP(3)", False),
        ("'x'::varchar(10)", False),
        ("timezone('utc', now())", False),
        ("ARRAY[1, 2]", False),
        ("random()", True),
        ("nextval('s'::regclass)", True),
        ("clock_timestamp()", True),
        ("app.make()", True),
        ("now() + random() * interval '1 day'", True),
    ],
)
def test_volatile_defaults(expression, volatile):
    assert is_volatile(expression) is volatile


def test_versions_differ():
    key = "add_foreign_key: partitioned table, not valid"
    old, new = find_fact(key, 17), find_fact(key, 18)
    assert old is not None
    assert new is not None
    assert old.error == "42809"
    assert new.locks["partition"] is LockMode.SHARE_ROW_EXCLUSIVE


@pytest.mark.parametrize(("major", "nearest"), [(13, 14), (19, 18)])
def test_an_unknown_version_is_taken_as_the_nearest(major, nearest):
    assert find_fact("grant", major) == find_fact("grant", nearest)


def test_what_a_version_does_not_have():
    assert find_fact("add_column: generated virtual", 17) is None
    assert find_fact("nothing", 18) is None
