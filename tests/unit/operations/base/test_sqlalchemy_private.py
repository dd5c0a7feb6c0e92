"""The private members of SQLAlchemy that operations use, in the installed version."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs
from sqlalchemy.schema import AddConstraint

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.sqlalchemy_private import (
    ForeignKeyTarget,
    applies_to_dialect,
    copy_column,
    exclusion_elements,
    foreign_key_target,
    has_table,
    has_variants,
    in_creation_order,
    is_added_later,
    metadata_sequences,
    table_prefixes,
)

DIALECT = MigrationDialect()
COMPILER = DIALECT.ddl_compiler(DIALECT, None)


def test_variants():
    assert has_variants(sa.Text().with_variant(sa.String(5), "mysql"))
    assert not has_variants(sa.Text())


def test_items_of_another_dialect():
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer))
    plain = sa.Index("i", table.c.a)
    other = sa.Index("j", table.c.a).ddl_if(dialect="mysql")
    ours = sa.Index("k", table.c.a).ddl_if(dialect="postgresql")
    assert [applies_to_dialect(item, COMPILER) for item in (plain, other, ours)] == [
        True,
        False,
        True,
    ]


def test_a_copied_column_has_its_constraints_in_the_same_order():
    names = [f"c{number}" for number in range(30)]  # a set has so many in another order
    column = sa.Column("a", sa.Integer, *(sa.CheckConstraint("a > 0", name=name) for name in names))
    constraints = column.constraints
    copied = copy_column(copy_column(column))
    assert [item.name for item in in_creation_order(copied.constraints)] == names
    assert column.constraints is constraints


def test_constraints_that_are_added_after_create_table():
    metadata = sa.MetaData()
    table = sa.Table(
        "t",
        metadata,
        sa.Column("a", sa.Integer),
        sa.CheckConstraint("a > 0", name="within"),
        sa.CheckConstraint("a > 1", name="later"),
        sa.CheckConstraint("a > 2", name="never"),
        sa.ForeignKeyConstraint(["a"], ["u.a"], name="fk"),
    )
    found = {constraint.name: constraint for constraint in table.constraints}
    sa.event.listen(table, "after_create", AddConstraint(found["later"]))
    AddConstraint(found["never"])
    added = {name for name, item in found.items() if name and is_added_later(item, COMPILER)}
    assert added == {"later", "fk"}


def test_targets_of_foreign_keys():
    metadata = sa.MetaData()
    other = sa.Table("u", metadata, sa.Column("b", sa.Integer, primary_key=True))
    table = sa.Table(
        "t",
        metadata,
        sa.Column("a", sa.Integer, sa.ForeignKey("s.u.b")),
        sa.Column("c", sa.Integer, sa.ForeignKey(other.c.b)),
        sa.Column("d", sa.Integer, sa.ForeignKey("u")),
    )
    targets = {
        column.name: foreign_key_target(key)
        for column in table.columns
        for key in column.foreign_keys
    }
    assert targets == {
        "a": ForeignKeyTarget("s", "u", "b"),
        "c": None,
        "d": ForeignKeyTarget(None, "u", None),
    }


def test_the_rest():
    metadata = sa.MetaData()
    sequence = sa.Sequence("s", metadata=metadata)
    table = sa.Table("t", metadata, sa.Column("a", sa.Integer), prefixes=["UNLOGGED"])
    last = sa.CheckConstraint("a > 1")
    exclude = pgs.ExcludeConstraint((table.c.a, "="))
    assert metadata_sequences(metadata) == [sequence]
    assert table_prefixes(table) == ["UNLOGGED"]
    assert in_creation_order([exclude, last]) == [last, exclude]
    assert [(name, operator) for _, name, operator in exclusion_elements(exclude)] == [("a", "=")]
    assert has_table(table.c.a)
    assert not has_table(sa.Column("b", sa.Integer))
