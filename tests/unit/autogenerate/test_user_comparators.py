"""Comparators of the user: when they are called, and what becomes of the operations that they add."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.autogenerate.dispatch import comparators
from asyncmig.autogenerate.user_comparators import add_users_operations
from asyncmig.errors import ConfigError
from asyncmig.operations.base.containers import DowngradeOps, ModifyTableOps, UpgradeOps
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.tables import RenameTableOp
from support.catalogs import catalog, column, sides, sql, table

MODEL = sa.Table("book", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("new", sa.Integer))
TABLES = {("public", "book"): MODEL}
BOTH = sides(
    catalog(
        table("book", column("n"), column("old")),
        table("shop.gone", column("n")),
        schemas=frozenset({"public", "shop"}),
    ),
    catalog(table("book", column("n"), column("new")), table("added", column("n"))),
    TABLES,
)


@pytest.fixture(autouse=True)
def _own_comparators(monkeypatch):
    monkeypatch.setattr(comparators, "functions", {})


def compared(*operations, both=BOTH):
    """The statements of the upgrade, and of the downgrade."""
    upgrade, downgrade = UpgradeOps(list(operations)), DowngradeOps([])
    add_users_operations("context", upgrade, downgrade, both)  # type: ignore[arg-type]  # handed on
    return sql(upgrade.ops), sql(downgrade.ops)


def test_without_comparators_nothing_is_added():
    rename = RenameTableOp("a", "b")
    assert compared(rename) == (["ALTER TABLE a RENAME TO b"], [])


def test_operations_before_and_after_the_others_are_reverted_after_and_before_theirs():
    @comparators.dispatch_for("autogenerate")
    def add(context, upgrade):
        assert context == "context"
        upgrade.ops.insert(0, RenameTableOp("first", "one"))
        upgrade.ops.append(RenameTableOp("last", "two"))

    rename = RenameTableOp("a", "b")
    upgrade, downgrade = UpgradeOps([rename]), DowngradeOps([RenameTableOp("b", "a")])
    add_users_operations("context", upgrade, downgrade, BOTH)  # type: ignore[arg-type]  # handed on
    assert sql(downgrade.ops) == [
        "ALTER TABLE two RENAME TO last",
        "ALTER TABLE b RENAME TO a",
        "ALTER TABLE one RENAME TO first",
    ]


def test_the_schemas_of_both_sides():
    seen = []
    comparators.dispatch_for("schema")(lambda _context, _upgrade, schemas: seen.append(schemas))
    compared()
    assert seen == [{None, "shop"}]


def test_the_tables_of_either_side():
    seen = []

    @comparators.dispatch_for("table")
    def look(_context, operations, schema, name, conn_table, metadata_table):
        seen.append((schema, name, conn_table is not None, metadata_table is not None))
        if name == "book":
            assert metadata_table is MODEL
            operations.ops.append(
                AlterColumnOp("book", "n", modify_nullable=False, existing_nullable=True)
            )

    assert compared() == (
        ["ALTER TABLE book ALTER COLUMN n SET NOT NULL"],
        ["ALTER TABLE book ALTER COLUMN n DROP NOT NULL"],
    )
    assert seen == [
        (None, "added", False, True),
        (None, "book", True, True),
        ("shop", "gone", True, False),
    ]


def test_the_columns_of_both_sides():
    seen = []

    @comparators.dispatch_for("column")
    def look(_context, operation, schema, table_name, name, conn_column, metadata_column):
        seen.append((schema, table_name, name, conn_column.name, metadata_column.name))
        operation.modify_comment = "by hand"

    upgrade, downgrade = compared()
    assert seen == [(None, "book", "n", "n", "n")]
    assert upgrade == ["COMMENT ON COLUMN book.n IS 'by hand'"]
    assert downgrade == ["COMMENT ON COLUMN book.n IS NULL"]


def test_a_change_that_the_comparison_has_found_is_not_made_twice():
    @comparators.dispatch_for("column")
    def same(_context, operation, *_):
        operation.modify_nullable = False

    other = RenameTableOp("a", "b")
    found = ModifyTableOps(
        "book", [AlterColumnOp("book", "n", modify_nullable=False, existing_nullable=True)]
    )
    upgrade, downgrade = compared(other, found)
    assert upgrade[1:] == ["ALTER TABLE book ALTER COLUMN n SET NOT NULL"]
    assert downgrade == []


def test_a_comparator_that_would_never_be_called():
    comparators.dispatch_for("colum")(lambda *_: None)
    with pytest.raises(ConfigError) as caught:
        compared()
    assert str(caught.value) == "comparators.dispatch_for('colum'): unknown target"
    assert caught.value.hint == "the targets are autogenerate, schema, table, column"
