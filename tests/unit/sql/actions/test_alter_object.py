"""ALTER of routines, publications and other objects: each action with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "alter trigger g on s.t rename to h",
        [(K.RENAME_TRIGGER, "", {"target": "TRIGGER", "relation": "s.t", "object": "g",
         "new_name": "h"})],
    ),
    (
        "alter trigger g on t depends on extension e",
        [(K.RENAME_TRIGGER, "", {"target": "TRIGGER", "relation": "t", "object": "g",
         "words": "depends on extension e"})],
    ),
    (
        "alter rule r on t rename to q",
        [(K.RENAME_TRIGGER, "", {"target": "RULE", "relation": "t", "object": "r",
         "new_name": "q"})],
    ),
    (
        "alter policy if exists p on t using (true)",
        [(K.ALTER_POLICY, "", {"target": "POLICY", "relation": "t", "object": "p",
         "words": "using (true)"})],
    ),
    (
        "alter policy p on t rename to q",
        [(K.ALTER_POLICY, "", {"target": "POLICY", "relation": "t", "object": "p",
         "new_name": "q"})],
    ),
    ("alter trigger 5 on t", [(K.RENAME_TRIGGER, "", {"target": "TRIGGER", "words": "5 on t"})]),
    (
        "alter schema s owner to r",
        [(K.ALTER_OBJECT, "", {"target": "SCHEMA", "object": "s", "words": "owner to r"})],
    ),
    (
        "alter publication p add table a, b",
        [(K.ALTER_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "references": ["a", "b"]})],
    ),
    (
        "alter publication p set (publish = 'insert')",
        [(K.ALTER_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "words": "(publish = 'insert')"})],
    ),
    (
        "alter publication p set table s.a where (b > 0), c",
        [(K.ALTER_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "references": ["s.a", "c"]})],
    ),
    (
        "alter publication p rename to q",
        [(K.ALTER_PUBLICATION, "", {"target": "PUBLICATION", "object": "p",
         "words": "rename to q"})],
    ),
    (
        "alter extension e update",
        [(K.ALTER_EXTENSION, "", {"target": "EXTENSION", "object": "e", "words": "update"})],
    ),
    (
        "alter function f(int) rename to g",
        [(K.ALTER_FUNCTION, "", {"target": "FUNCTION", "object": "f",
         "words": "(int) rename to g"})],
    ),
    (
        "alter role r nologin",
        [(K.ALTER_OBJECT, "", {"target": "ROLE", "object": "r", "words": "nologin"})],
    ),
    (
        "alter statistics s set statistics 5",
        [(K.ALTER_OBJECT, "", {"target": "STATISTICS", "object": "s",
         "words": "set statistics 5"})],
    ),
    (
        "alter system set a = 1",
        [(K.ALTER_OBJECT, "", {"target": "SYSTEM", "words": "set a = 1"})],
    ),
    (
        "alter user mapping for current_user server s options (set user 'u')",
        [(K.ALTER_OBJECT, "", {"target": "USER MAPPING", "object": "current_user",
         "words": "server s options (set user 'u')"})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
