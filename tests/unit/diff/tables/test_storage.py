"""Storage of tables, columns and indexes, and parents of tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import catalog, column, index, name, primary_key, sql, table

ID = column("id")
PLAIN = table("book", ID)


def changes(before, after):
    return sql(compare(catalog(*before), catalog(*after)))


@pytest.mark.parametrize(
    ("fields", "set_", "reset"),
    [
        (
            {"options": ("fillfactor=70",)},
            "SET (fillfactor = 70)",
            "RESET (fillfactor)",
        ),
        ({"tablespace": "fast"}, "SET TABLESPACE fast", "SET TABLESPACE pg_default"),
        ({"access_method": "zheap"}, "SET ACCESS METHOD zheap", "SET ACCESS METHOD heap"),
        ({"unlogged": True}, "SET UNLOGGED", "SET LOGGED"),
        ({"replica_identity": "FULL"}, "REPLICA IDENTITY FULL", "REPLICA IDENTITY DEFAULT"),
    ],
)
def test_storage_of_a_table(fields, set_, reset):
    other = replace(PLAIN, **fields)
    assert changes([PLAIN], [other]) == [f"ALTER TABLE book {set_}"]
    assert changes([other], [PLAIN]) == [f"ALTER TABLE book {reset}"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"storage": "EXTERNAL"}, "SET STORAGE EXTERNAL"),
        ({"compression": "pglz"}, "SET COMPRESSION pglz"),
        ({"statistics": 50}, "SET STATISTICS 50"),
        ({"parameters": ("n_distinct=5",)}, "SET (n_distinct=5)"),
    ],
)
def test_storage_returns_with_a_column(fields, expected):
    with_column = table("book", ID, column("t", "text", **fields))
    assert changes([PLAIN], [with_column]) == [
        "ALTER TABLE book ADD COLUMN t TEXT",
        f"ALTER TABLE book ALTER COLUMN t {expected}",
    ]
    assert changes([], [with_column])[1:] == [f"ALTER TABLE book ALTER COLUMN t {expected}"]


def test_the_indexes_of_replica_identity_and_cluster_are_set_again():
    ix = index("ix", "book", "id", unique=True)
    before = table("book", ID, ix, replica_identity="INDEX ix", clustered="ix")
    wider = index("ix", "book", "id", unique=True, predicate="(id > 0)")
    wider = replace(wider, body=f"{wider.body} WHERE (id > 0)")
    after = replace(before, indexes={"ix": wider})
    assert changes([before], [after])[2:] == [
        "ALTER TABLE book REPLICA IDENTITY USING INDEX ix",
        "ALTER TABLE book CLUSTER ON ix",
    ]
    assert changes([before], [replace(before, clustered=None)]) == [
        "ALTER TABLE book SET WITHOUT CLUSTER"
    ]


def test_the_index_of_a_new_key():
    key = primary_key("id", parameters=("fillfactor=70",), tablespace="fast")
    assert changes([PLAIN], [table("book", ID, key)])[1:] == [
        "ALTER INDEX pk SET (fillfactor=70)",
        "ALTER INDEX pk SET TABLESPACE fast",
    ]


def test_parents():
    parent, child = table("parent", ID), table("child", ID)
    inherits = replace(child, inherits=(name("parent"),))
    assert changes([parent, child], [parent, inherits]) == ["ALTER TABLE child INHERIT parent"]
    assert changes([parent, inherits], [parent, child]) == ["ALTER TABLE child NO INHERIT parent"]


def test_a_column_of_a_parent_comes_to_the_child_first():
    inherits = {"inherits": (name("parent"),)}
    before = [table("parent", ID), table("child", ID, **inherits)]
    added = column("n")
    both = [table("parent", ID, added), table("child", ID, added, **inherits)]
    assert changes(before, both) == [
        "ALTER TABLE child ADD COLUMN n INTEGER",
        "ALTER TABLE parent ADD COLUMN n INTEGER",
    ]
    inherited = column("n", local=False)
    only = [table("parent", ID, added), table("child", ID, inherited, **inherits)]
    assert changes(before, only) == ["ALTER TABLE parent ADD COLUMN n INTEGER"]
    assert changes(only, before) == ["ALTER TABLE parent DROP COLUMN n"]


def test_a_child_keeps_a_column_that_its_parent_loses():
    inherits = {"inherits": (name("parent"),)}
    kept, inherited = column("n"), column("n", local=False)
    before = [table("parent", ID, kept), table("child", ID, inherited, **inherits)]
    after = [table("parent", ID), table("child", ID, kept, **inherits)]
    assert changes(before, after) == ["ALTER TABLE ONLY parent DROP COLUMN n"]


def test_a_type_changes_in_the_parent_alone():
    inherits = {"inherits": (name("parent"),)}
    old, new = column("n"), column("n", "bigint")
    before = [table("parent", ID, old), table("child", ID, old, **inherits)]
    after = [table("parent", ID, new), table("child", ID, new, **inherits)]
    assert changes(before, after) == ["ALTER TABLE parent ALTER COLUMN n TYPE BIGINT"]


def test_not_null_columns_of_both_are_detached_while_their_type_changes():
    inherits = {"inherits": (name("parent"),)}
    old = column("n", nullable=False)
    new = column("n", "bigint", nullable=False)
    before = [table("parent", ID, old), table("child", ID, old, **inherits)]
    after = [table("parent", ID, new), table("child", ID, new, **inherits)]
    found = changes(before, after)
    assert (found[0], found[-1]) == (
        "ALTER TABLE child NO INHERIT parent",
        "ALTER TABLE child INHERIT parent",
    )
    assert sorted(found[1:-1]) == [
        "ALTER TABLE child ALTER COLUMN n TYPE BIGINT",
        "ALTER TABLE parent ALTER COLUMN n TYPE BIGINT",
    ]
