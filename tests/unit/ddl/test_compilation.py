"""Exact SQL of tables and columns where Alembic is no measure, and of what is refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, CompileError, IdentifierError
from sqlalchemy.schema import CreateTable

from asyncmig.ddl.compilation import clean_layout, generate_sql
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import ModifyTableOps, UpgradeOps
from asyncmig.operations.base.operation import MigrateOperation, built_in_operations
from asyncmig.operations.directives.constraints import AddConstraintOp
from asyncmig.operations.directives.tables import DropTableOp
from support.recording_sink import RecordingSink, record, sql_of


def test_every_built_in_operation_is_compiled():
    for cls in built_in_operations().values():
        assert generate_sql.dispatch(cls) is not generate_sql.dispatch(object), cls


@pytest.mark.parametrize("item", ["id", ["id"], [sa.Column("id", sa.Integer)], sa.Integer])
def test_create_table_leaves_nothing_out(item):
    with pytest.raises(DirectiveError, match=r"not (str|list|\w+) \(.*test_compilation"):
        sql_of(lambda op: op.create_table("t", sa.Column("a", sa.Integer), item))


@pytest.mark.parametrize("column", ["id", None, sa.Integer(), sa.column("id")])
def test_add_column_takes_a_column(column):
    with pytest.raises(DirectiveError, match=r"takes a column, not \w+ \(.*test_compilation"):
        sql_of(lambda op: op.add_column("t", column))


@pytest.mark.parametrize("rows", [[], [{"a": 1}]])
def test_bulk_insert_takes_a_table(rows):
    with pytest.raises(DirectiveError, match=r"takes a table, not str \(.*test_compilation"):
        sql_of(lambda op: op.bulk_insert("t", rows))


def test_create_table_takes_a_none_among_its_items():
    assert sql_of(lambda op: op.create_table("t", None, sa.Column("a", sa.Integer)))


def test_subclasses_are_compiled_as_their_ancestor():
    class Special(DropTableOp):
        pass

    assert compile_operation(Special("t"), MigrationDialect()) == [CompiledSql("DROP TABLE t")]


def test_containers_are_compiled_piece_by_piece():
    nested = UpgradeOps([ModifyTableOps("t", [DropTableOp("t")]), DropTableOp("u")])
    assert [sql.sql for sql in compile_operation(nested, MigrationDialect())] == [
        "DROP TABLE t",
        "DROP TABLE u",
    ]


def test_what_nobody_compiles_is_named():
    with pytest.raises(DirectiveError, match="cannot compile MigrateOperation"):
        compile_operation(MigrateOperation(), MigrationDialect())


def test_layout():
    sql = "\nCREATE TABLE t (\n\ta TEXT DEFAULT 'x \n\ty', \n\t\"odd \n\" TEXT\n)\n\n"
    assert (
        clean_layout(sql)
        == "CREATE TABLE t (\n    a TEXT DEFAULT 'x \n\ty',\n    \"odd \n\" TEXT\n)"
    )
    assert clean_layout("A \nB") == "A\nB"
    assert clean_layout(" A ") == "A"
    assert clean_layout(" SELECT $$ \n\t$$ ") == "SELECT $$ \n\t$$"


def test_concurrently_runs_alone():
    sink = record(
        lambda op: (
            op.create_index("ix", "t", ["a"]),
            op.create_index("ix", "t", ["a"], postgresql_concurrently=True),
            op.drop_index("ix", postgresql_concurrently=True),
        )
    )
    assert [statement.autocommit for statement in sink.statements] == [None, True, True]


@pytest.mark.parametrize("options", [{}, {"unique": True, "if_not_exists": True}])
@pytest.mark.parametrize("concurrently", [False, True])
@pytest.mark.parametrize("schema", [None, "s", "S.x"])
@pytest.mark.parametrize("table", ["t", "Odd T", "select"])
def test_plain_indexes_are_as_sqlalchemy_writes_them(table, schema, concurrently, options):
    def script(name):
        return sql_of(
            lambda op: op.create_index(
                name,
                table,
                ["a", "B", 'we"ird', "order", "x" * 80],
                schema=schema,
                postgresql_concurrently=concurrently,
                **options,
            )
        )

    for name in ("ix", "Ix y", "select", "x" * 63):
        assert script(name) == script(sa.sql.elements.conv(name))  # which takes the long way


def test_names_that_postgresql_would_cut_are_refused():
    with pytest.raises(IdentifierError, match="exceeds maximum length"):
        sql_of(lambda op: op.create_index("x" * 64, "t", ["a"]))


def test_conventions_that_rename_indexes():
    create = lambda op: op.create_index("mine", "t", ["a"])  # noqa: E731
    for convention, name in (
        (None, "mine"),
        ({"ix": "ix_%(table_name)s_%(column_0_name)s"}, "mine"),
        ({"ix": "ix_%(table_name)s_%(constraint_name)s"}, "ix_t_mine"),
        ({sa.Index: "ix_%(table_name)s_%(constraint_name)s"}, "ix_t_mine"),
    ):
        models = sa.MetaData(naming_convention=convention)
        assert sql_of(create, target_metadata=models) == [f"CREATE INDEX {name} ON t (a)"]


def test_indexes_of_a_table_come_in_the_order_of_their_names():
    columns = [sa.Column(name, sa.Integer, index=True) for name in "dbca"]
    created = sql_of(lambda op: op.create_table("t", *columns))
    assert [sql.split()[2] for sql in created[1:]] == ["ix_t_a", "ix_t_b", "ix_t_c", "ix_t_d"]


def test_an_identity_that_may_be_null_says_so():
    assert sql_of(
        lambda op: op.create_table(
            "t",
            sa.Column("a", sa.Integer, sa.Identity(), nullable=True),
            sa.Column("b", sa.Integer, sa.Identity()),
        )
    )[0].splitlines()[1:-1] == [
        "    a INTEGER GENERATED BY DEFAULT AS IDENTITY NULL,",
        "    b INTEGER GENERATED BY DEFAULT AS IDENTITY",
    ]


def test_foreign_keys_of_odd_shapes():
    referent = sa.Table(
        "u", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), schema="s"
    )
    created = sql_of(
        lambda op: op.create_table(
            "t",
            sa.Column("a", sa.Integer, sa.ForeignKey(referent.c.id)),
            sa.Column("b", sa.Integer, sa.ForeignKey("s.v.x")),
            sa.Column("c", sa.Integer, sa.ForeignKey("s.v.y")),
            sa.Column("d", sa.Integer, sa.ForeignKey("s.v.x")),
        )
    )
    assert created[0].count("REFERENCES s.u (id)") == 1
    assert created[0].count("REFERENCES s.v (x)") == 2
    assert created[0].count("REFERENCES s.v (y)") == 1


def test_covering_indexes_name_a_column_once():
    assert sql_of(lambda op: op.create_index("ix", "t", ["a"], postgresql_include=["a", "b"])) == [
        "CREATE INDEX ix ON t (a) INCLUDE (a, b)"
    ]


def test_listeners_of_a_table_write_their_ddl():
    op = RecordingSink()
    from asyncmig.operations.directives.tables import CreateTableOp
    from asyncmig.operations.facade import Operations

    operation = CreateTableOp("t", [sa.Column("a", sa.Integer)])
    sa.event.listen(operation.table, "before_create", sa.DDL("SELECT 'before'"))
    sa.event.listen(operation.table, "after_create", sa.DDL("SELECT 'after %(table)s'"))
    sa.event.listen(
        operation.table,
        "after_create",
        lambda target, connection, **_: connection.execute(sa.text("SELECT 1")),
    )
    assert Operations(op).invoke(operation) is operation.table
    assert op.sql == [
        "SELECT 'before'",
        "CREATE TABLE t (\n    a INTEGER\n)",
        "SELECT 'after t'",
        "SELECT 1",
    ]


def test_listeners_of_a_dropped_table_leave_types_alone():
    from asyncmig.operations.facade import Operations

    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Enum("x", name="kind")))
    operation = DropTableOp.from_table(table)
    seen = []

    def listener(target, connection, _ddl_runner, **_):
        types = _ddl_runner.memo["pg_enum"]
        types.add((None, "kind"))
        seen.append((None, "kind") in types and (None, "another") in types)
        connection.execute(sa.text("SELECT 'dropping'"))

    sa.event.listen(sa.Table, "before_drop", listener)
    try:
        sink = RecordingSink()
        Operations(sink).invoke(operation)
    finally:
        sa.event.remove(sa.Table, "before_drop", listener)
    assert sink.sql == ["SELECT 'dropping'", "DROP TABLE t"]
    assert seen == [True]


def test_a_table_can_be_compiled_again_with_all_its_constraints():
    sink = record(
        lambda op: op.create_table(
            "t",
            sa.Column("id", sa.Integer),
            sa.Column("a", sa.Integer, sa.ForeignKey("u.id", name="fk"), unique=True),
            sa.Column("b", sa.Integer, sa.CheckConstraint("b > 0")),
            sa.PrimaryKeyConstraint("id"),
            sa.ForeignKeyConstraint(["b"], ["u.id"], name="fk_2"),
        )
    )
    (operation,) = sink.operations
    (first,) = sink.sql
    again = sql_of(lambda op: op.invoke(operation.reverse().reverse()))
    assert sorted(again[0].split()) == sorted(first.split())
    assert first.count("REFERENCES") == 2


# generated columns


@pytest.mark.parametrize(
    ("persisted", "server", "text"),
    [
        (True, None, "GENERATED ALWAYS AS (a * 2) STORED"),
        (True, (18,), "GENERATED ALWAYS AS (a * 2) STORED"),
        # unlike Alembic's, which has no keyword for SQLAlchemy 2.1: PostgreSQL before 18 wants one
        (None, None, "GENERATED ALWAYS AS (a * 2) STORED"),
        (None, (17, 2), "GENERATED ALWAYS AS (a * 2) STORED"),
        (None, (18, 1), "GENERATED ALWAYS AS (a * 2)"),
        (False, None, "GENERATED ALWAYS AS (a * 2) VIRTUAL"),
        (False, (18,), "GENERATED ALWAYS AS (a * 2) VIRTUAL"),
    ],
)
def test_generated_columns(persisted, server, text):
    column = sa.Column("b", sa.Integer, sa.Computed("a * 2", persisted=persisted))
    added = sql_of(lambda op: op.add_column("t", column), server_version=server)
    assert added == [f"ALTER TABLE t ADD COLUMN b INTEGER {text}"]


def test_virtual_columns_want_a_server_that_has_them():
    column = sa.Column("b", sa.Integer, sa.Computed("a * 2", persisted=False))
    with pytest.raises(CompileError, match="PostgreSQL 17 has no virtual columns"):
        sql_of(lambda op: op.add_column("t", column), server_version=(17,))


def test_generation_of_a_column_changes():
    double, triple = sa.Computed("a * 2"), sa.Computed("a * 3")
    alter = lambda **kw: sql_of(lambda op: op.alter_column("t", "b", **kw))  # noqa: E731
    # Alembic refuses both; PostgreSQL does the first since 13 and the second since 17
    assert alter(server_default=None, existing_server_default=double) == [
        "ALTER TABLE t ALTER COLUMN b DROP EXPRESSION"
    ]
    assert alter(server_default=triple, existing_server_default=double) == [
        "ALTER TABLE t ALTER COLUMN b SET EXPRESSION AS (a * 3)"
    ]
    with pytest.raises(DirectiveError, match="cannot become generated"):
        alter(server_default=double, existing_server_default="5")
    with pytest.raises(DirectiveError, match="an ordinary one in one step"):
        alter(server_default="5", existing_server_default=double)


# identity


def test_identity_goes_back_to_its_defaults():
    before = sa.Identity(start=5, increment=2, minvalue=3, maxvalue=9, cycle=True, cache=4)
    (sql,) = sql_of(
        lambda op: op.alter_column(
            "t", "a", server_default=sa.Identity(always=True), existing_server_default=before
        )
    )
    # Alembic leaves out everything but ALWAYS
    assert sql == (
        "ALTER TABLE t ALTER COLUMN a SET GENERATED ALWAYS SET CACHE 1 SET NO CYCLE "
        "SET INCREMENT BY 1 SET NO MAXVALUE SET NO MINVALUE SET START WITH 1"
    )


def test_an_identity_as_a_server_reports_it_is_the_default_one():
    reported = sa.Identity(
        always=False, start=1, increment=1, minvalue=1, maxvalue=2147483647, cycle=False, cache=1
    )
    with pytest.raises(DirectiveError, match="does not change"):
        sql_of(
            lambda op: op.alter_column(
                "t", "a", server_default=sa.Identity(), existing_server_default=reported
            )
        )


def test_an_identity_cannot_become_a_default():
    with pytest.raises(DirectiveError, match="is an identity"):
        sql_of(
            lambda op: op.alter_column(
                "t", "a", server_default="5", existing_server_default=sa.Identity()
            )
        )


# refusals


def test_using_wants_a_type():
    with pytest.raises(DirectiveError, match="postgresql_using and no type_"):
        sql_of(lambda op: op.alter_column("t", "a", postgresql_using="a::int"))


def test_a_default_that_says_nothing_is_refused():
    with pytest.raises(DirectiveError, match="FetchedValue"):
        sql_of(lambda op: op.alter_column("t", "a", server_default=sa.FetchedValue()))


@pytest.mark.parametrize("keyword", ["autoincrement", "existing_nulable"])
def test_keywords_without_effect_are_warned_of(keyword):
    call = lambda op: op.alter_column("t", "a", nullable=True, **{keyword: True})  # noqa: E731
    if keyword == "autoincrement":
        with pytest.warns(UserWarning, match=f"{keyword} has no effect"):
            assert sql_of(call) == ["ALTER TABLE t ALTER COLUMN a DROP NOT NULL"]
    else:
        assert sql_of(call) == ["ALTER TABLE t ALTER COLUMN a DROP NOT NULL"]


def test_keywords_of_other_databases_are_quietly_left_out():
    assert sql_of(
        lambda op: op.alter_column(
            "t",
            "a",
            nullable=True,
            mysql_existing_x=1,
            existing_autoincrement=True,
            mssql_drop_default=True,
        )
    ) == ["ALTER TABLE t ALTER COLUMN a DROP NOT NULL"]


def test_constraints_want_a_known_kind():
    with pytest.raises(TypeError, match="'sometimes'"):
        sql_of(lambda op: op.drop_constraint("c", "t", type_="sometimes"))
    assert sql_of(lambda op: op.drop_constraint("c", "t", type_="exclude")) == [
        "ALTER TABLE t DROP CONSTRAINT c"
    ]


def test_constraints_want_a_name_to_be_dropped():
    with pytest.raises(CompileError, match="no name"):
        sql_of(lambda op: op.drop_constraint(None, "t"))


def test_indexes_want_columns():
    with pytest.raises(ValueError, match="not int"):
        sql_of(lambda op: op.create_index("ix", "t", [5]))


# more than Alembic takes


def test_keys_take_all_their_options():
    assert sql_of(
        lambda op: (
            op.create_primary_key("pk", "t", ["a"], deferrable=True, initially="DEFERRED"),
            op.create_unique_constraint("uq", "t", ["a"], deferrable=False),
        )
    ) == [
        "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (a) NOT DEFERRABLE",
    ]


def test_a_constraint_of_a_model_stays_as_it_was():
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), sa.CheckConstraint("a > 0"))
    (check,) = (c for c in table.constraints if isinstance(c, sa.CheckConstraint))
    before = str(CreateTable(table))
    assert sql_of(lambda op: op.invoke(AddConstraintOp.from_constraint(check)))
    assert str(CreateTable(table)) == before
    assert "CHECK (a > 0)" in before


@pytest.mark.parametrize("include", [["b"], []])
def test_covering_keys_where_sqlalchemy_has_them(include):
    def script(op):
        op.create_primary_key("pk", "t", ["a"], postgresql_include=include)
        op.create_unique_constraint("uq", "t", ["a"], postgresql_include=include)

    if sa.__version__.startswith("2.0"):
        with pytest.raises(
            DirectiveError, match=r"SQLAlchemy 2\.0.* does not accept postgresql_include"
        ):
            sql_of(script)
    else:
        covered = " INCLUDE (b)" if include else ""
        assert sql_of(script) == [
            f"ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a){covered}",
            f"ALTER TABLE t ADD CONSTRAINT uq UNIQUE (a){covered}",
        ]


def test_exclusions_take_expressions_without_a_name():
    assert sql_of(
        lambda op: op.create_exclude_constraint(
            "ex", "t", (sa.func.lower(sa.column("a")), "="), (sa.text("int4range(b, c)"), "&&")
        )
    ) == [
        "ALTER TABLE t ADD CONSTRAINT ex EXCLUDE USING gist (lower(a) WITH =, int4range(b, c) WITH &&)"
    ]


def test_operator_classes_of_texts():
    assert sql_of(
        lambda op: op.create_index(
            "ix", "t", [sa.text("lower(a)")], postgresql_ops={"lower(a)": "text_pattern_ops"}
        )
    ) == ["CREATE INDEX ix ON t (lower(a) text_pattern_ops)"]


def test_a_keyword_that_sqlalchemy_does_not_know_is_refused():
    with pytest.raises(
        DirectiveError, match="does not accept postgresql_unheard_of here"
    ) as caught:
        sql_of(lambda op: op.create_index("i", "t", ["a"], postgresql_unheard_of=True))
    assert "op.execute takes any SQL" in caught.value.hint


def test_other_errors_of_arguments_are_sqlalchemy_s():
    with pytest.raises(ArgumentError, match="number of constrained columns"):
        sql_of(lambda op: op.create_foreign_key("fk", "t", "u", ["a"], ["b", "c"]))
