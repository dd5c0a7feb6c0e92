"""What undoes an operation, and what says that nothing does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.operations.base.containers import (
    DowngradeOps,
    MigrationScript,
    ModifyTableOps,
    OpContainer,
    UpgradeOps,
)
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.functions import CreateFunctionOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp
from support.recording_sink import sql_of


def sql(operation) -> list[str]:
    return sql_of(lambda op: op.invoke(operation))


def test_renames_go_back():
    assert sql(RenameTableOp("a", "b", schema="s").reverse()) == ["ALTER TABLE s.b RENAME TO a"]


def test_columns_change_back():
    operation = AlterColumnOp(
        "t",
        "a",
        schema="s",
        modify_name="b",
        modify_type=sa.Integer(),
        existing_type=sa.Text(),
        modify_nullable=False,
        existing_nullable=True,
        modify_server_default=None,
        existing_server_default="5",
        modify_comment="new",
        existing_comment=None,
        modify_odd=1,
        existing_odd=2,
    )
    assert operation.has_changes()
    undo = operation.reverse()
    assert (undo.kw["modify_odd"], undo.kw["existing_odd"]) == (2, 1)
    assert sql(undo) == [
        "ALTER TABLE s.t ALTER COLUMN b TYPE TEXT",
        "ALTER TABLE s.t ALTER COLUMN b DROP NOT NULL",
        "ALTER TABLE s.t ALTER COLUMN b SET DEFAULT '5'",
        "COMMENT ON COLUMN s.t.b IS NULL",
        "ALTER TABLE s.t RENAME b TO a",
    ]
    redo = undo.reverse()
    assert sql(redo) == sql(operation)


def test_a_column_that_only_gets_a_name_has_no_changes():
    assert not AlterColumnOp("t", "a", modify_name="b").has_changes()
    assert not AlterColumnOp("t", "a", existing_type=sa.Text()).has_changes()
    assert AlterColumnOp("t", "a", modify_comment=None).has_changes()
    assert AlterColumnOp("t", "a", modify_odd=1).has_changes()


def test_comments_go_back():
    assert sql(CreateTableCommentOp("t", "new", existing_comment="old").reverse()) == [
        "COMMENT ON TABLE t IS 'old'"
    ]
    undo = CreateTableCommentOp("t", "new").reverse()
    assert isinstance(undo, DropTableCommentOp)
    assert sql(undo.reverse()) == ["COMMENT ON TABLE t IS 'new'"]


@pytest.mark.parametrize(
    "operation",
    [
        DropColumnOp("t", "a"),
        DropIndexOp("ix", "t"),
        DropConstraintOp("c", "t"),
    ],
)
def test_what_is_unknown_cannot_come_back(operation):
    with pytest.raises(ValueError, match="again"):
        operation.reverse()


def test_a_replaced_function_comes_back_and_goes_again():
    before = CreateFunctionOp("f", body="SELECT 1")
    after = CreateFunctionOp("f", body="SELECT 2", replace=True, existing=before)
    undo = after.reverse()
    assert (undo.body, undo.replace) == ("SELECT 1", True)
    redo = undo.reverse()
    assert (redo.body, redo.replace) == ("SELECT 2", True)


@pytest.mark.parametrize("operation", [ExecuteSQLOp("SELECT 1"), BulkInsertOp(sa.table("t"), [])])
def test_what_has_no_reverse_says_so(operation):
    with pytest.raises(NotImplementedError, match=type(operation).__name__):
        operation.reverse()


def test_columns_of_operations():
    column = sa.Column("a", sa.Integer)
    assert AddColumnOp("t", column).to_column() is column
    assert AddColumnOp("t", column).reverse().to_column() is column
    assert DropColumnOp("t", "b").to_column().name == "b"


def test_if_exists_follows():
    column = sa.Column("a", sa.Integer)
    undo = AddColumnOp("t", column, if_not_exists=True).reverse()
    assert undo.if_exists
    assert undo.reverse().if_not_exists


def test_indexes_without_a_table_and_constraints_of_no_kind_are_refused():
    index = sa.Index("ix", sa.text("a"))
    for operation in (CreateIndexOp, DropIndexOp):
        with pytest.raises(ValueError, match="belongs to no table"):
            operation.from_index(index)
    with pytest.raises(ValueError, match="no directive adds"):
        AddConstraintOp.from_constraint(sa.Column("a"))
    with pytest.raises(NotImplementedError):
        AddConstraintOp().to_constraint()


# differences


def test_operations_as_differences():
    metadata = sa.MetaData()
    table = sa.Table(
        "t",
        metadata,
        sa.Column("a", sa.Integer, sa.ForeignKey("u.id", name="fk"), index=True),
        sa.CheckConstraint("a > 0", name="ck"),
        comment="c",
    )
    sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True))
    (index,) = table.indexes
    (key,) = table.foreign_key_constraints
    check = next(c for c in table.constraints if c.name == "ck")
    operations = OpContainer(
        [
            CreateTableOp.from_table(table),
            DropTableOp.from_table(table),
            ModifyTableOps(
                "t",
                [
                    AddColumnOp("t", table.c.a),
                    DropColumnOp.from_column_and_tablename(None, "t", table.c.a),
                    CreateIndexOp.from_index(index),
                    DropIndexOp.from_index(index),
                    AddConstraintOp.from_constraint(key),
                    DropConstraintOp.from_constraint(key),
                    AddConstraintOp.from_constraint(check),
                    DropConstraintOp.from_constraint(check),
                    CreateTableCommentOp("t", "c", existing_comment="b"),
                    DropTableCommentOp("t"),
                ],
            ),
            ExecuteSQLOp("SELECT 1"),
        ]
    )
    assert [difference[0] for difference in operations.as_diffs()] == [
        "add_table",
        "remove_table",
        "add_column",
        "remove_column",
        "add_index",
        "remove_index",
        "add_fk",
        "remove_fk",
        "add_constraint",
        "remove_constraint",
        "add_table_comment",
        "remove_table_comment",
        "execute",
    ]
    with pytest.raises(NotImplementedError, match="not a difference"):
        MigrateOperation().to_diff_tuple()


def test_column_changes_as_differences():
    operation = AlterColumnOp(
        "t",
        "a",
        schema="s",
        existing_type=sa.Text,
        existing_nullable=True,
        modify_nullable=False,
        modify_server_default="x",
        modify_comment="c",
        modify_type=sa.Integer,
    )
    assert AlterColumnOp("t", "a", modify_nullable=True).to_diff_tuple()[0][0] == "modify_nullable"
    differences = operation.to_diff_tuple()
    assert [d[0] for d in differences] == [
        "modify_type",
        "modify_nullable",
        "modify_default",
        "modify_comment",
    ]
    assert differences[1] == (
        "modify_nullable",
        "s",
        "t",
        "a",
        {"existing_type": sa.Text, "existing_server_default": False, "existing_comment": None},
        True,
        False,
    )


# containers


def test_containers_are_undone_from_their_end():
    upgrade = UpgradeOps([RenameTableOp("a", "b"), ModifyTableOps("t", [RenameTableOp("c", "d")])])
    downgrade = upgrade.reverse()
    assert isinstance(downgrade, DowngradeOps)
    assert sql(downgrade) == ["ALTER TABLE d RENAME TO c", "ALTER TABLE b RENAME TO a"]
    assert sql(downgrade.reverse()) == sql(upgrade)
    other = DowngradeOps([RenameTableOp("x", "y")], downgrade_token="here")
    assert upgrade.reverse_into(other) is other
    assert sql(other) == sql(downgrade)
    assert UpgradeOps().is_empty()
    assert not upgrade.is_empty()


def test_a_script_has_one_container_or_several(tmp_path):
    script = MigrationScript("r", UpgradeOps(), DowngradeOps(), version_path=tmp_path / "v")
    assert script.upgrade_ops is script.upgrade_ops_list[0]
    assert script.downgrade_ops is script.downgrade_ops_list[0]
    assert script.version_path == (tmp_path / "v").as_posix()
    script.upgrade_ops = [UpgradeOps(), UpgradeOps()]
    with pytest.raises(ValueError, match="upgrade_ops_list"):
        script.upgrade_ops  # noqa: B018 - reading it is the point
    assert len(script.upgrade_ops_list) == 2
    script.downgrade_ops = []
    assert script.downgrade_ops is None
    assert MigrationScript("r", None, None).upgrade_ops is None
    with pytest.raises(TypeError, match="UpgradeOps expected"):
        script.upgrade_ops = DowngradeOps()
    assert script.imports is not MigrationScript("s", None, None).imports
