"""What ``op`` offers besides directives: the context, the bind, blocks and words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.sql.elements import conv

from asyncmig.errors import DirectiveError, NeedsDatabaseError
from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import (
    MigrateOperation,
    built_in_operations,
    is_built_in,
)
from asyncmig.operations.directives.tables import DropTableOp
from asyncmig.operations.facade import Operations
from asyncmig.operations.offline_connection import OfflineConnection
from asyncmig.operations.op_proxy import op as proxy
from support.recording_sink import RecordingSink, record, sql_of


def test_context_tells_what_was_configured():
    models = sa.MetaData()
    sink = RecordingSink(
        target_metadata=models,
        options={"mine": 1, "version_table": "history", "version_table_schema": "s", "config": "c"},
    )
    context = Operations(sink).get_context()
    assert context.opts["mine"] == 1
    assert context.opts["target_metadata"] is models
    assert (context.version_table_schema, context.version_table) == ("s", "history")
    assert (context.config, context.script, context.environment_context) == ("c", None, None)
    assert context.dialect is sink.dialect
    assert context.transactional_ddl
    assert not context.as_sql
    assert not context.is_offline_mode()
    assert context.impl.dialect is sink.dialect
    assert not context.impl.as_sql


def test_context_defaults():
    context = Operations(RecordingSink()).migration_context
    assert context.version_table == "alembic_version"
    assert context.version_table_schema is None
    assert "target_metadata" not in context.opts


def test_context_executes_and_commits_alone():
    def script(op):
        with op.get_context().autocommit_block():
            op.get_context().execute("VACUUM t")
        with op.autocommit():
            op.execute("VACUUM u")

    sink = record(script)
    assert sink.sql == ["VACUUM t", "VACUUM u"]
    assert sink.log == ["autocommit begins", "autocommit ends"] * 2


def test_the_proxy_may_be_lent_to_a_context():
    sink = RecordingSink()
    operations = Operations(sink)
    with Operations.context(operations.get_context()):
        proxy.drop_table("t")
    assert sink.sql == ["DROP TABLE t"]


class FakeBind:
    def __init__(self, rows):
        self.rows = rows
        self.executed = []

    def execute(self, statement):
        self.executed.append(str(statement))
        return [(row,) for row in self.rows]


def test_heads_are_read_from_the_version_table(monkeypatch):
    sink = RecordingSink(options={"version_table_schema": "My Schema"})
    bind = FakeBind(["a", "b"])
    monkeypatch.setattr(sink, "bind", lambda: bind)
    context = Operations(sink).get_context()
    assert (
        context.bind is context.connection is context.impl.bind is context.impl.connection is bind
    )
    assert context.get_current_heads() == ("a", "b")
    assert context.get_current_revision() is None
    bind.rows = ["a"]
    assert context.get_current_revision() == "a"
    assert bind.executed[0] == 'SELECT version_num FROM "My Schema".alembic_version ORDER BY 1'


async def test_async_scripts_read_through_the_sink():
    op = Operations(RecordingSink())
    assert await op.fetch("SELECT $1", 5) == ["SELECT $1", 5]
    assert await op.connection() == "the asyncpg connection"


def test_run_async_is_the_sinks_business():
    op = Operations(RecordingSink())
    assert op.run_async(len, 1, b=2) == ("awaited", len, (1,), {"b": 2})
    with op.batch_alter_table("t") as batch:
        assert batch.run_async(len) == ("awaited", len, (), {})


def test_words():
    op = Operations(RecordingSink())
    assert isinstance(op.f("name"), conv)
    assert op.schema_obj.column("a", sa.Integer()).name == "a"
    with op.batch_alter_table("t") as batch:
        assert isinstance(batch.f("name"), conv)
        assert batch.inline_literal("x").value == "x"
    t = sa.table("t", sa.column("a", sa.String))
    literal = op.inline_literal("it's")
    from sqlalchemy.dialects import postgresql

    compiled = (
        t.update()
        .values(a=literal)
        .compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True})
    )
    assert str(compiled) == "UPDATE t SET a='it''s'"
    assert sql_of(lambda op: op.execute(t.update().values(a=op.inline_literal(5, sa.Integer)))) == [
        "UPDATE t SET a=5"
    ]


# groups


def test_a_batch_waits_for_the_end_of_its_block():
    sink = RecordingSink()
    op = Operations(sink)
    with op.batch_alter_table("t") as batch:
        batch.drop_column("a")
        assert sink.sql == []
        batch.execute("SELECT 'at once'")
        assert sink.sql == ["SELECT 'at once'"]
        assert batch.get_context() is batch.migration_context is op.get_context()
    assert sink.sql == ["SELECT 'at once'", "ALTER TABLE t DROP COLUMN a"]


def test_a_batch_that_fails_says_nothing():
    sink = RecordingSink()

    def script(op):
        with op.batch_alter_table("t") as batch:
            batch.drop_column("a")
            batch.get_bind()

    with pytest.raises(NeedsDatabaseError):
        script(Operations(sink))
    assert sink.sql == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"recreate": "always"}, 'recreate="always"'),
        ({"recreate": "always", "partial_reordering": [("a", "b")]}, "order its columns"),
        ({"partial_reordering": [("a", "b")]}, "order its columns"),
    ],
)
def test_a_batch_that_would_copy_the_table_is_refused(arguments, said):
    op = Operations(RecordingSink())
    with pytest.raises(DirectiveError, match="would copy the whole table") as caught:
        op.batch_alter_table("t", **arguments).__enter__()
    assert said in str(caught.value)
    assert "create_table" in caught.value.hint


def test_a_batch_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'auto', 'always' or 'never'"):
        Operations(RecordingSink()).batch_alter_table("t", recreate="sometimes").__enter__()


def test_a_batch_cannot_place_columns():
    op = Operations(RecordingSink())
    for place in ({"insert_before": "b"}, {"insert_after": "b"}):
        batch = op.batch_alter_table("t").__enter__()
        with pytest.raises(DirectiveError, match="cannot be placed"):
            batch.add_column(sa.Column("a", sa.Integer), **place)


def test_a_batch_makes_no_tables():
    op = Operations(RecordingSink())
    from asyncmig.operations.directives.tables import DropTableOp

    batch = op.batch_alter_table("t").__enter__()
    with pytest.raises(DirectiveError, match="inside batch_alter_table"):
        batch.invoke(DropTableOp("u"))


# a plan


class PlanningSink(RecordingSink):
    planning = True


def test_a_plan_knows_which_database_it_is():
    bind = Operations(PlanningSink()).get_bind()
    assert isinstance(bind, sa.Connection)
    assert bind.dialect.name == bind.engine.name == bind.engine.dialect.name == "postgresql"
    assert bind.dialect.driver == "asyncpg"
    assert bind.dialect.identifier_preparer.quote("A b") == '"A b"'


@pytest.mark.parametrize(
    "read",
    [
        lambda bind: bind.execute(sa.text("SELECT 1")),
        lambda bind: bind.scalar(sa.text("SELECT 1")),
        lambda bind: bind.dialect.server_version_info,
        lambda bind: bind.engine.begin(),
        lambda bind: sa.inspect(bind),
        lambda bind: bind.in_transaction(),
        lambda bind: Base.metadata.create_all(bind),
        lambda bind: Session(bind=bind).execute(sa.text("SELECT 1")),
    ],
)
def test_a_plan_stops_at_whatever_else_is_asked(read):
    with pytest.raises(NeedsDatabaseError):
        read(Operations(PlanningSink()).get_bind())


# a script for psql


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Enum("a", "b", name="kind"))


def test_the_bind_of_a_script_for_psql_takes_orders():
    def script(op):
        bind = op.get_bind()
        bind.execute(sa.text("SELECT setval('s', :n)"), {"n": 5})
        bind.execute(sa.insert(Thing), [{"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}])
        bind.exec_driver_sql("SELECT 1; SELECT 2")
        with bind.begin(), bind.begin_nested() as savepoint:
            savepoint.commit()
        bind.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("SELECT 3"))
        bind.commit()
        bind.rollback()
        bind.close()
        with Session(bind=bind) as session:
            session.execute(sa.update(Thing.__table__).values(kind="b"))
            session.commit()
        sa.Enum("x", name="mood").create(bind, checkfirst=True)
        Base.metadata.create_all(bind)
        Base.metadata.drop_all(bind.engine.connect())

    assert [" ".join(sql.split()) for sql in sql_of(script, offline=True)] == [
        "SELECT setval('s', 5)",
        "INSERT INTO thing (id, kind) VALUES (1, 'a')",
        "INSERT INTO thing (id, kind) VALUES (2, 'b')",
        "SELECT 1",
        "SELECT 2",
        "SELECT 3",
        "UPDATE thing SET kind='b'",
        "CREATE TYPE mood AS ENUM ('x')",
        "CREATE TYPE kind AS ENUM ('a', 'b')",
        "CREATE TABLE thing ( id SERIAL NOT NULL, kind kind NOT NULL, PRIMARY KEY (id) )",
        "DROP TABLE thing",
        "DROP TYPE kind",
    ]


@pytest.mark.parametrize(
    "read",
    [
        lambda bind: bind.execute(sa.text("SELECT 1")).fetchall(),
        lambda bind: bind.execute(sa.text("SELECT 1")).rowcount,
        lambda bind: list(bind.execute(sa.text("SELECT 1"))),
        lambda bind: bind.scalar(sa.text("SELECT 1")),
        lambda bind: bind.scalars(sa.text("SELECT 1")),
        lambda bind: sa.inspect(bind).get_table_names(),
        lambda bind: bind.exec_driver_sql("SELECT %s", (5,)),
        lambda bind: Session(bind=bind).query(Thing).all(),
    ],
)
def test_the_bind_of_a_script_for_psql_has_no_results(read):
    op = Operations(RecordingSink(offline=True))
    with pytest.raises(NeedsDatabaseError):
        read(op.get_bind())


def test_a_sink_that_forgets_to_refuse_is_reminded(monkeypatch):
    sink = RecordingSink(offline=True)
    monkeypatch.setattr(sink, "bind", lambda: None)
    with pytest.raises(NeedsDatabaseError, match="script for psql has no results"):
        Operations(sink).get_bind().scalar(sa.text("SELECT 1"))


def test_the_bind_of_a_script_for_psql_is_recognised():
    context = Operations(RecordingSink(offline=True)).get_context()
    assert context.as_sql
    assert context.is_offline_mode()
    assert isinstance(context.bind, OfflineConnection)
    assert context.get_current_heads() == ()
    assert context.bind.in_transaction()
    assert not context.bind.in_nested_transaction()
    assert context.bind.get_nested_transaction() is None
    assert context.bind.get_execution_options() == {}
    for transaction in (context.bind.begin(), context.bind.get_transaction()):
        transaction.rollback()
        transaction.close()
    result = context.bind.execute(sa.text("SELECT 1"))
    assert result
    assert not hasattr(result, "__len__")
    assert not context.bind.closed
    assert not context.bind.invalidated
    assert "psql" in repr(context.bind)


# types of a run


def table_with_enum(name):
    return lambda op: op.create_table(name, sa.Column("a", sa.Enum("x", name="kind")))


def created_types(op_types, script):
    sink = RecordingSink()
    script(Operations(sink, created_types=op_types))
    return [sql for sql in sink.sql if "TYPE" in sql]


def test_a_type_is_created_once_in_a_run():
    run = CreatedTypes()
    assert created_types(run.for_script("r1"), table_with_enum("t")) == [
        "CREATE TYPE kind AS ENUM ('x')"
    ]
    assert created_types(run.for_script("r2"), table_with_enum("u")) == []


def test_a_script_that_is_recorded_again_creates_its_types_again():
    run = CreatedTypes()
    for _ in range(2):
        assert len(created_types(run.for_script("r1"), table_with_enum("t"))) == 1
        assert created_types(run.for_script("r2"), table_with_enum("u")) == []


def test_an_explicit_enum_is_not_created_by_a_table():
    def script(op):
        op.create_enum("kind", ["x"])
        table_with_enum("t")(op)

    assert created_types(CreatedTypes().for_script("r"), script) == [
        "CREATE TYPE kind AS ENUM ('x')"
    ]


def test_a_dropped_or_renamed_enum_is_created_again():
    def script(op):
        table_with_enum("t")(op)
        op.drop_table("t")
        op.drop_enum("kind")
        table_with_enum("t")(op)
        op.rename_enum("kind", "old_kind")
        table_with_enum("u")(op)
        op.create_table("v", sa.Column("a", sa.Enum("x", name="old_kind")))

    assert created_types(CreatedTypes().for_script("r"), script) == [
        "CREATE TYPE kind AS ENUM ('x')",
        "DROP TYPE kind",
        "CREATE TYPE kind AS ENUM ('x')",
        "ALTER TYPE kind RENAME TO old_kind",
        "CREATE TYPE kind AS ENUM ('x')",
    ]


# the registry of operations


def test_every_built_in_operation_is_made_by_a_directive():
    assert len(built_in_operations()) > 50
    for name, cls in built_in_operations().items():
        assert cls.directive == name
        assert callable(getattr(Operations, name)), cls
        assert is_built_in(cls)


def test_users_operations_are_not_built_in():
    class Special(DropTableOp):
        pass

    class Own(MigrateOperation):
        directive = "own"

    assert not is_built_in(Special)
    assert not is_built_in(Own)
    assert not is_built_in(object)
    assert Special.directive == "drop_table"


def test_every_directive_says_what_it_locks_and_gives_an_example():
    for cls in built_in_operations().values():
        text = getattr(Operations, cls.directive).__doc__
        assert "Example::" in text, cls.directive
        assert f"op.{cls.directive}(" in text, cls.directive


def test_the_context_of_other_operations_is_refused():
    class Other(Operations):
        pass

    context = Operations(RecordingSink()).get_context()
    with pytest.raises(TypeError, match="Other expected, not Operations"), Other.context(context):
        pass


def test_the_first_of_several_metadata_has_the_naming_convention():
    first = sa.MetaData(naming_convention={"uq": "uq_%(table_name)s"})
    sink = RecordingSink(target_metadata=(first, sa.MetaData()))
    assert Operations(sink).schema_obj.metadata().naming_convention["uq"] == "uq_%(table_name)s"
    empty = Operations(RecordingSink(target_metadata=())).schema_obj
    assert "uq" not in empty.metadata().naming_convention


@pytest.mark.parametrize(
    "member", [lambda op: op.invoke(1), lambda op: op.perform(1), Directives.get_bind]
)
def test_directives_alone_perform_nothing(member):
    with pytest.raises(NotImplementedError):
        member(Directives())
