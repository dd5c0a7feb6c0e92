"""What ``op.execute`` makes of text, of ``text()`` and of SQLAlchemy's constructs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from asyncmig.ddl.compiled import CompiledSql
from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.execute import ExecuteSQLOp
from support.recording_sink import record, sql_of

t = sa.table("t", sa.column("a", sa.Integer), sa.column("b", sa.String))


def one(construct, **options) -> str:
    (sql,) = sql_of(lambda op: op.execute(construct, **options))
    return sql


def test_several_statements_know_their_line():
    script = """
        CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1;
        END $$;

        -- a comment; with a semicolon
        SELECT ';'; SELECT 2
    """
    statements = record(lambda op: op.execute(script)).statements
    assert [(s.line, s.sql.split("\n")[0]) for s in statements] == [
        (1, "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$"),
        (7, "SELECT ';'"),
        (7, "SELECT 2"),
    ]


def test_nothing_is_nothing():
    assert sql_of(lambda op: op.execute("  ;; -- only a comment\n")) == []


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("SELECT 5 % 2, '%s', '100%'", "SELECT 5 % 2, '%s', '100%'"),
        # Alembic complains of a missing value here; a string has no values to give
        ("SELECT :name, ':x'", "SELECT :name, ':x'"),
        (r"SELECT '\:x', a\:\:text", "SELECT ':x', a::text"),
        ("SELECT a::text, '12:30'", "SELECT a::text, '12:30'"),
        (r"SELECT E'\\n', '\n'", r"SELECT E'\\n', '\n'"),
        ("SELECT '\t'", "SELECT '\t'"),
    ],
)
def test_a_string_is_sent_as_written(written, sent):
    assert one(written) == sent


def test_copy_data_stays_with_its_statement():
    script = "COPY t FROM STDIN;\n1\ta\n2\tb\n\\.\nSELECT 1;"
    copy, select = record(lambda op: op.execute(script)).statements
    assert (copy.sql, copy.copy_data) == ("COPY t FROM STDIN", "1\ta\n2\tb\n")
    assert select == CompiledSql("SELECT 1", line=4)


def test_values_of_text_become_literals():
    construct = sa.text("SELECT :a, :b, :c").bindparams(a=1, b="it's :x %", c=None)
    (statement,) = record(lambda op: op.execute(construct)).statements
    assert statement.sql == "SELECT 1, 'it''s :x %', NULL"
    assert statement.parameters == (1, "it's :x %", None)


def test_text_may_hold_several_statements():
    construct = sa.text("SELECT :a;\nSELECT ';' || :a").bindparams(a=";")
    assert sql_of(lambda op: op.execute(construct)) == ["SELECT ';'", "SELECT ';' || ';'"]


def test_types_of_text_count():
    construct = sa.text("INSERT INTO t VALUES (:data)").bindparams(
        sa.bindparam("data", {"a": 1}, type_=postgresql.JSONB)
    )
    assert one(construct) == "INSERT INTO t VALUES ('{\"a\": 1}'::JSONB)"
    construct = sa.text("SELECT 1 WHERE x IN :ids").bindparams(
        sa.bindparam("ids", [1, 2], expanding=True)
    )
    assert one(construct) == "SELECT 1 WHERE x IN (1, 2)"


def test_a_negative_number_makes_no_comment():
    assert one(sa.text("SELECT 1 -:x").bindparams(x=-1)) == "SELECT 1 -(-1)"


def test_text_without_a_value_is_refused():
    with pytest.raises(DirectiveError, match="no value for :name") as caught:
        one(sa.text("SELECT :name"))
    assert r"\:name" in caught.value.hint


def test_what_is_no_sql_is_refused():
    with pytest.raises(DirectiveError, match="not bytes"):
        one(b"SELECT 1")


def test_parameters_of_an_operation():
    def execute(construct, **parameters):
        operation = ExecuteSQLOp(construct, parameters=parameters)
        return sql_of(lambda op: op.invoke(operation))

    assert execute("SELECT :a", a=1) == ["SELECT 1"]
    assert execute(sa.text("SELECT :a"), a="x", unused=1) == ["SELECT 'x'"]
    assert execute(t.insert(), a=1) == ["INSERT INTO t (a) VALUES (1)"]
    assert execute(t.update().where(t.c.a == 1), b="x") == ["UPDATE t SET b='x' WHERE t.a = 1"]
    assert execute(sa.select(t.c.a).where(t.c.b == sa.bindparam("x")), x="y") == [
        "SELECT t.a\nFROM t\nWHERE t.b = 'y'"
    ]


def test_an_insert_without_values():
    assert one(t.insert()) == "INSERT INTO t DEFAULT VALUES"


def test_each_statement_alone_when_asked():
    options = {"isolation_level": "AUTOCOMMIT"}
    for construct in ("VACUUM t; VACUUM u", sa.text("VACUUM t"), t.delete(), sa.DDL("VACUUM t")):
        sink = record(lambda op, c=construct: op.execute(c, execution_options=options))
        assert {statement.autocommit for statement in sink.statements} == {True}


def test_schemas_are_translated():
    options = {"schema_translate_map": {None: "tenant", "old": "fresh"}}
    own = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer))
    other = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), schema="old")
    assert one(own.delete(), execution_options=options) == "DELETE FROM tenant.t"
    assert one(other.delete(), execution_options=options) == "DELETE FROM fresh.t"
    assert one(sa.schema.DropTable(other), execution_options=options) == "DROP TABLE fresh.t"


def test_ddl_constructs():
    assert sql_of(lambda op: op.execute(sa.DDL("CREATE ROLE a; SELECT '100%%'"))) == [
        "CREATE ROLE a",
        "SELECT '100%'",
    ]
    source = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT \n\t1'"
    assert one(sa.DDL(source)) == source
    assert one(sa.schema.CreateSequence(sa.Sequence("s"))) == "CREATE SEQUENCE s"


def test_conflicts_and_returning():
    insert = postgresql.insert(t).values(a=1, b="x")
    upsert = insert.on_conflict_do_update(index_elements=["a"], set_={"b": insert.excluded.b})
    assert one(upsert.returning(t.c.a)) == (
        "INSERT INTO t (a, b) VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING t.a"
    )


class Base(DeclarativeBase):
    pass


counter = iter(range(1, 100))


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=lambda: next(counter))
    kind: Mapped[str] = mapped_column(default="plain", onupdate="changed")
    at: Mapped[object] = mapped_column(sa.DateTime, default=sa.func.now())
    label: Mapped[str] = mapped_column(
        default=lambda context: f"{context.get_current_parameters()['kind']}!"
    )


def test_python_side_defaults_are_filled_in():
    global counter
    counter = iter(range(1, 100))
    assert one(sa.insert(Thing).values(kind="odd")) == (
        "INSERT INTO thing (number, kind, at, label) VALUES (1, 'odd', now(), 'odd!')"
    )
    assert one(sa.insert(Thing).values([{"id": 1}, {"id": 2, "kind": "x"}])) == (
        "INSERT INTO thing (id, number, kind, at, label) VALUES (1, 2, 'plain', now(), 'plain!'), "
        "(2, 3, 'x', now(), 'x!')"
    )
    assert one(sa.update(Thing).where(Thing.id == 1).values(number=5)) == (
        "UPDATE thing SET number=5, kind='changed' WHERE thing.id = 1"
    )
    assert one(sa.delete(Thing).where(Thing.kind.in_(["a", "b"]))) == (
        "DELETE FROM thing WHERE thing.kind IN ('a', 'b')"
    )
