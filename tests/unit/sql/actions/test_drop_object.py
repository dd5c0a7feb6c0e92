"""DROP: an action for each name, with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "drop owned by a, b cascade",
        [(K.DROP_OWNED, "a", {"target": "OWNED", "object": "a", "cascade": True}),
         (K.DROP_OWNED, "b", {"target": "OWNED", "object": "b", "cascade": True})],
    ),
    (
        "drop trigger g on s.t cascade",
        [(K.DROP_TRIGGER, "g on s.t", {"target": "TRIGGER", "relation": "s.t",
         "object": "g", "cascade": True})],
    ),
    (
        "drop rule r on t, q on u",
        [(K.DROP_RULE, "r on t", {"target": "RULE", "relation": "t", "object": "r"}),
         (K.DROP_RULE, "q on u", {"target": "RULE", "relation": "u", "object": "q"})],
    ),
    (
        "drop policy if exists p on t restrict",
        [(K.DROP_POLICY, "p on t", {"target": "POLICY", "relation": "t", "object": "p",
         "if_exists": True})],
    ),
    ("drop trigger g", [(K.DROP_TRIGGER, "g", {"target": "TRIGGER", "object": "g"})]),
    (
        "drop function f(int, text) cascade",
        [(K.DROP_FUNCTION, "f(int, text)", {"target": "FUNCTION", "object": "f",
         "cascade": True})],
    ),
    (
        "drop aggregate a(*), b(int)",
        [(K.DROP_FUNCTION, "a(*)", {"target": "AGGREGATE", "object": "a"}),
         (K.DROP_FUNCTION, "b(int)", {"target": "AGGREGATE", "object": "b"})],
    ),
    (
        "drop index concurrently i restrict",
        [(K.DROP_INDEX_CONCURRENTLY, "i", {"target": "INDEX", "index": "i",
         "concurrently": True})],
    ),
    (
        "drop index i, s.j cascade",
        [(K.DROP_INDEX, "i", {"target": "INDEX", "index": "i", "cascade": True}),
         (K.DROP_INDEX, "s.j", {"target": "INDEX", "index": "s.j", "cascade": True})],
    ),
    ("drop sequence a", [(K.DROP_SEQUENCE, "a", {"target": "SEQUENCE", "relation": "a"})]),
    ("drop statistics s", [(K.DROP_STATISTICS, "s", {"target": "STATISTICS", "object": "s"})]),
    ("drop publication p", [(K.DROP_OBJECT, "p", {"target": "PUBLICATION", "object": "p"})]),
    ("drop view v", [(K.DROP_VIEW, "v", {"target": "VIEW", "relation": "v"})]),
    (
        "drop materialized view s.v",
        [(K.DROP_MATERIALIZED_VIEW, "s.v", {"target": "MATERIALIZED VIEW",
         "relation": "s.v"})],
    ),
    (
        "drop type a, b",
        [(K.DROP_TYPE, "a", {"target": "TYPE", "object": "a"}),
         (K.DROP_TYPE, "b", {"target": "TYPE", "object": "b"})],
    ),
    ("drop domain d", [(K.DROP_DOMAIN, "d", {"target": "DOMAIN", "object": "d"})]),
    (
        "drop schema s cascade",
        [(K.DROP_SCHEMA, "s", {"target": "SCHEMA", "object": "s", "cascade": True})],
    ),
    (
        "drop extension if exists e",
        [(K.DROP_EXTENSION, "e", {"target": "EXTENSION", "object": "e", "if_exists": True})],
    ),
    ("drop foreign table f", [(K.DROP_TABLE, "f", {"target": "FOREIGN TABLE", "relation": "f"})]),
    (
        "drop text search parser p",
        [(K.DROP_OBJECT, "p", {"target": "TEXT SEARCH PARSER", "object": "p"})],
    ),
    (
        'drop user mapping if exists for "R" server s',
        [(K.DROP_OBJECT, 'for "R" server s', {"target": "USER MAPPING", "object": "R",
         "if_exists": True})],
    ),
    (
        "drop transform for hstore language plpython3u cascade",
        [(K.DROP_OBJECT, "for hstore language plpython3u", {"target": "TRANSFORM",
         "object": "hstore", "cascade": True})],
    ),
    ("drop table a,)", [(K.DROP_TABLE, "a", {"target": "TABLE", "relation": "a"})]),
    ("drop table", [(K.UNKNOWN, "", {"words": "drop table"})]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
