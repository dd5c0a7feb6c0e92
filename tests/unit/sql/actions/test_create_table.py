"""CREATE TABLE: its columns, constraints and parents."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.action import ColumnDefinition, ConstraintDefinition
from asyncmig.sql.actions.action import ConstraintKind as C
from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.reader import SqlName
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "create table t of s.ty (primary key (a))",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "constraints": (
         ConstraintDefinition(kind=C.PRIMARY_KEY, columns=("a",)),)})],
    ),
    (
        "create table t (like 5)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t"}),
         (K.UNKNOWN, "like 5", {"words": "like 5"})],
    ),
    (
        "create table t (like u excluding all, 'x', like s.v including defaults including indexes)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t",
         "references": ["u", "s.v"]}), (K.UNKNOWN, "'x'", {"words": "'x'"})],
    ),
    (
        "create table c partition of p for values with (modulus 2, remainder 0) tablespace x",
        [(K.CREATE_PARTITION, "", {"target": "TABLE", "relation": "c", "partition": "p",
         "expression": "for values with (modulus 2, remainder 0)"})],
    ),
    (
        "create table c partition of p for frob",
        [(K.CREATE_PARTITION, "", {"target": "TABLE", "relation": "c", "partition": "p",
         "expression": ""})],
    ),
    (
        "create temp table t (a int) on commit drop",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="int"),), "temporary": True})],
    ),
    (
        "create table t (a int",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="int"),)}),
         (K.UNKNOWN, "a int", {"words": "a int"})],
    ),
    (
        "create table t (a int references u, b int references u, foreign key (a) references w)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "references": ["u", "w"],
         "definitions": (ColumnDefinition(name="a", type="int", constraints=(
         ConstraintDefinition(kind=C.FOREIGN_KEY, columns=("a",),
         references=SqlName(schema=None, name="u")),)),
         ColumnDefinition(name="b", type="int", constraints=(ConstraintDefinition(
         kind=C.FOREIGN_KEY, columns=("b",), references=SqlName(schema=None, name="u")),))),
         "constraints": (ConstraintDefinition(kind=C.FOREIGN_KEY, columns=("a",),
         references=SqlName(schema=None, name="w")),)})],
    ),
    (
        "create table t (a int) inherits p",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "references": ["p"],
         "definitions": (ColumnDefinition(name="a", type="int"),)})],
    ),
    (
        "create table t (a int) inherits (p) using heap",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "references": ["p"],
         "definitions": (ColumnDefinition(name="a", type="int"),)})],
    ),
    (
        "create table t (a, b) as values (1, 2)",
        [(K.CREATE_TABLE_AS, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a"), ColumnDefinition(name="b")),
         "expression": "values (1, 2)"})],
    ),
    (
        "create table t using heap as select case when a then b end as c from u",
        [(K.CREATE_TABLE_AS, "", {"target": "TABLE", "relation": "t",
         "expression": "select case when a then b end as c from u"})],
    ),
    (
        "create table if not exists t ()",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "if_not_exists": True})],
    ),
    (
        "create foreign table if not exists s.f (a int options (x 'y') not null) server z",
        [(K.CREATE_TABLE, "", {"target": "FOREIGN TABLE", "relation": "s.f",
         "definitions": (ColumnDefinition(name="a", type="int", constraints=(
         ConstraintDefinition(kind=C.NOT_NULL, columns=("a",)),)),),
         "if_not_exists": True})],
    ),
    (
        "create table t (constraint c frob, b int)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="b", type="int"),)}),
         (K.UNKNOWN, "constraint c frob", {"words": "constraint c frob"})],
    ),
    (
        (
            "create table t (a int primary key using index tablespace x check (a > 0) no inherit, "
            "exclude using gist (a with =) where (a > 0), exclude (a with =))"
        ),
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="int", constraints=(ConstraintDefinition(
         kind=C.PRIMARY_KEY, columns=("a",)), ConstraintDefinition(kind=C.CHECK,
         expression="a > 0", no_inherit=True))),), "constraints": (ConstraintDefinition(
         kind=C.EXCLUDE, expression="a with ="), ConstraintDefinition(kind=C.EXCLUDE,
         expression="a with ="))})],
    ),
    (
        (
            "create table t (a with options default 5 not null, b int constraint c default 6 constraint"
            " d null unique)"
        ),
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", default="5", constraints=(ConstraintDefinition(
         kind=C.NOT_NULL, columns=("a",)),)),
         ColumnDefinition(name="b", type="int", default="6", constraints=(
         ConstraintDefinition(kind=C.UNIQUE, columns=("b",)),)))})],
    ),
    (
        'create table t (a text collate s."C" not null, b text not null collate c)',
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="text", collation='s."C"', constraints=(
         ConstraintDefinition(kind=C.NOT_NULL, columns=("a",)),)),
         ColumnDefinition(name="b", type="text", collation="c", constraints=(
         ConstraintDefinition(kind=C.NOT_NULL, columns=("b",)),)))})],
    ),
    (
        "create table t (a text collate 5, b int)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="text"), ColumnDefinition(name="b", type="int"))}),
         (K.UNKNOWN, "a text collate 5", {"words": "a text collate 5"})],
    ),
    (
        "create table c partition of p (a default 5, b not null) default",
        [(K.CREATE_PARTITION, "", {"target": "TABLE", "relation": "c", "partition": "p",
         "definitions": (ColumnDefinition(name="a", default="5"), ColumnDefinition(name="b",
         constraints=(ConstraintDefinition(kind=C.NOT_NULL, columns=("b",)),))),
         "expression": "default"})],
    ),
    (
        "create table t (a bool default b is not, c int)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="bool", default="b is not"),
         ColumnDefinition(name="c", type="int"))})],
    ),
    (
        "create table t (a int default, b int)",
        [(K.CREATE_TABLE, "", {"target": "TABLE", "relation": "t", "definitions": (
         ColumnDefinition(name="a", type="int", default=", b int"),)})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
