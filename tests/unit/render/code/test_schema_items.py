"""Schema items of SQLAlchemy as code, and the imports that they need."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs
from sqlalchemy.types import NullType, TypeDecorator, UserDefinedType

from asyncmig.errors import ScriptError
from asyncmig.operations.base.model_type import with_model_type
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.source.layout import one_line
from asyncmig.render.source.prefixes import Prefixes
from asyncmig.types import ServerType

POSTGRESQL = "from sqlalchemy.dialects import postgresql"
SERVER_TYPE = "from asyncmig.types import ServerType"


class Plain(TypeDecorator[str]):
    """A type of the user whose repr is a call."""

    impl = sa.Text
    cache_ok = True

    def __repr__(self) -> str:
        return "Plain('x')"


class Named(UserDefinedType[Any]):
    """A type of the user whose repr is a name, and no call."""

    def get_col_spec(self) -> str:
        return "opaque"

    def __repr__(self) -> str:
        return "Named"


class Opaque(UserDefinedType[Any]):
    """A type of the user whose repr is no code."""

    def get_col_spec(self) -> str:
        return "opaque"

    def __repr__(self) -> str:
        return "<opaque>"


class Nested(Opaque):
    """A type of the user whose repr uses another name."""

    def __repr__(self) -> str:
        return "Nested(Other())"


@pytest.mark.parametrize(
    ("type_", "code", "imports"),
    [
        (sa.String(5), "sa.String(length=5)", set()),
        (sa.Enum("a", name="x"), 'sa.Enum("a", name="x")', set()),
        (pgs.JSONB(), "postgresql.JSONB()", {POSTGRESQL}),
        (pgs.INET(), "postgresql.INET()", {POSTGRESQL}),
        (pgs.ARRAY(sa.Integer()), "postgresql.ARRAY(sa.Integer())", {POSTGRESQL}),
        (
            pgs.ENUM("a", name="mood", schema="s", create_type=False),
            'postgresql.ENUM(name="mood", schema="s", create_type=False)',
            {POSTGRESQL},
        ),
        (
            pgs.ENUM("a", name="mood"),
            'postgresql.ENUM(name="mood", create_type=True)',
            {POSTGRESQL},
        ),
        (ServerType("citext"), 'ServerType("citext")', {SERVER_TYPE}),
        (Plain(), f'{__name__}.Plain("x")', {f"import {__name__}"}),
        (Opaque(), 'ServerType("opaque")', {SERVER_TYPE}),
        (Named(), 'ServerType("opaque")', {SERVER_TYPE}),
        (Nested(), 'ServerType("opaque")', {SERVER_TYPE}),
    ],
)
def test_types(type_, code, imports):
    items = ItemWriter()
    assert one_line(items.type(type_)) == code
    assert items.imports == imports


def test_defaults_of_columns_that_compute_their_value():
    items = ItemWriter()
    assert one_line(items.default(sa.Computed("a + 1", persisted=True))) == (
        'sa.Computed("a + 1", persisted=True)'
    )
    assert one_line(items.default(sa.Identity(always=True))) == "sa.Identity(always=True)"


def test_the_prefix_of_users_types():
    items = ItemWriter(prefixes=Prefixes(op="", sa="", user="app."))
    assert items.type(Plain()) == 'app.Plain("x")'
    assert items.type(sa.Integer()) == "Integer()"
    assert items.imports == set()


def test_a_column_needs_a_type():
    with pytest.raises(ScriptError, match="without a type"):
        ItemWriter().type(NullType())


def test_the_hook_gets_the_type_of_the_model():
    seen = []

    def hook(kind: str, item: Any, context: Any) -> str | bool:
        seen.append((kind, item, context))
        return "custom" if kind in {"type", "column", "primary_key", "server_default"} else False

    model = Plain()
    items = ItemWriter(render_item=hook)
    assert items.type(with_model_type(sa.Text(), model)) == "custom"
    assert seen == [("type", model, None)]
    column = sa.Column("a", sa.Integer)
    assert items.column(column) == "custom"
    assert items.default(sa.text("1")) == "custom"
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer, primary_key=True))
    assert items.constraint(table.primary_key) == "custom"
    assert one_line(items.constraint(sa.CheckConstraint("a > 0"))) == 'sa.CheckConstraint("a > 0")'


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (sa.Column("a", sa.Integer), 'sa.Column("a", sa.Integer())'),
        (
            sa.Column("a", sa.Integer, nullable=False, server_default="0", comment="it's"),
            'sa.Column("a", sa.Integer(), server_default="0", nullable=False, comment="it\'s")',
        ),
        (
            sa.Column("a", sa.Integer, sa.Identity(always=True, start=5), autoincrement=True),
            'sa.Column("a", sa.Integer(), sa.Identity(always=True, start=5), autoincrement=True)',
        ),
        (
            sa.Column("a", sa.Integer, sa.Computed("b + 1", persisted=True)),
            'sa.Column("a", sa.Integer(), sa.Computed("b + 1", persisted=True))',
        ),
        (
            sa.Column("a", sa.Integer, sa.Computed(sa.column("b") + 1)),
            'sa.Column("a", sa.Integer(), sa.Computed("b + 1"))',
        ),
        (
            sa.Column("a", sa.DateTime, server_default=sa.func.now()),
            'sa.Column("a", sa.DateTime(), server_default=sa.text("now()"))',
        ),
    ],
)
def test_columns(column, code):
    assert one_line(ItemWriter().column(column)) == code


def test_constraints_of_a_table():
    metadata = sa.MetaData()
    other = sa.Table("u", metadata, sa.Column("b", sa.Integer, primary_key=True), schema="s")
    table = sa.Table(
        "t",
        metadata,
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.UniqueConstraint("a", "b", name="uq", deferrable=True, postgresql_include=["c"])
        if not sa.__version__.startswith("2.0")
        else sa.UniqueConstraint("a", "b", name="uq", deferrable=True),
        sa.ForeignKeyConstraint(["a"], ["s.u.b"], name="fk", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["b"], [other.c.b]),
        sa.CheckConstraint(sa.text("a > 0"), name="ck"),
    )
    items = ItemWriter(final_names=("ck",))
    in_order = sorted(table.constraints, key=lambda item: item._creation_order)
    written = [items.constraint(item) for item in in_order]
    codes = [one_line(code) for code in written if code is not None]
    assert codes[0].startswith('sa.UniqueConstraint("a", "b", name="uq", deferrable=True')
    assert 'sa.ForeignKeyConstraint(["a"], ["s.u.b"], name="fk", ondelete="CASCADE")' in codes
    assert 'sa.ForeignKeyConstraint(["b"], ["s.u.b"])' in codes
    assert 'sa.CheckConstraint("a > 0", name=op.f("ck"))' in codes
    assert items.constraint(table.primary_key) is None


def test_an_exclusion_constraint_in_a_table_is_refused():
    constraint = pgs.ExcludeConstraint((sa.column("a"), "="))
    with pytest.raises(ScriptError, match="ExcludeConstraint within create_table"):
        ItemWriter().constraint(constraint)


def test_keywords_of_a_table():
    table = sa.Table(
        "t",
        sa.MetaData(),
        schema="s",
        comment="c",
        prefixes=["UNLOGGED"],
        postgresql_partition_by="LIST (a)",
    )
    found = {name: one_line(code) for name, code in ItemWriter().table_keywords(table).items()}
    assert found == {
        "schema": '"s"',
        "comment": '"c"',
        "prefixes": '["UNLOGGED"]',
        "postgresql_partition_by": '"LIST (a)"',
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("it's", '"it\'s"'),
        (["a", 1], '["a", 1]'),
        ({"a": ["b"], "c": True}, '{"a": ["b"], "c": True}'),
        (sa.text("a = :b"), 'sa.text("a = :b")'),
        (sa.Column("a", sa.Integer), 'sa.Column("a", sa.Integer())'),
        (sa.Integer, "sa.Integer()"),
        (None, "None"),
    ],
)
def test_values(value, code):
    assert one_line(ItemWriter().value(value)) == code


def test_colons_in_an_expression_are_escaped():
    clause = sa.literal_column("a :: b AND ' :c'")
    assert one_line(ItemWriter().value(clause)) == r"""sa.text("a :: b AND ' \\:c'")"""


@pytest.mark.parametrize(
    ("clause", "code"),
    [("a > 0", '"a > 0"'), (sa.text("a > 0"), '"a > 0"'), (sa.column("a") > 0, '"a > 0"')],
)
def test_conditions(clause, code):
    assert ItemWriter().condition(clause) == code


def test_names():
    items = ItemWriter(final_names=("uq",))
    assert items.name(None, "uq") == "None"
    assert one_line(items.name("u", "uq")) == 'op.f("u")'
    assert items.name("c", "ck") == '"c"'
    assert one_line(items.name("x", None)) == 'op.f("x")'


def test_a_key_without_columns_is_not_written():
    """SQLAlchemy gives one to each table."""
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("a", sa.Text), sa.UniqueConstraint("a", name="u")
    )
    written = ItemWriter().table_items(table, [table.primary_key, *table.constraints])
    assert [one_line(item) for item in written] == [
        'sa.Column("a", sa.Text())',
        'sa.UniqueConstraint("a", name="u")',
    ]
