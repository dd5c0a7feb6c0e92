"""Queries, changes of rows, and commands on whole tables: each action with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "update t set (a, b) = row (1, 2), c = 3 where d returning a",
        [(K.UPDATE, "", {"target": "TABLE", "relation": "t", "columns": ("a", "b", "c"),
         "expression": "d", "where": True})],
    ),
    (
        "update t set a[1] = 2",
        [(K.UPDATE, "", {"target": "TABLE", "relation": "t", "columns": ("a",)})],
    ),
    ("update t set 5", [(K.UPDATE, "", {"target": "TABLE", "relation": "t"})]),
    (
        "update t set a = case when b then 1 end, c = (select x from u where y) from v",
        [(K.UPDATE, "", {"target": "TABLE", "relation": "t", "columns": ("a", "c")})],
    ),
    (
        "delete from t using u where t.a = u.a returning *",
        [(K.DELETE, "", {"target": "TABLE", "relation": "t", "expression": "t.a = u.a",
         "where": True})],
    ),
    (
        "merge into t using u on t.a = u.a when matched then update set b = 1",
        [(K.MERGE, "", {"target": "TABLE", "relation": "t"})],
    ),
    (
        "insert into t select * from u where a",
        [(K.INSERT, "", {"target": "TABLE", "relation": "t"})],
    ),
    ("insert into t default values", [(K.INSERT, "", {"target": "TABLE", "relation": "t"})]),
    (
        "select 1 into unlogged table s.u from t where a",
        [(K.CREATE_TABLE_AS, "", {"target": "TABLE", "relation": "s.u", "unlogged": True})],
    ),
    (
        "select 1 into temporary u",
        [(K.CREATE_TABLE_AS, "", {"target": "TABLE", "relation": "u", "temporary": True})],
    ),
    ("select a from t where b", [(K.SELECT, "", {"expression": "b", "where": True})]),
    ("values (1, 2)", [(K.SELECT, "", {})]),
    ("table t", [(K.SELECT, "", {})]),
    (
        "with recursive a as (select 1 union select 2 from a) select * from a",
        [(K.SELECT, "select * from a", {})],
    ),
    (
        (
            "with a as (select 1) search depth first by x set y cycle x set z using w, b as (delete "
            "from t) table b"
        ),
        [(K.DELETE, "delete from t", {"target": "TABLE", "relation": "t"}),
         (K.SELECT, "table b", {})],
    ),
    (
        "with a as (delete from t) ((select 1))",
        [(K.DELETE, "delete from t", {"target": "TABLE", "relation": "t"}),
         (K.SELECT, "select 1", {})],
    ),
    (
        (
            "with a (x) as not materialized (update t set b = 1) merge into u using a on x when matched"
            " then delete"
        ),
        [(K.UPDATE, "update t set b = 1", {"target": "TABLE", "relation": "t",
         "columns": ("b",)}),
         (K.MERGE, "merge into u using a on x when matched then delete", {"target": "TABLE",
         "relation": "u"})],
    ),
    ("select (a, b) from t", [(K.SELECT, "", {})]),
    ("values (a)", [(K.SELECT, "", {})]),
    ("with a as (select 1) frob", [(K.UNKNOWN, "", {"words": "with a as (select 1) frob"})]),
    (
        "with 5 as (select 1) select 1",
        [(K.UNKNOWN, "", {"words": "with 5 as (select 1) select 1"})],
    ),
    ("with a as (select 1)", [(K.UNKNOWN, "", {"words": "with a as (select 1)"})]),
    ("with a (select 1)", [(K.UNKNOWN, "", {"words": "with a (select 1)"})]),
    (
        "copy binary t (a, b) from '/x'",
        [(K.COPY_FROM, "", {"target": "TABLE", "relation": "t", "columns": ("a", "b")})],
    ),
    ("copy t to stdout", [(K.COPY_TO, "", {"target": "TABLE", "relation": "t"})]),
    ("copy (select 1) to stdout", [(K.COPY_TO, "", {})]),
    (
        "truncate a, b (c)",
        [(K.TRUNCATE, "a", {"target": "TABLE", "relation": "a"}),
         (K.TRUNCATE, "b (c)", {"target": "TABLE", "relation": "b"})],
    ),
    ("truncate", [(K.UNKNOWN, "", {"words": "truncate"})]),
    (
        "truncate only a *, s.b restart identity",
        [(K.TRUNCATE, "only a *", {"target": "TABLE", "relation": "a",
         "words": "restart identity", "only": True}),
         (K.TRUNCATE, "s.b", {"target": "TABLE", "relation": "s.b",
         "words": "restart identity"})],
    ),
    (
        "lock t",
        [(K.LOCK_TABLE, "t", {"target": "TABLE", "relation": "t",
         "mode": "ACCESS EXCLUSIVE"})],
    ),
    (
        "lock table only a, s.b in row share mode",
        [(K.LOCK_TABLE, "only a", {"target": "TABLE", "relation": "a", "mode": "ROW SHARE",
         "only": True}), (K.LOCK_TABLE, "s.b", {"target": "TABLE", "relation": "s.b",
         "mode": "ROW SHARE"})],
    ),
    (
        "lock only (a) in access share mode nowait",
        [(K.LOCK_TABLE, "only (a)", {"target": "TABLE", "relation": "a",
         "mode": "ACCESS SHARE", "only": True})],
    ),
    ("vacuum (full false, analyze) a", [(K.VACUUM, "a", {"target": "TABLE", "relation": "a"})]),
    (
        "vacuum (verbose, full 0) a, b",
        [(K.VACUUM, "a", {"target": "TABLE", "relation": "a"}),
         (K.VACUUM, "b", {"target": "TABLE", "relation": "b"})],
    ),
    ("vacuum ()", [(K.VACUUM, "", {})]),
    (
        "vacuum full freeze verbose analyze a (b), s.c",
        [(K.VACUUM_FULL, "a (b)", {"target": "TABLE", "relation": "a"}),
         (K.VACUUM_FULL, "s.c", {"target": "TABLE", "relation": "s.c"})],
    ),
    ("analyse verbose", [(K.ANALYZE, "", {})]),
    ("analyze (verbose) a", [(K.ANALYZE, "a", {"target": "TABLE", "relation": "a"})]),
    ("cluster verbose t", [(K.CLUSTER, "", {"target": "TABLE", "relation": "t"})]),
    (
        "cluster (verbose) s.t using i",
        [(K.CLUSTER, "", {"target": "TABLE", "relation": "s.t", "index": "i"})],
    ),
    ("cluster i on t", [(K.CLUSTER, "", {"target": "TABLE", "relation": "t", "index": "i"})]),
    ("cluster", [(K.CLUSTER, "", {"target": "TABLE"})]),
    (
        "refresh materialized view s.v with no data",
        [(K.REFRESH_MATERIALIZED_VIEW, "", {"target": "MATERIALIZED VIEW",
         "relation": "s.v", "words": "with no data"})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
