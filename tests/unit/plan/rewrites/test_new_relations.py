"""What the scripts of a plan have created, attached and detached."""

from __future__ import annotations

import pytest

from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition, ScriptFacts
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.sql.reader import SqlName

T = SqlName(None, "t")


def facts_after(*statements: str, database: DatabaseFacts | None = None) -> ScriptFacts:
    relations = NewRelations().for_script("a1")
    for sql in statements:
        relations.note(sql)
    return ScriptFacts(database or DatabaseFacts(), relations)


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE t (a int)"],
        ["create unlogged table T (a int)"],
        ["CREATE TEMP TABLE t AS SELECT 1"],
        ["CREATE MATERIALIZED VIEW t AS SELECT 1"],
        ["CREATE TABLE t PARTITION OF p DEFAULT"],
        ["DROP TABLE t", "CREATE TABLE t (a int)"],
        ["CREATE TABLE s (a int)", "DROP TABLE t", "ALTER TABLE s RENAME TO t"],
        ["CREATE TABLE s (a int)", "CREATE INDEX t ON s (a)"],
        ["CREATE TABLE s (a int)", "CREATE UNIQUE INDEX CONCURRENTLY t ON ONLY s (a)"],
        ["CREATE TABLE s (a int)", "CREATE INDEX IF NOT EXISTS t ON s (a)"],
        ["CREATE TABLE s (a int)", "ALTER TABLE ONLY s RENAME TO t"],
        ["CREATE TABLE s (a int)", "ALTER TABLE IF EXISTS s RENAME TO t"],
        ["CREATE TABLE t (a int)", "ALTER TABLE t RENAME COLUMN a TO b"],
        ["CREATE TABLE t (a int)", "ALTER TABLE t RENAME CONSTRAINT a TO b"],
        ["CREATE TABLE t (a int)", "ALTER TABLE t RENAME a TO b"],
    ],
)
def test_new(statements):
    assert facts_after(*statements).is_new(T)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        ["CREATE TABLE IF NOT EXISTS t (a int)"],
        ["CREATE TABLE app.t (a int)"],
        ["CREATE TABLE t (a int)", "DROP TABLE IF EXISTS s, t"],
        ["CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO s"],
        ["CREATE TABLE s (a int)", "CREATE INDEX t ON s (a)", "DROP INDEX CONCURRENTLY t"],
        ["CREATE TABLE t (a int)", "ALTER TABLE t SET SCHEMA app"],
        ["ALTER TABLE s RENAME TO t"],
        ["CREATE INDEX t ON s (a)"],
        ["CREATE VIEW t AS SELECT 1"],
        ["ALTER TABLE t ADD COLUMN b int"],
        ["SELECT 1", ""],
        ["ALTER TABLE 5 ATTACH PARTITION t DEFAULT"],
        ["ALTER TABLE ONLY"],
        ["CREATE TABLE s (a int)", "ALTER TABLE s SET SCHEMA 5"],
    ],
)
def test_not_new(statements):
    assert not facts_after(*statements).is_new(T)


def test_an_index_without_a_name_makes_nothing_new():
    facts = facts_after("CREATE TABLE s (a int)", "CREATE INDEX ON s (a)")
    assert not facts.is_new(SqlName(None, "on"))


def test_an_answer_stays_as_it_was_given():
    partitions = {}
    facts = facts_after(database=DatabaseFacts(partitions=partitions))
    assert facts.partitions(T) is None
    partitions[T] = TREE
    assert facts.partitions(T) is None


def test_a_moved_table_is_new_in_its_schema():
    facts = facts_after("CREATE TABLE t (a int)", "ALTER TABLE t SET SCHEMA app")
    assert facts.is_new(SqlName("app", "t"))


def test_earlier_scripts_count_and_later_ones_do_not():
    relations = NewRelations()
    relations.for_script("a1").note("CREATE TABLE t (a int)")
    relations.for_script("b1").note("CREATE TABLE u (a int)")
    assert ScriptFacts(DatabaseFacts(), relations.for_script("b1")).is_new(T)
    again = ScriptFacts(DatabaseFacts(), relations.for_script("a1"))
    assert not again.is_new(T)
    assert not again.is_new(SqlName(None, "u"))
    assert again.answers == {"new t": False, "new u": False}


def test_what_the_script_itself_creates_is_not_recorded():
    facts = facts_after("CREATE TABLE t (a int)")
    assert facts.is_new(T)
    assert facts.answers == {}


def test_recorded_answers_go_first():
    relations = NewRelations().for_script("a1")
    recorded = {"new t": True, "version": 14, "partitions t": None}
    database = DatabaseFacts(version=18, partitions={T: ()})
    facts = ScriptFacts(database, relations, recorded)
    assert facts.is_new(T)
    assert not facts.server_is_at_least(15)
    assert facts.partitions(T) is None
    assert facts.answers == recorded


def one(name: str, parent: str = "t", kind: str = "r") -> Partition:
    return Partition(SqlName("public", name), SqlName("public", parent), kind)


TREE = (one("p1"), one("p2", kind="p"), one("p2a", "p2"))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], ["p1", "p2", "p2a"]),
        (["ALTER TABLE t ATTACH PARTITION p3 DEFAULT"], ["p1", "p2", "p2a", "p3"]),
        (["CREATE TABLE p2b PARTITION OF p2 DEFAULT"], ["p1", "p2", "p2a", "p2b"]),
        (["ALTER TABLE t DETACH PARTITION p2 CONCURRENTLY"], ["p1"]),
        (["ALTER TABLE t DETACH PARTITION app.p1"], ["p1", "p2", "p2a"]),
        (["DROP TABLE p1, p2a"], ["p2"]),
        (["ALTER TABLE u ATTACH PARTITION p3 DEFAULT"], ["p1", "p2", "p2a"]),
        (["ALTER TABLE t ATTACH PARTITION q DEFAULT"], ["p1", "p2", "p2a", "q", "qa"]),
        (["ALTER INDEX t ATTACH PARTITION p3"], ["p1", "p2", "p2a"]),
    ],
)
def test_partitions(statements, expected):
    database = DatabaseFacts(
        partitions={T: TREE, SqlName(None, "q"): (one("qa", "q"),)}, version=18
    )
    found = facts_after(*statements, database=database).partitions(T)
    assert [partition.name.name for partition in found or ()] == expected


@pytest.mark.parametrize(("name", "kind"), [("p3", "r"), ("q", "p")])
def test_the_kind_of_a_partition_that_a_script_attaches(name, kind):
    database = DatabaseFacts(partitions={T: (), SqlName(None, "q"): (one("qa", "q"),)})
    found = facts_after(f"ALTER TABLE t ATTACH PARTITION {name} DEFAULT", database=database)
    assert [each.kind for each in found.partitions(T) or () if each.name.name == name] == [kind]


def test_partitions_of_earlier_scripts_are_recorded():
    relations = NewRelations()
    relations.for_script("a1").note("ALTER TABLE t DETACH PARTITION p2")
    facts = ScriptFacts(DatabaseFacts(partitions={T: TREE}), relations.for_script("b1"))
    assert facts.partitions(T) == (one("p1"),)
    assert facts.answers == {"partitions t": [("public", "p1", "public", "t", "r")]}
