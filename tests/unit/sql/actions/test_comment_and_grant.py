"""COMMENT, GRANT, REVOKE and calls: each action with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    ("comment on column a is 'x'", [(K.COMMENT, "", {"target": "COLUMN", "column": "a"})]),
    (
        "comment on column d.s.t.a is 'x'",
        [(K.COMMENT, "", {"target": "COLUMN", "relation": "s.t", "column": "a"})],
    ),
    (
        "comment on column t.a is 'x'",
        [(K.COMMENT, "", {"target": "COLUMN", "relation": "t", "column": "a"})],
    ),
    ("comment on column a is 'x'", [(K.COMMENT, "", {"target": "COLUMN", "column": "a"})]),
    ("comment on column 5 is 'x'", [(K.COMMENT, "", {"target": "COLUMN"})]),
    ("comment on view v is 'x'", [(K.COMMENT, "", {"target": "VIEW", "relation": "v"})]),
    ("comment on index s.i is 'x'", [(K.COMMENT, "", {"target": "INDEX", "index": "s.i"})]),
    (
        "comment on trigger g on s.t is 'x'",
        [(K.COMMENT, "", {"target": "TRIGGER", "relation": "s.t", "object": "g"})],
    ),
    (
        "comment on constraint c on domain d is 'x'",
        [(K.COMMENT, "", {"target": "CONSTRAINT", "constraint": "c"})],
    ),
    ("comment on constraint 5 on t is 'x'", [(K.COMMENT, "", {"target": "CONSTRAINT"})]),
    ("comment on function f(int) is 'x'", [(K.COMMENT, "", {"target": "FUNCTION", "object": "f"})]),
    (
        "comment on materialized view v is 'x'",
        [(K.COMMENT, "", {"target": "MATERIALIZED VIEW", "relation": "v"})],
    ),
    ("comment on policy p is 'x'", [(K.COMMENT, "", {"target": "POLICY", "object": "p"})]),
    ("comment 'x'", [(K.UNKNOWN, "", {"words": "comment 'x'"})]),
    (
        "grant select (a), update on table t, s.u to r",
        [(K.GRANT, "", {"target": "TABLE", "relation": "t", "words": "select (a), update"}),
         (K.GRANT, "", {"target": "TABLE", "relation": "s.u",
         "words": "select (a), update"})],
    ),
    (
        "grant usage on sequence s to r",
        [(K.GRANT, "", {"target": "SEQUENCE", "relation": "s", "words": "usage"})],
    ),
    (
        "grant execute on all functions in schema s to r",
        [(K.GRANT, "", {"target": "ALL", "words": "execute"})],
    ),
    ("grant usage on type t to r", [(K.GRANT, "", {"target": "TYPE", "words": "usage"})]),
    (
        "grant select on type to r",
        [(K.GRANT, "", {"target": "TABLE", "relation": "type", "words": "select"})],
    ),
    (
        "grant select on schema to r",
        [(K.GRANT, "", {"target": "TABLE", "relation": "schema", "words": "select"})],
    ),
    (
        "grant select on type, u to r",
        [(K.GRANT, "", {"target": "TABLE", "relation": "type", "words": "select"}),
         (K.GRANT, "", {"target": "TABLE", "relation": "u", "words": "select"})],
    ),
    (
        "revoke grant option for select on t from r cascade",
        [(K.REVOKE, "", {"target": "TABLE", "relation": "t",
         "words": "grant option for select"})],
    ),
    (
        "grant usage on foreign server s to r",
        [(K.GRANT, "", {"target": "FOREIGN", "words": "usage"})],
    ),
    ("call s.p(1)", [(K.CALL, "", {"object": "s.p"})]),
    ("execute q", [(K.EXECUTE, "", {"object": "q"})]),
    ("execute 5", [(K.EXECUTE, "", {})]),
    ("reset all", [(K.SESSION, "", {"words": "all"})]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
