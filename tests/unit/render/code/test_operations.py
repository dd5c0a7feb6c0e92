"""Operations as calls of their directives: which arguments are written, and how."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from asyncmig.errors import ScriptError
from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp
from asyncmig.operations.directives.constraints import AddConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.enums import AddEnumValueOp, CreateEnumOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.operations.directives.grants import GrantOp, RevokeOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.policies import CreatePolicyOp, DropPolicyOp, EnableRlsOp
from asyncmig.operations.directives.sequences import AlterSequenceOp, CreateSequenceOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp
from asyncmig.operations.directives.triggers import CreateTriggerOp
from asyncmig.operations.directives.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    RefreshMaterializedViewOp,
)
from asyncmig.operations.facade import Operations
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter

NAMES = ("pk", "uq", "ck", "fk", "ix", "ex")


def code(operation: MigrateOperation, **options: object) -> str:
    """The code of an operation, without the warnings before it and without line breaks."""
    lines = render_operations([operation], ItemWriter(**options)).splitlines()
    text = " ".join(line.strip() for line in lines if not line.startswith("#"))
    return text.replace("( ", "(").replace(", )", ")").replace(",)", ")")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (DropTableOp("t"), 'op.drop_table("t")'),
        (
            DropTableOp("t", schema="s", if_exists=True),
            'op.drop_table("t", schema="s", if_exists=True)',
        ),
        (RenameTableOp("t", "u", schema="s"), 'op.rename_table("t", "u", schema="s")'),
        (
            AddColumnOp("t", sa.Column("a", sa.Integer), inline_references=True),
            'op.add_column("t", sa.Column("a", sa.Integer()), inline_references=True)',
        ),
        (DropColumnOp("t", "a", mssql_drop_check=True), 'op.drop_column("t", "a")'),
        (
            CreateTableCommentOp("t", None, existing_comment="before"),
            'op.create_table_comment("t", None)',
        ),
        (ValidateConstraintOp("ck", "t"), 'op.validate_constraint("ck", "t")'),
        (CreateEnumOp("mood", ["sad"]), 'op.create_enum("mood", ["sad"])'),
        (AddEnumValueOp("mood", "a", before=""), 'op.add_enum_value("mood", "a", before="")'),
        (
            ExecuteSQLOp("VACUUM", execution_options={"isolation_level": "AUTOCOMMIT"}),
            'op.execute("VACUUM", execution_options={"isolation_level": "AUTOCOMMIT"})',
        ),
        (
            CreateFunctionOp("f", body="BEGIN END", returns=None, procedure=True),
            'op.create_function("f", procedure=True, body="BEGIN END")',
        ),
        (
            CreateFunctionOp("f", "OUT a int", body="SELECT 1", returns=None, language="sql"),
            'op.create_function("f", "OUT a int", returns=None, language="sql", body="SELECT 1")',
        ),
        (DropFunctionOp("f", ""), 'op.drop_function("f", "")'),
        (DropFunctionOp("f"), 'op.drop_function("f")'),
        (GrantOp(["select"], "t", ["a"]), 'op.grant("select", "t", "a")'),
        (
            RevokeOp(["select", "insert"], "t", ["a", "b"], cascade=True),
            'op.revoke(["select", "insert"], "t", ["a", "b"], cascade=True)',
        ),
        (
            AttachPartitionOp("t", "p", "DEFAULT", schema="s"),
            'op.attach_partition("t", "p", "DEFAULT", schema="s")',
        ),
        (
            DetachPartitionOp("t", "p", concurrently=True, bound="DEFAULT"),
            'op.detach_partition("t", "p", concurrently=True)',
        ),
        (
            CreatePolicyOp("p", "t", permissive=False, command="select", using="a"),
            'op.create_policy("p", "t", permissive=False, command="select", using="a")',
        ),
        (DropPolicyOp("p", "t"), 'op.drop_policy("p", "t")'),
        (EnableRlsOp("t", force=True), 'op.enable_rls("t", force=True)'),
        (
            CreateSequenceOp("s", schema="x", data_type=sa.SmallInteger, minvalue=False),
            'op.create_sequence("s", schema="x", data_type=sa.SmallInteger(), minvalue=False)',
        ),
        (
            AlterSequenceOp("s", restart=True, cycle=False),
            'op.alter_sequence("s", restart=True, cycle=False)',
        ),
        (
            CreateTriggerOp("x", "t", "after", ["insert"], "f()", constraint=True, deferrable=True),
            'op.create_trigger("x", "t", "after", "insert", "f()", constraint=True, deferrable=True)',
        ),
        (CreateViewOp("v", "SELECT 1", options={}), 'op.create_view("v", "SELECT 1")'),
        (
            CreateViewOp("v", sa.select(sa.literal_column("1")), columns=["a"]),
            'op.create_view("v", "SELECT 1", columns=["a"])',
        ),
        (
            CreateMaterializedViewOp("v", "SELECT 1", options={"fillfactor": 70}, with_data=False),
            'op.create_materialized_view("v", "SELECT 1", options={"fillfactor": 70}, with_data=False)',
        ),
        (
            RefreshMaterializedViewOp("v", concurrently=True),
            'op.refresh_materialized_view("v", concurrently=True)',
        ),
        (
            CreateIndexOp("i", "t", [sa.Column("a"), sa.text("lower(b)")], postgresql_using="gin"),
            'op.create_index("i", "t", ["a", sa.text("lower(b)")], postgresql_using="gin")',
        ),
        (
            DropIndexOp("i", "t", postgresql_concurrently=True, postgresql_using="gin"),
            'op.drop_index("i", "t", postgresql_concurrently=True)',
        ),
        (DropIndexOp("i"), 'op.drop_index("i")'),
        (
            CreatePrimaryKeyOp(None, "t", ["a"], deferrable=True),
            'op.create_primary_key(None, "t", ["a"], deferrable=True)',
        ),
    ],
)
def test_a_call(operation, expected):
    assert code(operation) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"modify_type": sa.Text(), "existing_type": sa.String(3), "modify_nullable": False},
            "existing_type=sa.String(length=3), type_=sa.Text(), nullable=False",
        ),
        (
            {"modify_type": sa.Integer(), "postgresql_using": "a::int"},
            'type_=sa.Integer(), postgresql_using="a::int"',
        ),
        ({"modify_server_default": None}, "server_default=None"),
        ({"modify_server_default": sa.text("1")}, 'server_default=sa.text("1")'),
        (
            {
                "modify_server_default": sa.Identity(),
                "existing_server_default": sa.Identity(start=2),
            },
            "existing_server_default=sa.Identity(start=2), server_default=sa.Identity()",
        ),
        ({"modify_comment": None}, "comment=None"),
        ({"modify_name": "b", "schema": "s"}, 'new_column_name="b", schema="s"'),
    ],
)
def test_changes_of_a_column(changes, expected):
    assert code(AlterColumnOp("t", "a", **changes)) == f'op.alter_column("t", "a", {expected})'


def test_a_table():
    table = CreateTableOp(
        "t",
        [sa.Column("a", sa.Integer), sa.CheckConstraint("a > 0", name="ck")],
        schema="s",
        if_not_exists=True,
    )
    assert code(table) == (
        'op.create_table("t", sa.Column("a", sa.Integer()), '
        'sa.CheckConstraint("a > 0", name="ck"), schema="s", if_not_exists=True)'
    )


def test_a_change_that_is_not_supported():
    change = UnsupportedChangeOp("t", "its owner", before="a", after="b", schema="s")
    assert code(change) == 'raise NotImplementedError("s.t: its owner is a, and is to be b")'
    assert code(change.reverse()).endswith('its owner is b, and is to be a")')


def test_final_names_are_those_of_the_naming_convention():
    unique = CreateUniqueConstraintOp("u", "t", ["a"])
    assert code(unique, final_names=NAMES).startswith('op.create_unique_constraint(op.f("u")')
    assert code(unique, final_names=("pk",)).startswith('op.create_unique_constraint("u"')
    validate = ValidateConstraintOp("u", "t")
    assert code(validate, final_names=NAMES) == 'op.validate_constraint("u", "t")'


def test_the_elements_of_an_exclusion_constraint():
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
    constraint = postgresql.ExcludeConstraint(
        (table.c.a, "="), (sa.text("b + 1"), "<>"), name="x", using="gist"
    )
    table.append_constraint(constraint)
    written = code(AddConstraintOp.from_constraint(constraint))
    assert '("a", "="), (sa.text("b + 1"), "<>")' in written


def test_a_container_is_written_piece_by_piece():
    both = ModifyTableOps("t", [EnableRlsOp("t"), DropPolicyOp("p", "t")])
    assert code(both) == 'op.enable_rls("t") op.drop_policy("p", "t")'


class Own(MigrateOperation):
    """An operation of a user."""


@pytest.mark.parametrize("operation", [Own(), BulkInsertOp(sa.table("t"), [])])
def test_an_operation_without_code_is_refused(operation):
    with pytest.raises(ScriptError, match=f"{type(operation).__name__} has no spelling"):
        code(operation)


def test_a_directive_of_the_user_with_the_same_name_does_not_count(monkeypatch):
    monkeypatch.setattr(Operations, "disable_rls", lambda _, other: other, raising=False)
    from asyncmig.operations.directives.policies import DisableRlsOp

    assert code(DisableRlsOp("t", schema="s")) == 'op.disable_rls("t", schema="s")'


def test_statements_that_commit_one_by_one_are_in_a_block():
    first, second = AddEnumValueOp("mood", "b"), AddEnumValueOp("mood", "c")
    for operation in (first, second):
        operation.in_autocommit = True
    rename = RenameTableOp("a", "b")
    assert render_operations([first, second, rename, first], ItemWriter()).splitlines() == [
        "with op.autocommit():",
        '    op.add_enum_value("mood", "b")',
        '    op.add_enum_value("mood", "c")',
        'op.rename_table("a", "b")',
        "with op.autocommit():",
        '    op.add_enum_value("mood", "b")',
    ]
