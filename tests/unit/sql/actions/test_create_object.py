"""CREATE of views, routines and other objects: each action with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.action import ColumnDefinition, ConstraintDefinition
from asyncmig.sql.actions.action import ConstraintKind as C
from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "create function s.f(a int) returns int language sql as 'select 1'",
        [(K.CREATE_FUNCTION, "", {"target": "FUNCTION", "object": "s.f",
         "words": "(a int) returns int language sql as 'select 1'"})],
    ),
    (
        "create or replace procedure p() language sql as ''",
        [(K.CREATE_FUNCTION, "", {"target": "PROCEDURE", "object": "p",
         "words": "() language sql as ''"})],
    ),
    (
        "create sequence if not exists s.q start 5",
        [(K.CREATE_SEQUENCE, "", {"target": "SEQUENCE", "relation": "s.q",
         "words": "start 5", "if_not_exists": True})],
    ),
    (
        "create extension citext with schema x",
        [(K.CREATE_EXTENSION, "", {"target": "EXTENSION", "object": "citext",
         "words": "with schema x"})],
    ),
    ("create statistics s", [(K.CREATE_STATISTICS, "", {"target": "STATISTICS", "object": "s"})]),
    (
        "create statistics s on a from x.t",
        [(K.CREATE_STATISTICS, "", {"target": "STATISTICS", "relation": "x.t",
         "object": "s"})],
    ),
    (
        "create publication p for table a, only b (c) where (d), table s.e",
        [(K.CREATE_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "references": ["a", "b", "s.e"]})],
    ),
    (
        "create publication p for all tables",
        [(K.CREATE_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "words": "for all tables"})],
    ),
    (
        "create publication p for table 5, a",
        [(K.CREATE_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "references": ["a"]})],
    ),
    (
        "create schema s authorization r",
        [(K.CREATE_SCHEMA, "", {"target": "SCHEMA", "object": "s"})],
    ),
    (
        "create schema s grant usage on schema s to r",
        [(K.CREATE_SCHEMA, "", {"target": "SCHEMA", "object": "s"}),
         (K.UNKNOWN, "grant usage on schema s to r", {"words": "grant usage on schema s to r"})],
    ),
    (
        "create domain s.d as int constraint c check (value > 0) not null default 5",
        [(K.CREATE_DOMAIN, "", {"target": "DOMAIN", "object": "s.d", "constraints": (
         ConstraintDefinition(kind=C.CHECK, name="c", expression="value > 0"),
         ConstraintDefinition(kind=C.NOT_NULL))})],
    ),
    (
        "create domain d as text not frob check (value <> '')",
        [(K.CREATE_DOMAIN, "", {"target": "DOMAIN", "object": "d", "constraints": (
         ConstraintDefinition(kind=C.CHECK, expression="value <> ''"),)})],
    ),
    (
        "create domain d int check (value > 0)",
        [(K.CREATE_DOMAIN, "", {"target": "DOMAIN", "object": "d", "constraints": (
         ConstraintDefinition(kind=C.CHECK, expression="value > 0"),)})],
    ),
    (
        "create domain d as bool default (not null) check (value)",
        [(K.CREATE_DOMAIN, "", {"target": "DOMAIN", "object": "d", "constraints": (
         ConstraintDefinition(kind=C.CHECK, expression="value"),)})],
    ),
    (
        'create domain d as text collate "C"',
        [(K.CREATE_DOMAIN, "", {"target": "DOMAIN", "object": "d"})],
    ),
    (
        "create type mood as enum ('a', 'b')",
        [(K.CREATE_TYPE, "", {"target": "TYPE", "object": "mood",
         "words": "as enum ('a', 'b')"})],
    ),
    (
        "create text search configuration s.c (parser = p)",
        [(K.CREATE_OBJECT, "", {"target": "TEXT SEARCH CONFIGURATION", "object": "s.c",
         "words": "(parser = p)"})],
    ),
    (
        "create text search dictionary d (template = t)",
        [(K.CREATE_OBJECT, "", {"target": "TEXT SEARCH DICTIONARY", "object": "d",
         "words": "(template = t)"})],
    ),
    (
        "create foreign data wrapper w",
        [(K.CREATE_OBJECT, "", {"target": "FOREIGN DATA WRAPPER", "object": "w"})],
    ),
    (
        "create foreign table f (a int) server x",
        [(K.CREATE_TABLE, "", {"target": "FOREIGN TABLE", "relation": "f", "definitions": (
         ColumnDefinition(name="a", type="int"),)})],
    ),
    (
        "create event trigger e on ddl_command_end execute function f()",
        [(K.CREATE_OBJECT, "", {"target": "EVENT TRIGGER", "object": "e",
         "words": "on ddl_command_end execute function f()"})],
    ),
    (
        "create operator class c for type int using btree as storage int",
        [(K.CREATE_OBJECT, "", {"target": "OPERATOR CLASS", "object": "c",
         "words": "for type int using btree as storage int"})],
    ),
    (
        "create access method m type index handler h",
        [(K.CREATE_OBJECT, "", {"target": "ACCESS METHOD", "object": "m",
         "words": "type index handler h"})],
    ),
    (
        "create constraint trigger g after insert on t execute function f()",
        [(K.CREATE_TRIGGER, "", {"target": "TRIGGER", "relation": "t", "object": "g",
         "words": "execute function f()"})],
    ),
    (
        "create or replace rule r as on insert to s.t do instead nothing",
        [(K.CREATE_RULE, "", {"target": "RULE", "relation": "s.t", "object": "r",
         "words": "do instead nothing"})],
    ),
    ("create policy 5 on t", [(K.CREATE_POLICY, "", {"target": "POLICY", "relation": "t"})]),
    (
        "create temp view v as select 1",
        [(K.CREATE_VIEW, "", {"target": "VIEW", "relation": "v", "expression": "select 1",
         "temporary": True})],
    ),
    (
        "create recursive view v (a) as select 1",
        [(K.CREATE_VIEW, "", {"target": "VIEW", "relation": "v", "expression": "select 1"})],
    ),
    (
        "create or replace materialized view v as select 1",
        [(K.CREATE_MATERIALIZED_VIEW, "", {"target": "MATERIALIZED VIEW", "relation": "v",
         "expression": "select 1"})],
    ),
    (
        "create materialized view if not exists s.v as select 1 with no data",
        [(K.CREATE_MATERIALIZED_VIEW, "", {"target": "MATERIALIZED VIEW", "relation": "s.v",
         "expression": "select 1 with no data", "if_not_exists": True})],
    ),
    ("create trusted language l", [(K.CREATE_OBJECT, "", {"target": "LANGUAGE", "object": "l"})]),
    (
        "create default conversion c for 'x' to 'y' from f",
        [(K.CREATE_OBJECT, "", {"target": "CONVERSION", "object": "c",
         "words": "for 'x' to 'y' from f"})],
    ),
    (
        "create user mapping if not exists for r server s options (user 'u')",
        [(K.CREATE_OBJECT, "", {"target": "USER MAPPING", "object": "r",
         "words": "server s options (user 'u')", "if_not_exists": True})],
    ),
    (
        "create transform for s.hstore language plpython3u (from sql with function f(internal))",
        [(K.CREATE_OBJECT, "", {"target": "TRANSFORM", "object": "s.hstore",
         "words": "language plpython3u (from sql with function f(internal))"})],
    ),
    (
        "create schema if not exists authorization r",
        [(K.CREATE_SCHEMA, "", {"target": "SCHEMA", "object": "r", "if_not_exists": True})],
    ),
    (
        "create statistics on a, b from t",
        [(K.CREATE_STATISTICS, "", {"target": "STATISTICS", "relation": "t"})],
    ),
    ("create", [(K.UNKNOWN, "", {"words": "create"})]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
