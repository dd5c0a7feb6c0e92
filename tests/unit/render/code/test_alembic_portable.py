"""Scripts that Alembic runs, too: what is written as SQL, and what stands outside of a transaction."""

from __future__ import annotations

from textwrap import dedent

import pytest

from asyncmig.config.settings import Settings
from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.constraints import ValidateConstraintOp
from asyncmig.operations.directives.enums import AddEnumValueOp, CreateEnumOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.functions import DropFunctionOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp
from asyncmig.operations.directives.sequences import CreateSequenceOp
from asyncmig.operations.directives.views import CreateViewOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.render.code.alembic_portable import is_for_alembic
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.source.prefixes import Prefixes

IMPOSSIBLE = UnsupportedChangeOp("t", "its key", before="a", after="b")


def written(*operations: MigrateOperation, **keywords: object) -> str:
    return render_operations(operations, ItemWriter(**keywords), for_alembic=True)  # type: ignore[arg-type]  # what it takes


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (CreateEnumOp("mood", ["a", "b"]), "op.execute(\"CREATE TYPE mood AS ENUM ('a', 'b')\")"),
        (
            ValidateConstraintOp("ck", "t"),
            'op.execute("ALTER TABLE t VALIDATE CONSTRAINT ck")',
        ),
        (CreateIndexOp("ix", "t", ["a"]), 'op.create_index("ix", "t", ["a"])'),
        (CreatePrimaryKeyOp("pk", "t", ["a"]), 'op.create_primary_key("pk", "t", ["a"])'),
        (
            CreatePrimaryKeyOp("pk", "t", ["a"], postgresql_include=["b"]),
            'op.execute("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a) INCLUDE (b)")',
        ),
        # one colon is a parameter to Alembic, and none to asyncmig
        (ExecuteSQLOp("SELECT ':a'"), r"""op.execute("SELECT '\\:a'")"""),
        (IMPOSSIBLE, f'raise NotImplementedError("{IMPOSSIBLE.message}")'),
    ],
)
def test_a_line(operation, expected):
    assert written(ModifyTableOps("t", [operation])).splitlines()[-1] == expected


def test_what_cannot_stand_in_a_transaction():
    operations = [
        AddEnumValueOp("mood", "c", after="b"),
        CreateIndexOp("ix", "t", ["a"], postgresql_concurrently=True),
        ExecuteSQLOp("SELECT 1"),
    ]
    assert written(*operations, prefixes=Prefixes(op="alembic.op.")) == dedent("""\
        with alembic.op.get_context().autocommit_block():
            alembic.op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'c' AFTER 'b'")
        with alembic.op.get_context().autocommit_block():
            alembic.op.create_index("ix", "t", ["a"], postgresql_concurrently=True)
        alembic.op.execute("SELECT 1")""")


def test_imports_are_those_of_what_is_written():
    items = ItemWriter()
    view = CreateViewOp("v", "SELECT 'a\nb'")
    body = render_operations([view, DropFunctionOp("f()")], items, for_alembic=True)
    assert "dedent" in body
    assert items.imports == {"from textwrap import dedent"}
    items = ItemWriter()
    render_operations([CreateSequenceOp("s")], items, for_alembic=True)
    assert items.imports == set()


def test_a_label_that_a_block_has_committed_is_no_error_when_the_script_runs_again():
    label = AddEnumValueOp("mood", "c")
    assert "IF NOT EXISTS" in written(label)
    index = ExecuteSQLOp("VACUUM")
    assert written(index) == dedent("""\
        with op.get_context().autocommit_block():
            op.execute("VACUUM")""")


class Own(MigrateOperation):
    """Of a user, whose renderer writes it."""


def test_a_user_s_own_operation_is_the_renderer_s():
    assert (
        written(Own(), renderer=lambda kind: lambda *_: f"op.{kind.__name__.lower()}()")
        == "op.own()"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, False),
        ("import sqlalchemy as sa\nfrom alembic import op\n", True),
        ("import alembic.op as op\n", True),
        ("from asyncmig import op  # not from alembic import op\n", False),
    ],
)
def test_the_template_decides(tmp_path, template, expected):
    if template is not None:
        (tmp_path / "script.py.mako").write_text(template)
    assert is_for_alembic(Settings(script_location=tmp_path)) is expected
