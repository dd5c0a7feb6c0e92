"""ALTER TYPE and ALTER DOMAIN: each action with its place in the text."""

from __future__ import annotations

import pytest

from asyncmig.sql.actions.kinds import ActionKind as K
from asyncmig.sql.actions.parse import parse_actions
from support.parsed_actions import facts

# a statement, and its actions: kind, place in the text unless it is the whole one, what is read
CASES = [
    (
        "alter type s.t rename attribute a to b cascade",
        [(K.RENAME_ATTRIBUTE, "rename attribute a to b cascade", {"target": "TYPE",
         "object": "s.t", "column": "a", "new_name": "b"})],
    ),
    (
        "alter type t rename to u",
        [(K.RENAME_TYPE, "rename to u", {"target": "TYPE", "object": "t", "new_name": "u"})],
    ),
    (
        (
            'alter type t add attribute a numeric(5, 2) collate "C" cascade, drop attribute if exists '
            "b, alter attribute c set data type text, alter attribute d type int"
        ),
        [(K.ADD_ATTRIBUTE, 'add attribute a numeric(5, 2) collate "C" cascade', {"target": "TYPE",
         "object": "t", "column": "a", "type": "numeric(5, 2)"}),
         (K.DROP_ATTRIBUTE, "drop attribute if exists b", {"target": "TYPE", "object": "t",
         "column": "b", "if_exists": True}),
         (K.ALTER_ATTRIBUTE_TYPE, "alter attribute c set data type text", {"target": "TYPE",
         "object": "t", "column": "c", "type": "text"}),
         (K.ALTER_ATTRIBUTE_TYPE, "alter attribute d type int", {"target": "TYPE",
         "object": "t", "column": "d", "type": "int"})],
    ),
    (
        "alter type t set schema s",
        [(K.SET_SCHEMA, "set schema s", {"target": "TYPE", "object": "t", "new_name": "s"})],
    ),
    (
        "alter type t set (receive = f)",
        [(K.ALTER_OBJECT, "set (receive = f)", {"target": "TYPE", "object": "t"})],
    ),
    ("alter type t owner to r", [(K.SET_OWNER, "owner to r", {"target": "TYPE", "object": "t"})]),
    (
        "alter type t set frob",
        [(K.UNKNOWN, "set frob", {"target": "TYPE", "object": "t", "words": "set frob"})],
    ),
    ("alter type t", [(K.UNKNOWN, "", {"target": "TYPE", "object": "t"})]),
    (
        "alter type t rename frob",
        [(K.UNKNOWN, "rename frob", {"target": "TYPE", "object": "t",
         "words": "rename frob"})],
    ),
    (
        "alter type t add frob, drop frob",
        [(K.UNKNOWN, "add frob", {"target": "TYPE", "object": "t", "words": "add frob"}),
         (K.UNKNOWN, "drop frob", {"target": "TYPE", "object": "t", "words": "drop frob"})],
    ),
    (
        "alter domain s.d set default f(1, 2)",
        [(K.SET_DOMAIN_DEFAULT, "set default f(1, 2)", {"target": "DOMAIN", "object": "s.d",
         "default": "f(1, 2)"})],
    ),
    (
        "alter domain d drop default",
        [(K.SET_DOMAIN_DEFAULT, "drop default", {"target": "DOMAIN", "object": "d"})],
    ),
    (
        "alter domain d drop not null",
        [(K.DROP_DOMAIN_NOT_NULL, "drop not null", {"target": "DOMAIN", "object": "d"})],
    ),
    (
        "alter domain d drop constraint if exists c cascade",
        [(K.DROP_DOMAIN_CONSTRAINT, "drop constraint if exists c cascade", {"target": "DOMAIN",
         "object": "d", "constraint": "c", "if_exists": True, "cascade": True})],
    ),
    (
        "alter domain d drop constraint c",
        [(K.DROP_DOMAIN_CONSTRAINT, "drop constraint c", {"target": "DOMAIN", "object": "d",
         "constraint": "c"})],
    ),
    (
        "alter domain d set schema s",
        [(K.SET_SCHEMA, "set schema s", {"target": "DOMAIN", "object": "d",
         "new_name": "s"})],
    ),
    (
        "alter domain d add frob",
        [(K.UNKNOWN, "add frob", {"target": "DOMAIN", "object": "d", "words": "add frob"})],
    ),
    (
        "alter domain d validate constraint c",
        [(K.VALIDATE_DOMAIN_CONSTRAINT, "validate constraint c", {"target": "DOMAIN",
         "object": "d", "constraint": "c"})],
    ),
    (
        "alter domain d rename constraint a to b",
        [(K.RENAME_DOMAIN_CONSTRAINT, "rename constraint a to b", {"target": "DOMAIN",
         "object": "d", "constraint": "a", "new_name": "b"})],
    ),
    (
        "alter domain d rename to e",
        [(K.RENAME_DOMAIN, "rename to e", {"target": "DOMAIN", "object": "d",
         "new_name": "e"})],
    ),
    (
        "alter domain d owner to r",
        [(K.SET_OWNER, "owner to r", {"target": "DOMAIN", "object": "d"})],
    ),
    (
        "alter domain d drop frob",
        [(K.UNKNOWN, "drop frob", {"target": "DOMAIN", "object": "d",
         "words": "drop frob"})],
    ),
    ("alter domain d", [(K.UNKNOWN, "", {"target": "DOMAIN", "object": "d"})]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
