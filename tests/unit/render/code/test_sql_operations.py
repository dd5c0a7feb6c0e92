"""Operations as a section of a SQL revision."""

from __future__ import annotations

import sqlalchemy as sa

from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.directives.columns import DropColumnOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.policies import EnableRlsOp
from asyncmig.render.code.sql_operations import render_sql


def test_no_operations():
    assert render_sql([]) == ""


def test_phases_and_comments():
    index = CreateIndexOp("i", "t", ["a"], unique=True, postgresql_concurrently=True)
    changes = ModifyTableOps("t", [DropColumnOp("t", "b"), EnableRlsOp("t", force=True)])
    assert render_sql([index, changes]) == (
        "-- phase: autocommit\n"
        "-- fails if two rows of t have the same a\n"
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);\n"
        "\n-- phase: transaction\n"
        "-- drops column t.b with its data\n"
        "ALTER TABLE t DROP COLUMN b;\n"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY;\n"
        "ALTER TABLE t FORCE ROW LEVEL SECURITY;"
    )


def test_a_phase_between_transactions():
    operations = [
        ExecuteSQLOp("SELECT 1"),
        ExecuteSQLOp("VACUUM t"),
        ExecuteSQLOp(sa.text("SELECT 2")),
    ]
    assert render_sql(operations) == (
        "SELECT 1;\n\n-- phase: autocommit\nVACUUM t;\n\n-- phase: transaction\nSELECT 2;"
    )


def test_an_operation_without_statements_has_no_comment():
    assert render_sql([ExecuteSQLOp("-- nothing")]) == ""
