"""Operations of users' own, and implementations that replace ours."""

from __future__ import annotations

import inspect

import pytest
import sqlalchemy as sa

from asyncmig.errors import DirectiveError
from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.batch import BatchOperations
from asyncmig.operations.custom_directives import Extensible
from asyncmig.operations.directives.columns import AddColumnOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp
from asyncmig.operations.facade import Operations
from support.recording_sink import RecordingSink, sql_of


@pytest.fixture(autouse=True)
def _clean_registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(Extensible, "_implementations", {})
    for cls in (Operations, BatchOperations):
        for name in ("create_audit", "drop_table"):
            before = cls.__dict__.get(name)
            if before is None:
                monkeypatch.setattr(cls, name, None, raising=False)
                monkeypatch.delattr(cls, name)
            else:
                monkeypatch.setattr(cls, name, before)


def register_audit():
    @Operations.register_operation("create_audit")
    @BatchOperations.register_operation("create_audit", "batch_create_audit")
    class CreateAuditOp(MigrateOperation):
        def __init__(self, table_name: str, *, every: int = 1) -> None:
            self.table_name = table_name
            self.every = every

        @classmethod
        def create_audit(cls, operations, table_name, *, every=1):
            """Audit a table."""
            return operations.invoke(cls(table_name, every=every))

        @classmethod
        def batch_create_audit(cls, operations, *, every=1):
            return operations.invoke(cls(operations.impl.table_name, every=every))

    return CreateAuditOp


def test_a_registered_operation_becomes_a_directive():
    operation_class = register_audit()

    @Operations.implementation_for(operation_class)
    def create_audit(operations, operation):
        operations.execute(f"SELECT audit('{operation.table_name}', {operation.every})")
        return "made"

    results = []
    assert sql_of(lambda op: results.append(op.create_audit("t", every=5))) == [
        "SELECT audit('t', 5)"
    ]
    assert results == ["made"]
    assert Operations.create_audit.__doc__ == "Audit a table."
    assert str(inspect.signature(Operations.create_audit)) == "(self, table_name, *, every=1)"


def test_a_registered_operation_works_in_a_batch():
    operation_class = register_audit()

    @Operations.implementation_for(operation_class)
    def create_audit(operations, operation):
        operations.execute(f"SELECT audit('{operation.table_name}')")

    def script(op):
        with op.batch_alter_table("t") as batch:
            batch.drop_column("x")
            batch.create_audit()

    assert sql_of(script) == ["SELECT audit('t')", "ALTER TABLE t DROP COLUMN x"]


def test_an_operation_without_implementation_says_how_to_give_one():
    operation_class = register_audit()
    with pytest.raises(DirectiveError, match="cannot compile CreateAuditOp") as caught:
        Operations(RecordingSink()).invoke(operation_class("t"))
    assert "implementation_for(CreateAuditOp)" in caught.value.hint


def test_an_implementation_of_ours_is_replaced_only_on_purpose():
    with pytest.raises(ValueError, match="replace=True"):
        Operations.implementation_for(CreateTableOp)(lambda operations, operation: None)

    @Operations.implementation_for(CreateTableOp, replace=True)
    def create_table(operations, operation):
        table = operations.perform(operation)
        operations.execute(f"GRANT SELECT ON {table.name} TO reporting")
        return table

    tables = []
    script = lambda op: tables.append(op.create_table("t", sa.Column("a", sa.Integer)))  # noqa: E731
    assert [sql.split("(")[0] for sql in sql_of(script)] == [
        "CREATE TABLE t ",
        "GRANT SELECT ON t TO reporting",
    ]
    assert tables[0].name == "t"
    with pytest.raises(ValueError, match="replace=True"):
        Operations.implementation_for(CreateTableOp)(create_table)


def test_the_nearest_class_decides():
    class SpecialDrop(DropTableOp):
        pass

    class MoreSpecialDrop(SpecialDrop):
        pass

    op = Operations(RecordingSink())
    assert op.invoke(SpecialDrop("compiled as its parent")) is None

    @Operations.implementation_for(SpecialDrop)
    def drop(operations, operation):
        return "special"

    @Operations.implementation_for(MigrateOperation)
    def anything(operations, operation):
        return "anything"

    assert op.invoke(MoreSpecialDrop("t")) == "special"
    assert op.invoke(DropTableOp("t")) is None  # ours is nearer than MigrateOperation's
    assert op.invoke(MigrateOperation()) == "anything"


def test_a_directive_of_ours_may_be_taken_over():
    @Operations.register_operation("drop_table")
    class KeepTableOp(MigrateOperation):
        @classmethod
        def drop_table(cls, operations, name):
            return operations.execute(f"ALTER TABLE {name} RENAME TO old_{name}")

    assert sql_of(lambda op: op.drop_table("t")) == ["ALTER TABLE t RENAME TO old_t"]


def test_implementations_may_use_what_alembics_have():
    seen = {}

    class Probe(MigrateOperation):
        pass

    @Operations.implementation_for(Probe)
    def probe(operations, operation):
        seen["dialect"] = operations.impl.dialect.name
        table = operations.schema_obj.table(
            "t", sa.Column("a", sa.Integer, index=True), comment="c"
        )
        operations.impl.create_table(table, if_not_exists=True)
        operations.impl.create_table_comment(table)
        operations.impl.drop_table_comment(table)
        (index,) = table.indexes
        operations.impl.create_index(index, if_not_exists=True)
        operations.impl.drop_index(index, if_exists=True)
        check = sa.CheckConstraint("a > 0", name="ck")
        table.append_constraint(check)
        operations.impl.add_constraint(check)
        operations.impl.drop_constraint(check, if_exists=True)
        operations.impl.bulk_insert(table, [{"a": 1}])
        operations.impl.execute("SELECT 1")
        operations.impl._exec(sa.text("SELECT :x"), multiparams=[{"x": 1}, {"x": 2}])
        operations.impl.rename_table("t", "u", schema="s")
        operations.impl.drop_table(table, if_exists=True)
        operations.migration_context.impl.execute("SELECT 3")

    assert sql_of(lambda op: op.invoke(Probe())) == [
        "CREATE TABLE IF NOT EXISTS t (\n    a INTEGER\n)",
        "COMMENT ON TABLE t IS 'c'",
        "CREATE INDEX ix_t_a ON t (a)",
        "COMMENT ON TABLE t IS 'c'",
        "COMMENT ON TABLE t IS NULL",
        "CREATE INDEX IF NOT EXISTS ix_t_a ON t (a)",
        "DROP INDEX IF EXISTS ix_t_a",
        "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)",
        "ALTER TABLE t DROP CONSTRAINT IF EXISTS ck",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT 1",
        "SELECT 1",
        "SELECT 2",
        "ALTER TABLE s.t RENAME TO u",
        "DROP TABLE IF EXISTS t",
        "SELECT 3",
    ]
    assert seen == {"dialect": "postgresql"}


def test_an_operation_of_no_known_kind_has_no_implementation():
    class Strange:
        directive = "strange"

    @Operations.implementation_for(DropTableOp, replace=True)
    def drop(operations, operation):
        return "dropped"

    op = Operations(RecordingSink())
    assert op.invoke(DropTableOp("t")) == "dropped"
    assert op._custom_implementation(Strange()) is None
    with pytest.raises(NotImplementedError):
        Directives().invoke(DropTableOp("t"))


def test_the_operation_of_a_directive_is_a_value():
    operation = AddColumnOp("t", sa.Column("a", sa.Integer))
    assert operation.info == {}
    operation.info["mine"] = 1
    assert operation.info == {"mine": 1}
    assert operation.script_context is None
    op = Operations(RecordingSink())
    op.invoke(operation)
    assert operation.script_context is op.get_context()
