"""Operations made from schema items of SQLAlchemy, and reversed, as autogenerate does it for a downgrade."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.facade import Operations
from asyncmig.plan.recorder import Recorder
from asyncmig.revisions.graph.revision import Revision

UNIQUE = sa.UniqueConstraint("a", name="u")
EXCLUDE = ExcludeConstraint(("a", "="), name="e", using="gist")
TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("a", sa.Integer),
    UNIQUE,
    EXCLUDE,
    sa.Index("i", "a"),
    schema="s",
)


def sql(operation) -> str:
    (found,) = compile_operation(operation, MigrationDialect())
    return found.sql


@pytest.mark.parametrize(
    ("operation", "statement", "reverse"),
    [
        (
            CreateIndexOp("i", "t", ["a"], unique=True),
            "CREATE UNIQUE INDEX i ON t (a)",
            "DROP INDEX i",
        ),
        (
            CreateIndexOp.from_index(next(iter(TABLE.indexes))),
            "CREATE INDEX i ON s.t (a)",
            "DROP INDEX s.i",
        ),
        (AddColumnOp.from_column(TABLE.c.a), "ALTER TABLE s.t ADD COLUMN a INTEGER", None),
        (
            AddColumnOp("t", sa.Column("b", sa.Text)),
            "ALTER TABLE t ADD COLUMN b TEXT",
            "ALTER TABLE t DROP COLUMN b",
        ),
        (
            DropColumnOp.from_column_and_tablename("s", "t", sa.Column("b", sa.Text)),
            "ALTER TABLE s.t DROP COLUMN b",
            "ALTER TABLE s.t ADD COLUMN b TEXT",
        ),
        (
            AddConstraintOp.from_constraint(UNIQUE),
            "ALTER TABLE s.t ADD CONSTRAINT u UNIQUE (a)",
            "ALTER TABLE s.t DROP CONSTRAINT u",
        ),
        (
            AddConstraintOp.from_constraint(EXCLUDE),
            "ALTER TABLE s.t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =)",
            "ALTER TABLE s.t DROP CONSTRAINT e",
        ),
        (
            AlterColumnOp("t", "a", modify_type=sa.Text(), existing_type=sa.Integer()),
            "ALTER TABLE t ALTER COLUMN a TYPE TEXT",
            "ALTER TABLE t ALTER COLUMN a TYPE INTEGER",
        ),
        (
            AlterColumnOp("t", "a", modify_name="b"),
            "ALTER TABLE t RENAME a TO b",
            "ALTER TABLE t RENAME b TO a",
        ),
        (
            AlterColumnOp("t", "a", modify_nullable=False, existing_nullable=True),
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
            "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        ),
        (
            AlterColumnOp("t", "a", modify_comment="new", existing_comment="old"),
            "COMMENT ON COLUMN t.a IS 'new'",
            "COMMENT ON COLUMN t.a IS 'old'",
        ),
    ],
)  # fmt: skip
def test_a_reversed_operation(operation, statement, reverse) -> None:
    assert sql(operation) == statement
    if reverse is not None:
        assert sql(operation.reverse()) == reverse
        assert sql(operation.reverse().reverse()) == statement


@pytest.mark.parametrize("kind", [None, "exclude", "foreignkey", "primary", "unique", "check"])
def test_a_constraint_is_dropped_by_its_name(kind) -> None:
    assert sql(DropConstraintOp("c", "t", kind)) == "ALTER TABLE t DROP CONSTRAINT c"


def test_another_kind_of_constraint_is_an_error() -> None:
    with pytest.raises(TypeError, match="uniqe"):
        sql(DropConstraintOp("c", "t", "uniqe"))


def test_what_was_dropped_by_its_name_alone_cannot_be_created_again() -> None:
    with pytest.raises(ValueError, match="cannot create index i again"):
        DropIndexOp("i", "t").reverse()
    with pytest.raises(ValueError, match="cannot add constraint c again"):
        DropConstraintOp("c", "t").reverse()


def test_operations_of_a_context_go_where_those_of_the_script_go() -> None:
    recorder = Recorder(Revision(id="a1", path=__file__), dialect=MigrationDialect())
    outer = Operations(recorder)
    inner = Operations(outer.get_context())
    assert outer.get_context().sink is recorder
    assert inner.get_context().sink is recorder
    inner.execute("SELECT 1")
    assert [entry.sql for entry in recorder.take()] == ["SELECT 1"]
