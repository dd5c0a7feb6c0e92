"""Safe rewrites that a new script shows itself: which operations, and which of them commit one by one."""

from __future__ import annotations

import sqlalchemy as sa

from asyncmig.autogenerate.safe_forms import partitioned_tables, with_safe_forms
from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.keys import CreateUniqueConstraintOp
from asyncmig.operations.directives.tables import CreateTableOp
from support.catalogs import catalog, column, sql, table

CHECK = CreateCheckConstraintOp("ck", "book", "n > 0")
VALIDATED = [
    "ALTER TABLE book ADD CONSTRAINT ck CHECK (n > 0) NOT VALID",
    "ALTER TABLE book VALIDATE CONSTRAINT ck",
]
PLAIN = ["ALTER TABLE book ADD CONSTRAINT ck CHECK (n > 0)"]


def test_the_phases_are_written_out():
    """What is behind the first phase is committed by itself; CONCURRENTLY makes its own phase."""
    found = with_safe_forms([CHECK], ())
    assert sql(found) == VALIDATED
    assert [operation.in_autocommit for operation in found] == [False, True]
    unique = with_safe_forms([CreateUniqueConstraintOp("un", "book", ["n"])], ())
    assert [text.split()[:3] for text in sql(unique)] == [
        ["CREATE", "UNIQUE", "INDEX"],
        ["ALTER", "TABLE", "book"],
    ]
    assert [operation.in_autocommit for operation in unique] == [False, True]


def test_operations_of_a_container_are_rewritten_within_it():
    container = ModifyTableOps("book", [CHECK])
    (found,) = with_safe_forms([container], ())
    assert isinstance(found, ModifyTableOps)
    assert sql([found]) == VALIDATED
    assert sql([container]) == PLAIN


def test_a_table_that_the_script_creates_needs_no_safe_form():
    create = CreateTableOp("book", [sa.Column("n", sa.Integer)])
    assert sql(with_safe_forms([create, CHECK], ()))[1:] == PLAIN


def test_partitioned_tables_stay_as_they_are():
    parted = table("book", column("n"), partition_key="RANGE (n)")
    elsewhere = table("shop.sale", column("n"), partition_key="RANGE (n)")
    found = partitioned_tables(catalog(parted, table("other", column("n"))), catalog(elsewhere))
    assert found == {("public", "book"), (None, "book"), ("shop", "sale")}
    assert sql(with_safe_forms([CHECK], found)) == PLAIN


def test_a_script_for_alembic_has_no_backfill():
    volatile = AddColumnOp(
        "book", sa.Column("u", sa.Uuid, server_default=sa.func.gen_random_uuid())
    )
    assert len(with_safe_forms([volatile], ())) > 1
    (same,) = with_safe_forms([volatile], (), for_alembic=True)
    assert same is volatile
    assert sql(with_safe_forms([CHECK], (), for_alembic=True)) == VALIDATED


def test_operations_of_the_user_and_those_that_are_safe_are_left():
    class Own(MigrateOperation):
        """Of a user."""

    index = CreateIndexOp("ix", "book", ["n"], postgresql_concurrently=True)
    own = Own()
    assert with_safe_forms([own, index], ()) == [own, index]
