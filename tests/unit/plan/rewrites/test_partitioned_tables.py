"""Safe forms on partitioned tables and in scripts for psql, and the facts that they depend on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.views import RefreshMaterializedViewOp
from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition, ScriptFacts
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.plan.rewrites.notes import rewrite_notes
from asyncmig.plan.rewrites.recipe import recipe, safe_phases
from asyncmig.plan.rewrites.rewriting import Rewriting
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
from asyncmig.sql.reader import SqlName
from asyncmig.sql.statement import Statement

BOOK = SqlName(None, "book")
INNER = SqlName(None, "inner_1")


def database(*partitions: Partition, **facts) -> DatabaseFacts:
    found = partitions or (Partition(SqlName("s", "book_1"), BOOK, "r"),)
    return DatabaseFacts(**{"version": 15, "partitions": {BOOK: found}} | facts)


def statements(form: SafeForm) -> list[list[str]]:
    dialect = MigrationDialect()
    return [
        [sql.sql for inner in phase for sql in compile_operation(inner, dialect)]
        for phase in form.phases
    ]


class TestPrimaryKey:
    KEY = CreatePrimaryKeyOp("book_pkey", "book", ["id", "n"])

    def test_the_partitions_get_theirs_behind_the_proof(self) -> None:
        found = statements(safe_phases(self.KEY, database()))
        proof = "book_id_n_not_null_proof"
        assert found[1:4] == [
            [
                (
                    f"ALTER TABLE book ADD CONSTRAINT {proof}"
                    " CHECK (id IS NOT NULL AND n IS NOT NULL) NOT VALID"
                )
            ],
            [f"ALTER TABLE book VALIDATE CONSTRAINT {proof}"],
            [
                "ALTER TABLE book ALTER COLUMN id SET NOT NULL",
                "ALTER TABLE book ALTER COLUMN n SET NOT NULL",
                f"ALTER TABLE book DROP CONSTRAINT {proof}",
            ],
        ]
        assert found[4:] == [
            ["CREATE UNIQUE INDEX CONCURRENTLY book_1_pkey ON s.book_1 (id, n)"],
            ["ALTER TABLE s.book_1 ADD CONSTRAINT book_1_pkey PRIMARY KEY USING INDEX book_1_pkey"],
            ["ALTER TABLE book ADD CONSTRAINT book_pkey PRIMARY KEY (id, n)"],
        ]

    @pytest.mark.parametrize("version", [17, 18, 19])
    def test_from_18_on_it_has_no_safe_form(self, version) -> None:
        found = safe_phases(self.KEY, database(version=version))
        assert isinstance(found, NotRewritten) is (version >= 18)
        if isinstance(found, NotRewritten):
            assert found.reason == (
                "from PostgreSQL 18 on each partition would keep NOT NULL constraints of its own"
            )
        unique = CreateUniqueConstraintOp("u", "book", ["a"])
        assert isinstance(safe_phases(unique, database(version=version)), SafeForm)

    def test_a_foreign_table_can_have_none(self) -> None:
        far = database(Partition(SqlName("s", "far"), BOOK, "f"))
        assert safe_phases(self.KEY, far) == NotRewritten(
            "a key cannot be built on a foreign table: s.far"
        )


@pytest.mark.parametrize("version", [None, 17, 18])
def test_the_foreign_key_of_a_partitioned_table(version) -> None:
    key = CreateForeignKeyOp("fk", "book", "author", ["a"], ["id"], referent_schema="x")
    found = statements(safe_phases(key, database(version=version)))
    tables = [sql.split()[2] for phase in found for sql in phase if sql.startswith("ALTER")]
    if version == 18:
        assert tables == ["book", "book"]
    else:
        assert tables == ["s.book_1", "s.book_1", "book"]
    assert all("REFERENCES x.author (id)" in sql for (sql,) in found if "FOREIGN" in sql)


class TestIndexes:
    def test_each_partition_has_its_own_schema_and_name(self) -> None:
        index = CreateIndexOp("ix", "book", ["a"])
        found = statements(safe_phases(index, database()))
        assert found[1:] == [
            ["CREATE INDEX CONCURRENTLY book_1_a_idx ON s.book_1 (a)"],
            ["ALTER INDEX ix ATTACH PARTITION s.book_1_a_idx"],
        ]

    def test_its_own_name_may_need_quotes(self) -> None:
        found = statements(safe_phases(CreateIndexOp('I"x', "book", ["a"]), database()))
        assert found[0][0] == 'CREATE INDEX "I""x" ON ONLY book (a)'
        assert found[-1] == ['ALTER INDEX "I""x" ATTACH PARTITION s.book_1_a_idx']

    def test_the_index_of_a_table_of_the_plan_is_dropped_plainly(self) -> None:
        relations = NewRelations().for_script("a1")
        relations.note("CREATE TABLE book (a int)")
        rewriting = Rewriting().for_script("a1")
        rewriting.facts.relations.note("CREATE TABLE book (a int)")
        dialect = MigrationDialect()
        assert rewriting.safe_form(DropIndexOp("i", "book"), dialect) is None
        assert isinstance(rewriting.safe_form(DropIndexOp("i", "other"), dialect), SafeForm)
        assert isinstance(rewriting.safe_form(DropIndexOp("i"), dialect), SafeForm)


class TestBounds:
    def test_for_values_may_be_written(self) -> None:
        short = AttachPartitionOp("book", "b", "IN (3)")
        long = AttachPartitionOp("book", "b", " for values IN (3)")
        ((added, *_), *_), ((other, *_), *_) = map(statements, map(safe_phases, (short, long)))
        assert "PARTITION OF asyncmig_parent FOR VALUES IN (3);" in added
        assert "PARTITION OF asyncmig_parent for values IN (3);" in other

    @pytest.mark.parametrize("schema", [None, "p"])
    def test_a_partition_is_detached_with_its_bound_as_check(self, schema) -> None:
        detach = DetachPartitionOp("book", "b", schema="s", partition_schema=schema)
        table = f"{schema or 's'}.b"
        found = statements(safe_phases(detach))
        assert f"'{table}'::regclass, 'b_partition_bound'," in found[0][0]
        assert found[1:] == [
            [f"ALTER TABLE {table} VALIDATE CONSTRAINT b_partition_bound"],
            [f"ALTER TABLE s.book DETACH PARTITION {table} CONCURRENTLY"],
            [f"ALTER TABLE {table} DROP CONSTRAINT b_partition_bound"],
        ]

    @pytest.mark.parametrize("name", ["attach", "detach"])
    def test_what_the_plan_has_created_needs_no_check(self, name) -> None:
        rewriting = Rewriting().for_script("a1")
        rewriting.facts.relations.note("CREATE TABLE b (a int)")
        attach = AttachPartitionOp("book", "b", "IN (3)")
        operation = attach if name == "attach" else DetachPartitionOp("b", "other")
        assert rewriting.safe_form(operation, MigrationDialect()) is None


class TestNewColumns:
    def test_what_is_of_the_plans_own_table_is_plain(self) -> None:
        rewriting = Rewriting().for_script("a1")
        rewriting.facts.relations.note("CREATE TABLE book (a int)")
        for operation in (
            CreatePrimaryKeyOp("k", "book", ["a"]),
            CreateUniqueConstraintOp("u", "book", ["a"]),
            AlterColumnOp("book", "a", modify_nullable=False),
            CreateIndexOp("i", "book", ["a"]),
            CreateForeignKeyOp("f", "book", "u", ["a"], ["id"]),
            DetachPartitionOp("book", "b"),
        ):
            assert rewriting.safe_form(operation, MigrationDialect()) is None

    def test_not_null_without_a_safe_form_decides(self) -> None:
        column = sa.Column("n", sa.Float, server_default=sa.text("random()"), nullable=False)
        form = safe_phases(AddColumnOp("book", column), database(version=18))
        assert isinstance(form, SafeForm)
        assert statements(form)[-2:] == [
            ["ALTER TABLE book ADD CONSTRAINT book_n_not_null NOT NULL n NOT VALID"],
            ["ALTER TABLE book VALIDATE CONSTRAINT book_n_not_null"],
        ]

    def test_a_column_of_the_plans_own_table(self) -> None:
        rewriting = Rewriting().for_script("a1")
        rewriting.facts.relations.note("CREATE TABLE book (a int)")
        unique = AddColumnOp("book", sa.Column("n", sa.Integer, unique=True))
        assert rewriting.safe_form(unique, MigrationDialect()) is None

    def test_if_not_exists_keeps_the_plain_form(self) -> None:
        unique = sa.Column("n", sa.Integer, unique=True)
        assert safe_phases(AddColumnOp("book", unique, if_not_exists=True)) is None

    def test_an_added_part_without_a_safe_form_decides(self) -> None:
        partitioned = database(Partition(SqlName("s", "far"), BOOK, "f"))
        unique = AddColumnOp("book", sa.Column("n", sa.Integer, unique=True))
        assert safe_phases(unique, partitioned) == NotRewritten(
            "a key cannot be built on a foreign table: s.far"
        )

    def test_an_added_part_that_is_safe_has_a_phase(self) -> None:
        references = sa.ForeignKey("author.id", name="fk", postgresql_not_valid=True)
        found = statements(safe_phases(AddColumnOp("book", sa.Column("n", sa.Integer, references))))
        assert found == [
            ["ALTER TABLE book ADD COLUMN n INTEGER"],
            ["ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY(n) REFERENCES author (id) NOT VALID"],
        ]

    def test_psql_fills_it_by_pages(self) -> None:
        rewriting = Rewriting(offline=True).for_script("a1")
        column = sa.Column("Token", sa.Uuid, server_default=sa.text("gen_random_uuid()"))
        form = rewriting.safe_form(AddColumnOp("book", column, schema="s"), MigrationDialect())
        _, (filled,) = statements(form)
        assert filled.startswith("DO $backfill$")
        assert "SELECT 's.book'::regclass::oid" in filled
        assert 'EXIT WHEN NOT EXISTS (SELECT FROM s.book WHERE "Token" IS NULL);' in filled
        assert "part, 'Token', format(" in filled


class TestRewriting:
    @pytest.mark.parametrize(
        ("enabled", "recorded", "is_rewritten"),
        [
            (True, {}, True),
            (False, {}, False),
            (True, {"a1": None}, False),
            (True, {"a1": {"safe_rewrites": False}}, False),
            (False, {"a1": {"version": 15}}, True),
            (False, {"b1": {"version": 15}}, False),
            (True, {"b1": None}, True),
        ],
    )
    def test_a_partial_revision_is_run_as_it_was_begun(
        self, enabled, recorded, is_rewritten
    ) -> None:
        made = Rewriting(enabled=enabled, recorded=recorded).for_script("a1")
        assert (made is not None) is is_rewritten

    def test_the_answers_of_the_first_run_count(self) -> None:
        made = Rewriting(database=database(), recorded={"a1": {"version": 18}}).for_script("a1")
        assert made.facts.server_is_at_least(18)
        assert not Rewriting(database=database()).for_script("a1").facts.server_is_at_least(16)

    def test_where_nothing_can_be_committed_the_reason_is_kept(self) -> None:
        made = Rewriting(obstacle="one transaction for all").for_script("a1")
        index = CreateIndexOp("i", "book", ["a"])
        dialect = MigrationDialect()
        assert made.safe_form(index, dialect) == NotRewritten("one transaction for all")
        assert made.safe_form(index, dialect, "handled") == NotRewritten("handled")
        assert made.safe_form(AlterColumnOp("book", "a", modify_nullable=True), dialect) is None

    def test_it_is_switched_on(self) -> None:
        made = Rewriting().for_script("a1")
        assert made.switched_on
        made.switched_on = False
        assert made.safe_form(CreateIndexOp("i", "b", ["a"]), MigrationDialect()) is None


class TestAttachedPartitions:
    PARTS = (Partition(INNER, BOOK, "p"), Partition(SqlName(None, "leaf"), INNER, "r"))

    def names(self, *notes: str) -> list[tuple[str, str]]:
        relations = NewRelations().for_script("a1")
        for sql in notes:
            relations.note(sql)
        found = ScriptFacts(database(*self.PARTS), relations).partitions(BOOK)
        return [(each.name.name, each.parent.name) for each in found]

    def test_one_below_another(self) -> None:
        attach = "ALTER TABLE inner_1 ATTACH PARTITION x FOR VALUES IN (1)"
        before = [("inner_1", "book"), ("leaf", "inner_1")]
        assert self.names(attach) == [*before, ("x", "inner_1")]
        assert self.names(attach, "ALTER TABLE book DETACH PARTITION inner_1") == []

    def test_one_of_the_table_itself(self) -> None:
        attach = "ALTER TABLE book ATTACH PARTITION x FOR VALUES IN (1)"
        assert self.names(attach)[-1] == ("x", "book")
        assert self.names(attach, "DROP TABLE inner_1") == [("x", "book")]


def test_a_view_that_cannot_be_refreshed_concurrently() -> None:
    assert safe_phases(RefreshMaterializedViewOp("thick")) == NotRewritten(
        "a concurrent refresh needs a unique index on thick, and data in it; none is known"
    )


def test_what_a_plan_says_of_a_rewrite() -> None:
    statement = Statement(sql="SELECT 1", replaces="ALTER TABLE t\n  ADD a int")
    assert list(rewrite_notes(statement)) == ["safe form of: ALTER TABLE t", "      ADD a int"]
    plain = Statement(sql="SELECT 1", not_rewritten="why")
    assert list(rewrite_notes(plain)) == ["no safe form: why"]
    assert list(rewrite_notes(Statement(sql="SELECT 1"))) == []
    assert recipe(AlterColumnOp("book", "a", modify_nullable=True)) is None
