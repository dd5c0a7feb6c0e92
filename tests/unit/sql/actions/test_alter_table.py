"""ALTER TABLE and its like: each action with its place in the text."""

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
        "alter table all in tablespace a owned by r set tablespace b nowait",
        [(K.SET_TABLESPACE, "", {"target": "ALL TABLE",
         "words": "a owned by r set tablespace b nowait"})],
    ),
    (
        "alter index all in tablespace a set tablespace b",
        [(K.SET_TABLESPACE, "", {"target": "ALL INDEX", "words": "a set tablespace b"})],
    ),
    (
        "alter sequence s no cycle",
        [(K.ALTER_SEQUENCE, "no cycle", {"target": "SEQUENCE", "relation": "s",
         "words": "no cycle"})],
    ),
    (
        "alter sequence s set logged",
        [(K.ALTER_SEQUENCE, "set logged", {"target": "SEQUENCE", "relation": "s"})],
    ),
    (
        "alter sequence s increment by 2, 5",
        [(K.ALTER_SEQUENCE, "increment by 2, 5", {"target": "SEQUENCE", "relation": "s",
         "words": "increment by 2, 5"})],
    ),
    (
        "alter sequence s set schema u",
        [(K.SET_SCHEMA, "set schema u", {"target": "SEQUENCE", "relation": "s",
         "new_name": "u"})],
    ),
    (
        "alter sequence s rename to q",
        [(K.RENAME_SEQUENCE, "rename to q", {"target": "SEQUENCE", "relation": "s",
         "new_name": "q"})],
    ),
    (
        "alter table t add 5",
        [(K.UNKNOWN, "add 5", {"target": "TABLE", "relation": "t", "words": "add 5"})],
    ),
    (
        "alter table t add column 'x' int, drop b",
        [(K.UNKNOWN, "add column 'x' int", {"target": "TABLE", "relation": "t",
         "words": "add column 'x' int"}), (K.DROP_COLUMN, "drop b", {"target": "TABLE",
         "relation": "t", "column": "b"})],
    ),
    (
        "alter table t alter constraint c deferrable initially deferred",
        [(K.ALTER_CONSTRAINT, "alter constraint c deferrable initially deferred", {"target": "TABLE",
         "relation": "t", "constraint": "c", "words": "deferrable initially deferred"})],
    ),
    (
        "alter index i alter column 2 set statistics 100",
        [(K.ALTER_INDEX, "alter column 2 set statistics 100", {"target": "INDEX",
         "index": "i", "words": "2 set statistics 100"})],
    ),
    (
        "alter table t alter 5 set not null",
        [(K.UNKNOWN, "alter 5 set not null", {"target": "TABLE", "relation": "t",
         "words": "alter 5 set not null"})],
    ),
    (
        "alter table t alter a drop frob",
        [(K.UNKNOWN, "alter a drop frob", {"target": "TABLE", "relation": "t",
         "words": "alter a drop frob"})],
    ),
    (
        "alter table t alter a reset (n_distinct)",
        [(K.SET_COLUMN_OPTIONS, "alter a reset (n_distinct)", {"target": "TABLE",
         "relation": "t", "column": "a", "words": "(n_distinct)"})],
    ),
    (
        "alter table t alter a restart with 5",
        [(K.ALTER_IDENTITY, "alter a restart with 5", {"target": "TABLE", "relation": "t",
         "column": "a", "words": "with 5"})],
    ),
    (
        "alter foreign table t alter a options (set x 'y')",
        [(K.SET_COLUMN_OPTIONS, "alter a options (set x 'y')", {"target": "FOREIGN TABLE",
         "relation": "t", "column": "a", "words": "(set x 'y')"})],
    ),
    (
        "alter table t alter a set (n_distinct = 5)",
        [(K.SET_COLUMN_OPTIONS, "alter a set (n_distinct = 5)", {"target": "TABLE",
         "relation": "t", "column": "a", "words": "(n_distinct = 5)"})],
    ),
    (
        "alter table t alter a set compression lz4",
        [(K.SET_COMPRESSION, "alter a set compression lz4", {"target": "TABLE",
         "relation": "t", "column": "a", "words": "compression lz4"})],
    ),
    (
        "alter table t alter a drop expression if exists",
        [(K.DROP_EXPRESSION, "alter a drop expression if exists", {"target": "TABLE",
         "relation": "t", "column": "a", "if_exists": True})],
    ),
    (
        "alter table t alter a type text collate 5",
        [(K.UNKNOWN, "alter a type text collate 5", {"target": "TABLE", "relation": "t",
         "words": "alter a type text collate 5"})],
    ),
    (
        "alter table t alter a add frob",
        [(K.UNKNOWN, "alter a add frob", {"target": "TABLE", "relation": "t",
         "words": "alter a add frob"})],
    ),
    (
        "alter table t rename a",
        [(K.UNKNOWN, "rename a", {"target": "TABLE", "relation": "t", "words": "rename a"})],
    ),
    (
        "alter table t set without cluster",
        [(K.SET_WITHOUT_CLUSTER, "set without cluster", {"target": "TABLE",
         "relation": "t"})],
    ),
    (
        "alter index i set (fillfactor = 70)",
        [(K.ALTER_INDEX, "set (fillfactor = 70)", {"target": "INDEX", "index": "i",
         "words": "(fillfactor = 70)"})],
    ),
    (
        "alter table t set without oids",
        [(K.SET_STORAGE_PARAMETERS, "set without oids", {"target": "TABLE", "relation": "t",
         "words": "without oids"})],
    ),
    (
        "alter table t set logged, set tablespace x",
        [(K.SET_LOGGED, "set logged", {"target": "TABLE", "relation": "t"}),
         (K.SET_TABLESPACE, "set tablespace x", {"target": "TABLE", "relation": "t",
         "words": "x"})],
    ),
    (
        "alter table t set without frob, set frob oids",
        [(K.UNKNOWN, "set without frob", {"target": "TABLE", "relation": "t",
         "words": "set without frob"}), (K.UNKNOWN, "set frob oids", {"target": "TABLE",
         "relation": "t", "words": "set frob oids"})],
    ),
    (
        "alter table t enable row level security",
        [(K.ENABLE_ROW_SECURITY, "enable row level security", {"target": "TABLE",
         "relation": "t"})],
    ),
    (
        "alter table t disable always frob, disable trigger all",
        [(K.UNKNOWN, "disable always frob", {"target": "TABLE", "relation": "t",
         "words": "disable always frob"}), (K.DISABLE_TRIGGER, "disable trigger all",
         {"target": "TABLE", "relation": "t", "words": "all"})],
    ),
    (
        "alter table t alter a type storage, alter b type options using c",
        [(K.ALTER_COLUMN_TYPE, "alter a type storage", {"target": "TABLE", "relation": "t",
         "column": "a", "type": "storage"}), (K.ALTER_COLUMN_TYPE, "alter b type options using c",
         {"target": "TABLE", "relation": "t", "column": "b", "type": "options",
         "expression": "c"})],
    ),
    (
        "alter sequence s owned by s.t.a",
        [(K.ALTER_SEQUENCE, "owned by s.t.a", {"target": "SEQUENCE", "relation": "s",
         "words": "owned by s.t.a"})],
    ),
    (
        "alter sequence s owner to r",
        [(K.SET_OWNER, "owner to r", {"target": "SEQUENCE", "relation": "s", "words": "to r"})],
    ),
    (
        "alter table t set frob",
        [(K.UNKNOWN, "set frob", {"target": "TABLE", "relation": "t", "words": "set frob"})],
    ),
    (
        "alter index i reset (fillfactor)",
        [(K.ALTER_INDEX, "reset (fillfactor)", {"target": "INDEX", "index": "i",
         "words": "(fillfactor)"})],
    ),
    (
        "alter table t reset (fillfactor)",
        [(K.SET_STORAGE_PARAMETERS, "reset (fillfactor)", {"target": "TABLE",
         "relation": "t", "words": "(fillfactor)"})],
    ),
    (
        "alter table t disable row level security",
        [(K.DISABLE_ROW_SECURITY, "disable row level security", {"target": "TABLE",
         "relation": "t"})],
    ),
    (
        "alter table t enable replica trigger g",
        [(K.ENABLE_TRIGGER, "enable replica trigger g", {"target": "TABLE", "relation": "t",
         "words": "g"})],
    ),
    (
        "alter table t enable always rule r",
        [(K.ENABLE_RULE, "enable always rule r", {"target": "TABLE", "relation": "t",
         "words": "r"})],
    ),
    (
        "alter table t disable rule r",
        [(K.DISABLE_RULE, "disable rule r", {"target": "TABLE", "relation": "t",
         "words": "r"})],
    ),
    (
        "alter table t force row level security",
        [(K.FORCE_ROW_SECURITY, "force row level security", {"target": "TABLE",
         "relation": "t"})],
    ),
    (
        "alter table t force frob",
        [(K.UNKNOWN, "force frob", {"target": "TABLE", "relation": "t",
         "words": "force frob"})],
    ),
    (
        "alter table t no inherit p",
        [(K.NO_INHERIT, "no inherit p", {"target": "TABLE", "relation": "t",
         "partition": "p"})],
    ),
    (
        "alter index i no depends on extension e",
        [(K.ALTER_INDEX, "no depends on extension e", {"target": "INDEX", "index": "i",
         "words": "depends on extension e"})],
    ),
    (
        "alter table t no frob",
        [(K.UNKNOWN, "no frob", {"target": "TABLE", "relation": "t", "words": "no frob"})],
    ),
    (
        "alter table t inherit s.p",
        [(K.INHERIT, "inherit s.p", {"target": "TABLE", "relation": "t",
         "partition": "s.p"})],
    ),
    (
        "alter table t attach frob",
        [(K.UNKNOWN, "attach frob", {"target": "TABLE", "relation": "t",
         "words": "attach frob"})],
    ),
    (
        "alter table t detach frob",
        [(K.UNKNOWN, "detach frob", {"target": "TABLE", "relation": "t",
         "words": "detach frob"})],
    ),
    (
        "alter table t detach partition c finalize",
        [(K.DETACH_PARTITION_FINALIZE, "detach partition c finalize", {"target": "TABLE",
         "relation": "t", "partition": "c"})],
    ),
    (
        "alter table t cluster on i, replica identity using index i",
        [(K.CLUSTER_ON, "cluster on i", {"target": "TABLE", "relation": "t",
         "words": "on i"}),
         (K.REPLICA_IDENTITY, "replica identity using index i", {"target": "TABLE",
         "relation": "t", "words": "identity using index i"})],
    ),
    (
        "alter index i depends on extension e",
        [(K.ALTER_INDEX, "depends on extension e", {"target": "INDEX", "index": "i",
         "words": "on extension e"})],
    ),
    (
        "alter table t of s.ty",
        [(K.OF_TYPE, "of s.ty", {"target": "TABLE", "relation": "t", "words": "s.ty"})],
    ),
    (
        "alter table t not of",
        [(K.NOT_OF_TYPE, "not of", {"target": "TABLE", "relation": "t", "words": "of"})],
    ),
    (
        "alter foreign table t options (set a 'b')",
        [(K.SET_STORAGE_PARAMETERS, "options (set a 'b')", {"target": "FOREIGN TABLE",
         "relation": "t", "words": "(set a 'b')"})],
    ),
    (
        "alter table t owner to r",
        [(K.SET_OWNER, "owner to r", {"target": "TABLE", "relation": "t", "words": "to r"})],
    ),
    (
        "alter view v rename to w",
        [(K.RENAME_VIEW, "rename to w", {"target": "VIEW", "relation": "v",
         "new_name": "w"})],
    ),
    (
        "alter view v rename column a to b",
        [(K.RENAME_COLUMN, "rename column a to b", {"target": "VIEW", "relation": "v",
         "column": "a", "new_name": "b"})],
    ),
    (
        "alter materialized view v rename to w",
        [(K.RENAME_MATERIALIZED_VIEW, "rename to w", {"target": "MATERIALIZED VIEW",
         "relation": "v", "new_name": "w"})],
    ),
    (
        "alter foreign table f rename to g",
        [(K.RENAME_TABLE, "rename to g", {"target": "FOREIGN TABLE", "relation": "f",
         "new_name": "g"})],
    ),
    (
        "alter materialized view m set schema u",
        [(K.SET_SCHEMA, "set schema u", {"target": "MATERIALIZED VIEW", "relation": "m",
         "new_name": "u"})],
    ),
    (
        "alter table t drop a restrict",
        [(K.DROP_COLUMN, "drop a restrict", {"target": "TABLE", "relation": "t",
         "column": "a"})],
    ),
    (
        "alter table if exists t drop constraint c",
        [(K.DROP_CONSTRAINT, "drop constraint c", {"target": "TABLE", "relation": "t",
         "constraint": "c", "if_exists": True})],
    ),
    (
        "alter table only (t) add b int",
        [(K.ADD_COLUMN, "add b int", {"target": "TABLE", "relation": "t", "column": "b",
         "new_column": ColumnDefinition(name="b", type="int"), "type": "int",
         "only": True})],
    ),
    (
        "alter table t add constraint c foreign key (a) frob",
        [(K.UNKNOWN, "add constraint c foreign key (a) frob", {"target": "TABLE",
         "relation": "t", "words": "add constraint c foreign key (a) frob"})],
    ),
    (
        "alter table t add constraint c not null a no inherit",
        [(K.ADD_NOT_NULL, "add constraint c not null a no inherit", {"target": "TABLE",
         "relation": "t", "columns": ("a",), "constraint": "c", "new_constraint":
         ConstraintDefinition(kind=C.NOT_NULL, name="c", columns=("a",), no_inherit=True)})],
    ),
    (
        (
            "alter table t add a int, add constraint k foreign key (a) references u, add b int "
            "references s.w"
        ),
        [(K.ADD_COLUMN, "add a int", {"target": "TABLE", "relation": "t", "column": "a",
         "new_column": ColumnDefinition(name="a", type="int"), "type": "int"}),
         (K.ADD_FOREIGN_KEY, "add constraint k foreign key (a) references u", {"target": "TABLE",
         "relation": "t", "columns": ("a",), "constraint": "k", "new_constraint":
         ConstraintDefinition(kind=C.FOREIGN_KEY, name="k", columns=("a",),
         references=SqlName(schema=None, name="u")), "references": ["u"]}),
         (K.ADD_COLUMN, "add b int references s.w", {"target": "TABLE", "relation": "t",
         "column": "b", "new_column": ColumnDefinition(name="b", type="int", constraints=(
         ConstraintDefinition(kind=C.FOREIGN_KEY, columns=("b",),
         references=SqlName(schema="s", name="w")),)), "references": ["s.w"],
         "type": "int"})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), CASES)
def test_actions_with_their_places(sql, expected):
    found = [(each.kind, sql[each.start : each.end], facts(each)) for each in parse_actions(sql)]
    assert found == [(kind, place or sql, read) for kind, place, read in expected]
