"""What a statement is."""

from __future__ import annotations

import pytest

from asyncmig.sql.classify import Classification, Control, SqlName, classify, may_commit, mentions


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("", ""),
        ("'x'", ""),
        (";", ""),
        ("-- only\n/* comments */", ""),
        ("create table t ()", "CREATE TABLE"),
        ("CREATE TEMP TABLE t ()", "CREATE TABLE"),
        ("create or replace view v as select 1", "CREATE VIEW"),
        ("create materialized view v as select 1", "CREATE MATERIALIZED VIEW"),
        ("create constraint trigger t after insert on x", "CREATE TRIGGER"),
        ("create foreign data wrapper w", "CREATE FOREIGN DATA WRAPPER"),
        ("create foreign table t () server s", "CREATE FOREIGN TABLE"),
        ("create text search configuration c (parser = p)", "CREATE TEXT SEARCH CONFIGURATION"),
        ("create user mapping for u server s", "CREATE USER MAPPING"),
        ("create user u", "CREATE USER"),
        ("alter event trigger e disable", "ALTER EVENT TRIGGER"),
        ("alter table t add column a int", "ALTER TABLE"),
        ("alter type t rename to u", "ALTER TYPE"),
        ("alter type t add attribute a int", "ALTER TYPE"),
        ("alter role r set x = 1", "ALTER ROLE"),
        ("alter database d set x = 1", "ALTER DATABASE"),
        ("drop operator class c using btree", "DROP OPERATOR CLASS"),
        ("drop owned by r", "DROP OWNED"),
        ("prepare p as select 1", "PREPARE"),
        ("discard plans", "DISCARD PLANS"),
        ("comment on table t is 'x'", "COMMENT"),
        ("do $$ begin end $$", "DO"),
        ("call p()", "CALL"),
        ("copy t to stdout", "COPY"),
        ("set local x = 1", "SET"),
        ("analyze t", "ANALYZE"),
        ("with", "WITH"),
    ],
)
def test_verb_of_ordinary_statements(sql, verb):
    facts = classify(sql)
    assert facts.verb == verb
    assert facts.transactional
    assert facts.reason is None
    assert facts.control is None
    assert not facts.concurrently
    assert not facts.returns_rows


@pytest.mark.parametrize(
    ("sql", "verb", "what"),
    [
        ("create index concurrently on t (a)", "CREATE INDEX", "CREATE INDEX CONCURRENTLY"),
        ("/* x */ CREATE UNIQUE INDEX\nConcurrently i ON t (a);", "CREATE INDEX", None),
        ("drop index concurrently i", "DROP INDEX", "DROP INDEX CONCURRENTLY"),
        ("reindex index concurrently i", "REINDEX INDEX", "REINDEX CONCURRENTLY"),
        ("reindex (verbose, concurrently) table t", "REINDEX TABLE", "REINDEX CONCURRENTLY"),
        ("reindex (concurrently 'on') table t", "REINDEX TABLE", "REINDEX CONCURRENTLY"),
        ("reindex schema s", "REINDEX SCHEMA", "REINDEX SCHEMA"),
        ("reindex database d", "REINDEX DATABASE", "REINDEX DATABASE"),
        ("reindex system d", "REINDEX SYSTEM", "REINDEX SYSTEM"),
        ("vacuum", "VACUUM", "VACUUM"),
        ("vacuum (full, analyze) t", "VACUUM", "VACUUM"),
        ("cluster", "CLUSTER", "CLUSTER without a table"),
        ("cluster verbose;", "CLUSTER", "CLUSTER without a table"),
        ("cluster (verbose)", "CLUSTER", "CLUSTER without a table"),
        ("create database d", "CREATE DATABASE", "CREATE DATABASE"),
        ("drop database if exists d", "DROP DATABASE", "DROP DATABASE"),
        (
            "alter database d set tablespace s",
            "ALTER DATABASE",
            "ALTER DATABASE ... SET TABLESPACE",
        ),
        ("create tablespace s location '/x'", "CREATE TABLESPACE", "CREATE TABLESPACE"),
        ("drop tablespace s", "DROP TABLESPACE", "DROP TABLESPACE"),
        ("alter system set x = 1", "ALTER SYSTEM", "ALTER SYSTEM"),
        ("create subscription s connection 'x' publication p", "CREATE SUBSCRIPTION", None),
        (
            "create subscription s connection 'x' publication p with (slot_name = n, connect = true)",
            "CREATE SUBSCRIPTION",
            "CREATE SUBSCRIPTION with a replication slot",
        ),
        ("drop subscription s", "DROP SUBSCRIPTION", "DROP SUBSCRIPTION with a replication slot"),
        ("alter subscription s refresh publication", "ALTER SUBSCRIPTION", None),
        ("alter subscription s set publication a, b", "ALTER SUBSCRIPTION", None),
        (
            "alter subscription s add publication a with (copy_data = false)",
            "ALTER SUBSCRIPTION",
            None,
        ),
        ("alter subscription s set (failover = true)", "ALTER SUBSCRIPTION", None),
        ("alter subscription s set (two_phase = off)", "ALTER SUBSCRIPTION", None),
        (
            "alter table p detach partition c concurrently",
            "ALTER TABLE DETACH PARTITION",
            "DETACH PARTITION CONCURRENTLY",
        ),
        ("discard all", "DISCARD ALL", "DISCARD ALL"),
        ("commit prepared 'x'", "COMMIT PREPARED", "COMMIT PREPARED"),
        ("rollback prepared 'x'", "ROLLBACK PREPARED", "ROLLBACK PREPARED"),
    ],
)
def test_what_cannot_run_in_a_transaction_block(sql, verb, what):
    facts = classify(sql)
    assert facts.verb == verb
    assert not facts.transactional
    assert facts.reason.endswith(" cannot run inside a transaction block")
    if what:
        assert facts.reason.startswith(f"{what} cannot")
    assert facts.concurrently == ("concurrently" in sql.lower())


def test_prepared_transactions_leave_their_session():
    facts = classify("prepare transaction 'x'")
    assert facts.verb == "PREPARE TRANSACTION"
    assert not facts.transactional
    assert "takes the transaction away" in facts.reason


@pytest.mark.parametrize(
    "sql",
    [
        "create index on t (concurrently)",
        'create index "concurrently" on t (a)',
        "drop index i",
        "reindex table t",
        "reindex (concurrently false) table t",
        "reindex (concurrently 'off') table t",
        "reindex (concurrently = 0, verbose",
        "analyze",
        "cluster t using i",
        "cluster verbose t",
        "create subscription s connection 'x' publication p with (connect = false)",
        "create subscription s connection 'x' publication p with (copy_data, create_slot = 'off')",
        "alter subscription s disable",
        "alter subscription s set (two_phase)",
        "alter subscription s set (slot_name = none)",
        "alter subscription s drop publication a with (refresh = false)",
        "alter database d rename to e",
        "alter database d set timezone to 'utc'",
        "alter table p detach partition c",
        "alter table p detach partition c finalize",
        "alter type t add value 'x'",
        "discard temp",
        "refresh materialized view concurrently v",
        "explain analyze select 1",
        "select 'vacuum'",
    ],
)
def test_what_can_run_in_a_transaction_block(sql):
    assert classify(sql).transactional


@pytest.mark.parametrize(
    ("sql", "control", "verb"),
    [
        ("begin", Control.BEGIN, "BEGIN"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", Control.BEGIN, "BEGIN"),
        ("start transaction read only", Control.BEGIN, "START TRANSACTION"),
        ("commit", Control.COMMIT, "COMMIT"),
        ("commit and chain", Control.COMMIT, "COMMIT"),
        ("END WORK", Control.COMMIT, "END"),
        ("rollback", Control.ROLLBACK, "ROLLBACK"),
        ("abort transaction", Control.ROLLBACK, "ABORT"),
        ("rollback to s", Control.SAVEPOINT, "ROLLBACK TO"),
        ("rollback work to savepoint s", Control.SAVEPOINT, "ROLLBACK TO"),
        ("savepoint s", Control.SAVEPOINT, "SAVEPOINT"),
        ("release savepoint s", Control.SAVEPOINT, "RELEASE"),
    ],
)
def test_transaction_control(sql, control, verb):
    facts = classify(sql)
    assert facts.control is control
    assert facts.verb == verb
    assert facts.transactional


@pytest.mark.parametrize(
    ("sql", "verb", "rows"),
    [
        ("select 1", "SELECT", True),
        ("((select 1))", "SELECT", True),
        ("select a into b from c", "SELECT", False),
        ("select (select 1 into b)", "SELECT", True),
        ("select 'into'", "SELECT", True),
        ("values (1)", "VALUES", True),
        ("table t", "TABLE", True),
        ("show all", "SHOW", True),
        ("explain update t set a = 1", "EXPLAIN", True),
        ("fetch c", "FETCH", True),
        ("execute p", "EXECUTE", True),
        ("insert into t values (1)", "INSERT", False),
        ("insert into t values (1) returning a", "INSERT", True),
        ("with a as (select 1) select * from a", "SELECT", True),
        (
            "with recursive update as (select 1), delete(a) as materialized (select 2) table x",
            "TABLE",
            True,
        ),
        ("with a as (delete from t returning *) insert into b select * from a", "INSERT", True),
        ("with a as (select 1) update t set a = 1", "UPDATE", False),
        ("with a as (select 1) search depth first by x set y select 1", "SELECT", True),
        ("merge into t using u on true when matched then delete", "MERGE", False),
    ],
)
def test_rows(sql, verb, rows):
    facts = classify(sql)
    assert facts.verb == verb
    assert facts.returns_rows is rows


def name(text: str) -> SqlName:
    schema, _, last = text.rpartition(".")
    return SqlName(schema or None, last)


@pytest.mark.parametrize(
    ("sql", "objects", "table"),
    [
        ("create index i on t (a)", ["i"], "t"),
        (
            "create index concurrently if not exists I on only App.T using gin (a)",
            ["app.i"],
            "app.t",
        ),
        ('create index "I x" on "S"."T" (a)', ["S.I x"], "S.T"),
        ("create index on t (a)", [], "t"),
        ("create index i", ["i"], None),
        ("drop index concurrently if exists a.i", ["a.i"], None),
        ("drop index a.i, j cascade", ["a.i", "j"], None),
        ("drop table t", [], None),
        ("reindex table concurrently s.t", ["s.t"], None),
        ("reindex (concurrently) index i", ["i"], None),
        ("refresh materialized view concurrently s.v with no data", ["s.v"], None),
        ("alter type s.mood add value 'x'", ["s.mood"], None),
        ("alter type", [], None),
        ("alter table if exists only p detach partition s.c concurrently", ["s.c"], "p"),
        ("alter table p detach partition c finalize", ["c"], "p"),
        ("alter table s.p * attach partition c default", ["c"], "s.p"),
        ("alter index i attach partition j", ["j"], "i"),
        ("alter table t validate constraint c", ["c"], "t"),
        ("alter table t validate constraint c, validate constraint d", ["c", "d"], "t"),
        ("alter table t validate constraint c, add column a int", [], "t"),
        ("alter table t validate constraint", [], "t"),
        ("create database d owner r", ["d"], None),
        ("drop database d with (force)", ["d"], None),
        ("drop subscription if exists s", ["s"], None),
        ("alter database d set tablespace s", ["d"], None),
        ("create subscription s connection 'x' publication p", ["s"], None),
        ("alter subscription s refresh publication", ["s"], None),
        ("create index i on db.app.t (a)", ["app.i"], "app.t"),
    ],
)
def test_names_for_a_later_look_at_the_catalog(sql, objects, table):
    facts = classify(sql)
    assert facts.objects == tuple(name(text) for text in objects)
    assert facts.object == (name(objects[0]) if objects else None)
    assert facts.table == (name(table) if table else None)
    assert facts.if_exists == ("if exists" in sql)
    assert facts.if_not_exists == ("if not exists" in sql)


def test_names_print_as_they_qualify():
    assert str(SqlName("app", "t")) == "app.t"
    assert str(SqlName(None, "t")) == "t"


@pytest.mark.parametrize(
    ("sql", "label", "if_not_exists"),
    [
        ("alter type mood add value 'so-so' before 'ok'", "so-so", False),
        ("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s'", "it's", True),
        ("alter type mood add value E'tab\\t'", "tab\t", False),
        ("alter type mood add value $$x$$", "x", False),
        ("alter type mood add value", None, False),
    ],
)
def test_enum_values(sql, label, if_not_exists):
    facts = classify(sql)
    assert facts.verb == "ALTER TYPE ADD VALUE"
    assert facts.transactional
    assert facts.enum_label == label
    assert facts.if_not_exists is if_not_exists
    assert facts.enum_type == (SqlName(None, "mood") if label else None)


def test_other_statements_name_no_enum_type():
    assert classify("drop index i").enum_type is None


def test_equal_statements_classify_equally_whatever_their_case_and_comments():
    one = classify("create index concurrently i on t (a)")
    assert one == classify("CREATE /* big */ INDEX CONCURRENTLY -- slow\n I ON T (A)")
    assert one == Classification(
        verb="CREATE INDEX",
        reason="CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
        concurrently=True,
        objects=(SqlName(None, "i"),),
        table=SqlName(None, "t"),
    )


@pytest.mark.parametrize(
    ("sql", "label", "expected"),
    [
        ("insert into t values ('new')", "new", True),
        ("insert into t values (E'n\\x65w')", "new", True),
        ("insert into t values ('it''s')", "it's", True),
        ("do $$ begin update t set m = 'new'; end $$", "new", True),
        ("do $$ begin execute 'update t set m = ''new'''; end $$", "new", True),
        ("select $x$new$x$", "new", True),
        ("select '{old,new}'::mood[]", "new", True),
        ("select '(1,\"so so\")'::rec", "so", True),
        ("insert into t values ('so so')", "so so", True),
        ("insert into t values ('so so or not')", "so so", False),
        ("alter table t alter m set default 'new'", "new", True),
        ("select 'renew', 'new one or not'", "newer", False),
        ("select 'renewal'", "new", False),
        ("select new.a, \"new\" -- 'new'", "new", False),
        ("select $$it's$$", "it's", True),
        ("select 'it''s' as new", "new", False),
        ("select 'old\\'", "new", False),
        ("select 1", "new", False),
        ("select 'new", "new", True),
        ("select new, 'old", "new", False),
    ],
)
def test_mentions(sql, label, expected):
    assert mentions(sql, label) is expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CALL p()", True),
        ("DO $$ BEGIN Commit; END $$", True),
        ("DO $$ BEGIN END $$", False),
        ("SELECT 'commit'", False),
    ],
)
def test_may_commit(sql, expected):
    assert may_commit(sql) is expected


def test_long_statements_are_not_remembered():
    for sql, is_remembered in (("SELECT 12345", True), (f"SELECT {'1' * 4_000}", False)):
        assert (classify(sql) is classify(sql)) is is_remembered
