"""Calls of every directive that Alembic has, each in the forms that scripts use."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import Operations as Theirs
from alembic.operations import ops as their_ops
from sqlalchemy.dialects import postgresql as pg

from support import operation_classes as our_ops

if TYPE_CHECKING:
    from collections.abc import Callable

CASES: dict[str, Callable[[Any], Any]] = {}
CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
TWO_ONE = not sa.__version__.startswith("2.0")
STORAGE: dict[str, Any] = {"postgresql_with": {"fillfactor": 70, "x": True}} if TWO_ONE else {}
"""Storage parameters of a table, which SQLAlchemy 2.0 does not know."""


class Color(enum.Enum):
    RED = 1
    GREEN = 2


def case(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    CASES[call.__name__] = call
    return call


def normal(sql: str) -> list[str]:
    """The statements on one line each; a table that is made of a Table has its parts sorted.

    Alembic writes the constraints of such a table in the order of a set, which changes.
    """
    statements = [" ".join(part.split()) for part in sql.split(";\n") if part.strip()]
    return [
        " ".join(sorted(re.findall(r"\w+|\S", statement)))
        if statement.startswith("CREATE UNLOGGED TABLE s.t (")
        else statement
        for statement in statements
    ]


def id_column() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


# tables


@case
def create_table_plain(op):
    op.create_table("t", id_column(), sa.Column("name", sa.String(50), nullable=False))


@case
def create_table_types(op):
    op.create_table(
        "t",
        sa.Column("a", sa.SmallInteger),
        sa.Column("b", sa.BigInteger),
        sa.Column("c", sa.Numeric(10, 2)),
        sa.Column("d", sa.Float),
        sa.Column("e", sa.Double),
        sa.Column("f", sa.Boolean),
        sa.Column("g", sa.Text),
        sa.Column("h", sa.Unicode(10)),
        sa.Column("i", sa.Date),
        sa.Column("j", sa.DateTime),
        sa.Column("k", sa.DateTime(timezone=True)),
        sa.Column("l", sa.Time),
        sa.Column("m", sa.Interval),
        sa.Column("n", sa.LargeBinary),
        sa.Column("o", sa.JSON),
        sa.Column("p", sa.Uuid),
        sa.Column("q", sa.UUID),
        sa.Column("r", sa.ARRAY(sa.Integer)),
        sa.Column("s", sa.String(20, collation="de_DE")),
        sa.Column("u", sa.PickleType),
        sa.Column("v", sa.CHAR(3)),
    )


@case
def create_table_postgresql_types(op):
    op.create_table(
        "t",
        sa.Column("a", pg.JSONB),
        sa.Column("b", pg.ARRAY(pg.TEXT, dimensions=2)),
        sa.Column("c", pg.HSTORE),
        sa.Column("d", pg.INET),
        sa.Column("e", pg.CIDR),
        sa.Column("f", pg.MACADDR),
        sa.Column("g", pg.TSVECTOR),
        sa.Column("h", pg.UUID(as_uuid=True)),
        sa.Column("i", pg.BYTEA),
        sa.Column("j", pg.INT4RANGE),
        sa.Column("k", pg.TSTZRANGE),
        sa.Column("l", pg.TSTZMULTIRANGE),
        sa.Column("m", pg.BIT(5)),
        sa.Column("n", pg.BIT(varying=True)),
        sa.Column("o", pg.MONEY),
        sa.Column("p", pg.TIMESTAMP(timezone=True, precision=3)),
        sa.Column("q", pg.TIME(timezone=True)),
        sa.Column("r", pg.INTERVAL(fields="DAY TO SECOND")),
        sa.Column("s", pg.OID),
        sa.Column("u", pg.REGCLASS),
        sa.Column("v", pg.CITEXT),
        sa.Column("w", pg.DOUBLE_PRECISION),
    )


@case
def create_table_schema_comment_prefixes(op):
    op.create_table(
        "t",
        sa.Column("id", sa.Integer, comment="the key"),
        schema="shop",
        comment="it's 100% \\ a comment",
        prefixes=["UNLOGGED"],
        if_not_exists=True,
    )


@case
def create_table_quoting(op):
    op.create_table(
        "User", sa.Column("order", sa.Integer), sa.Column('we"ird', sa.Text), schema="My Schema"
    )


@case
def create_table_constraints(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.PrimaryKeyConstraint("a", "b", name="pk_t"),
        sa.UniqueConstraint("b", "a", name="uq_t", deferrable=True, initially="DEFERRED"),
        sa.CheckConstraint("a > b", name="ck_t"),
        sa.CheckConstraint(sa.column("a") > 5),
        sa.ForeignKeyConstraint(
            ["a", "b"],
            ["shop.other.x", "shop.other.y"],
            name="fk_t",
            ondelete="CASCADE",
            onupdate="SET NULL",
            match="FULL",
            deferrable=False,
        ),
        pg.ExcludeConstraint(("a", "="), name="ex_t", where="b > 0"),
    )


@case
def create_table_column_constraints(op):
    op.create_table(
        "t",
        id_column(),
        sa.Column("a", sa.Integer, sa.ForeignKey("other.id", ondelete="CASCADE")),
        sa.Column("b", sa.Integer, sa.ForeignKey("shop.other.id", name="fk_b")),
        sa.Column("c", sa.Integer, sa.CheckConstraint("c > 0", name="ck_c")),
        sa.Column("d", sa.Integer, unique=True),
        sa.Column("parent", sa.Integer, sa.ForeignKey("t.id")),
    )


@case
def create_table_use_alter(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Integer, sa.ForeignKey("other.id", use_alter=True, name="fk_a")),
    )


@case
def create_table_index(op):
    op.create_table("t", sa.Column("a", sa.Integer, index=True), schema="s")


@case
def create_table_index_object(op):
    op.create_table("t", sa.Column("a", sa.Integer), sa.Index("ix_mine", "a", unique=True))


@case
def create_table_defaults(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Integer, server_default="5"),
        sa.Column("b", sa.Text, server_default="it's 5%"),
        sa.Column("c", sa.DateTime, server_default=sa.func.now()),
        sa.Column("d", sa.DateTime, server_default=sa.text("now() + interval '1 day'")),
        sa.Column("e", sa.Boolean, server_default=sa.false()),
        sa.Column("f", sa.Boolean, server_default=sa.text("true")),
        sa.Column("g", sa.Uuid, server_default=sa.text("gen_random_uuid()")),
        sa.Column("h", sa.Integer, default=7),
        sa.Column("i", sa.Text, server_default="back\\slash"),
        sa.Column("j", pg.JSONB, server_default=sa.text(r"'{}'\:\:jsonb")),
    )


@case
def create_table_identity_computed_sequence(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("b", sa.BigInteger, sa.Identity(always=True, start=5, increment=2, cycle=True)),
        sa.Column("c", sa.Integer, sa.Computed("b * 2", persisted=True)),
        sa.Column("d", sa.Integer, sa.Sequence("seq_d")),
        sa.Column(
            "e", sa.Integer, sa.Sequence("seq_e"), server_default=sa.Sequence("q").next_value()
        ),
    )


@case
def create_table_serial(op):
    op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))
    op.create_table("u", sa.Column("id", sa.SmallInteger, primary_key=True))
    op.create_table("v", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    op.create_table("w", sa.Column("id", sa.String, primary_key=True))


@case
def create_table_options(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Date),
        postgresql_partition_by="RANGE (a)",
        postgresql_tablespace="fast",
        postgresql_using="heap",
    )
    op.create_table("u", sa.Column("a", sa.Date), **STORAGE)
    op.create_table("v", sa.Column("a", sa.Date), postgresql_inherits=("t", "u"))
    op.create_table(
        "w", sa.Column("a", sa.Date), prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS"
    )


@case
def create_table_enum(op):
    op.create_table("t", sa.Column("a", sa.Enum("x", "it's", name="kind")))


@case
def create_table_enum_schema(op):
    op.create_table("t", sa.Column("a", sa.Enum(Color, name="color", schema="shop")), schema="shop")


@case
def create_table_enum_twice_in_a_run(op):
    op.create_table("t", sa.Column("a", sa.Enum("x", name="kind")))
    op.create_table("u", sa.Column("a", sa.Enum("x", name="kind")))
    op.create_table("v", sa.Column("a", sa.Enum("x", name="kind", schema="s")))


@case
def create_table_enum_twice_in_a_table(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Enum("x", name="kind")),
        sa.Column("b", pg.ENUM("x", name="kind")),
        sa.Column("c", sa.ARRAY(sa.Enum("x", name="kind"))),
    )


@case
def create_table_enum_that_exists(op):
    op.create_table("t", sa.Column("a", pg.ENUM("x", name="kind", create_type=False)))


@case
def create_table_enum_not_native(op):
    op.create_table(
        "t",
        sa.Column("a", sa.Enum("x", "y", native_enum=False, length=10)),
        sa.Column("b", sa.Enum("x", name="ck_b", native_enum=False, create_constraint=True)),
    )


@case
def create_table_domain(op):
    domain = pg.DOMAIN("email", sa.Text, check=sa.text("VALUE ~ '@'"), not_null=True)
    op.create_table("t", sa.Column("a", domain))


@case
def drop_table(op):
    op.drop_table("t")
    op.drop_table("t", schema="s", if_exists=True)
    op.drop_table("T x", schema="S y")
    op.drop_table("t", comment="for the way back", info={"a": 1})


@case
def rename_table(op):
    op.rename_table("t", "u")
    op.rename_table("T", "U v", schema="S")


@case
def table_comments(op):
    op.create_table_comment("t", "it's")
    op.create_table_comment("t", "new", existing_comment="old", schema="s")
    op.drop_table_comment("t")
    op.drop_table_comment("t", existing_comment="old", schema="s")


# columns


@case
def add_column(op):
    op.add_column("t", sa.Column("a", sa.Integer))
    op.add_column("t", sa.Column("b", sa.Integer, nullable=False), schema="s")
    op.add_column("t", sa.Column("c", sa.Integer, server_default="0"), if_not_exists=True)
    op.add_column("T", sa.Column("Order", sa.Text, server_default=sa.text("'x'")), schema="S")


@case
def add_column_foreign_key(op):
    op.add_column("t", sa.Column("a", sa.Integer, sa.ForeignKey("other.id")))
    op.add_column(
        "t", sa.Column("a", sa.Integer, sa.ForeignKey("s.other.id", name="fk")), schema="s"
    )


@case
def add_column_inline_references(op):
    key = sa.ForeignKey(
        "s.other.id",
        ondelete="CASCADE",
        onupdate="RESTRICT",
        match="FULL",
        deferrable=True,
        initially="DEFERRED",
    )
    op.add_column("t", sa.Column("a", sa.Integer, key), inline_references=True)
    op.add_column(
        "t", sa.Column("b", sa.Integer, sa.ForeignKey("Other.id")), inline_references=True
    )


@case
def add_column_inline_primary_key(op):
    op.add_column("t", sa.Column("id", sa.Integer, primary_key=True), inline_primary_key=True)
    op.add_column("t", sa.Column("id", sa.Integer, primary_key=True))


@case
def add_column_extras(op):
    op.add_column("t", sa.Column("a", sa.Integer, index=True, comment="why"), schema="s")
    op.add_column("t", sa.Column("b", sa.Integer, unique=True))
    op.add_column("t", sa.Column("c", sa.Integer, sa.CheckConstraint("c > 0", name="ck")))
    op.add_column("t", sa.Column("d", sa.Integer, sa.Identity(always=True)))
    op.add_column("t", sa.Column("e", sa.Integer, sa.Computed("d + 1", persisted=True)))
    op.add_column("t", sa.Column("f", sa.Enum("x", name="kind")))
    op.add_column("t", sa.Column("g", sa.Boolean(name="bool", create_constraint=True)))
    op.add_column(
        "t",
        sa.Column("h", sa.Enum("x", name="ck_h", native_enum=False, create_constraint=True)),
    )


@case
def add_column_of_another_table(op):
    table = sa.Table("x", sa.MetaData(), sa.Column("a", sa.Integer, comment="kept"))
    op.add_column("t", table.c.a)


@case
def drop_column(op):
    op.drop_column("t", "a")
    op.drop_column("t", "A b", schema="S", if_exists=True)
    op.drop_column("t", "a", mssql_drop_check=True)


@case
def alter_column_nullable(op):
    op.alter_column("t", "a", nullable=True)
    op.alter_column("t", "a", nullable=False, existing_type=sa.Integer(), schema="s")


@case
def alter_column_type(op):
    op.alter_column("t", "a", type_=sa.BigInteger())
    op.alter_column("t", "a", type_=sa.String(20), existing_type=sa.String(10), schema="s")
    op.alter_column("t", "a", type_=sa.Integer, postgresql_using="a::integer")
    op.alter_column("t", "a", type_=pg.ARRAY(sa.Text), existing_nullable=True)


@case
def alter_column_default(op):
    op.alter_column("t", "a", server_default="5")
    op.alter_column("t", "a", server_default=sa.text("now()"), existing_type=sa.DateTime())
    op.alter_column("t", "a", server_default=sa.func.now())
    op.alter_column("t", "a", server_default=None, existing_server_default="5")
    op.alter_column("t", "a", server_default=sa.true())


@case
def alter_column_comment(op):
    op.alter_column("t", "a", comment="it's 100%")
    op.alter_column("t", "A", comment=None, existing_comment="old", schema="s")


@case
def alter_column_name(op):
    op.alter_column("t", "a", new_column_name="b")
    op.alter_column("t", "A", new_column_name="B c", schema="S")


@case
def alter_column_everything(op):
    op.alter_column(
        "t",
        "a",
        nullable=False,
        server_default="x",
        comment="c",
        new_column_name="b",
        type_=sa.Text(),
        existing_type=sa.String(5),
        existing_server_default="y",
        existing_nullable=True,
        existing_comment="d",
        schema="s",
    )


@case
def alter_column_identity_added(op):
    op.alter_column("t", "a", server_default=sa.Identity(always=True, start=10))
    op.alter_column("t", "a", server_default=sa.Identity(), existing_server_default=None)


@case
def alter_column_identity_dropped(op):
    op.alter_column("t", "a", server_default=None, existing_server_default=sa.Identity())


@case
def alter_column_type_bound_check(op):
    op.alter_column(
        "t",
        "a",
        existing_type=sa.Enum("x", name="ck_old", native_enum=False, create_constraint=True),
        type_=sa.Enum("x", "y", name="ck_new", native_enum=False, create_constraint=True),
    )
    op.alter_column("t", "a", existing_type=sa.Boolean(), type_=sa.Integer())


# indexes


@case
def create_index(op):
    op.create_index("ix", "t", ["a"])
    op.create_index("ix", "t", ["a", "B"], unique=True, schema="S")
    op.create_index("ix", "t", ["a"], if_not_exists=True)


@case
def create_index_expressions(op):
    op.create_index("ix", "t", [sa.text("lower(name)")])
    op.create_index("ix", "t", ["a", sa.text("(b + 1)"), sa.text("c DESC NULLS LAST")])
    op.create_index("ix", "t", [sa.func.lower(sa.column("name"))])
    op.create_index("ix", "t", [sa.column("a").desc(), sa.column("b").desc().nulls_last()])
    op.create_index("ix", "t", [sa.func.coalesce(sa.column("a"), 0), sa.literal_column("b")])
    op.create_index("ix", "t", [sa.column("a") + 5])
    op.create_index("ix", "t", [sa.column("data", pg.JSONB)["k"].astext])
    op.create_index("ix", "t", [sa.text(r"(data->>'a')\:\:int")])


@case
def create_index_of_another_tables_columns(op):
    table = sa.Table("x", sa.MetaData(), sa.Column("a", sa.Text), sa.Column("b", sa.Text))
    op.create_index("ix", "t", [table.c.a, sa.func.lower(table.c.b)], schema="s")
    op.create_index("ix", "t", [table.c.a.desc(), sa.func.lower(table.c.a)])


@case
def create_index_options(op):
    op.create_index("ix", "t", ["a"], postgresql_using="gin")
    op.create_index("ix", "t", ["a"], postgresql_where=sa.text("a > 5 AND b = 'x'"))
    op.create_index("ix", "t", ["a"], postgresql_where=sa.column("a") == "it's")
    op.create_index("ix", "t", ["a"], postgresql_where="a IS NOT NULL")
    op.create_index("ix", "t", ["a"], postgresql_include=["b", "C"])
    op.create_index("ix", "t", ["a", "b"], postgresql_ops={"a": "text_pattern_ops"})
    op.create_index("ix", "t", ["a"], postgresql_with={"fillfactor": 50, "fastupdate": False})
    op.create_index("ix", "t", ["a"], postgresql_nulls_not_distinct=True, unique=True)
    op.create_index("ix", "t", ["a"], postgresql_nulls_not_distinct=False, unique=True)
    op.create_index("ix", "t", ["a"], postgresql_concurrently=True)
    op.create_index("ix", "t", ["a"], postgresql_tablespace="fast")


@case
def create_index_ops_of_text(op):
    op.create_index(
        "ix",
        "t",
        [sa.text("lower(a)"), sa.func.lower(sa.column("b")).label("low")],
        postgresql_ops={"lower(a)": "text_pattern_ops", "low": "varchar_pattern_ops"},
    )


@case
def create_index_all_options(op):
    op.create_index(
        "Ix",
        "t",
        ["a", sa.text("b DESC")],
        schema="s",
        unique=True,
        if_not_exists=True,
        postgresql_using="btree",
        postgresql_where=sa.text("a > 5"),
        postgresql_include=["c"],
        postgresql_ops={"a": "int4_ops"},
        postgresql_with={"fillfactor": 50},
        postgresql_concurrently=True,
        postgresql_nulls_not_distinct=True,
        postgresql_tablespace="fast",
    )


@case
def drop_index(op):
    op.drop_index("ix")
    op.drop_index("ix", "t")
    op.drop_index("Ix", table_name="t", schema="S", if_exists=True)
    op.drop_index("ix", "t", postgresql_concurrently=True, if_exists=True)
    op.drop_index("ix", "t", postgresql_using="gin", postgresql_where=sa.text("a > 1"))


# constraints


@case
def create_primary_key(op):
    op.create_primary_key("pk", "t", ["a", "B"], schema="s")
    op.create_primary_key(None, "t", ["a"])


@case
def create_unique_constraint(op):
    op.create_unique_constraint("uq", "t", ["a", "b"])
    op.create_unique_constraint(None, "t", ["a"], schema="s")
    op.create_unique_constraint("uq", "t", ["a"], deferrable=True, initially="DEFERRED")
    op.create_unique_constraint("uq", "t", ["a"], postgresql_nulls_not_distinct=True)


@case
def create_foreign_key(op):
    op.create_foreign_key("fk", "t", "u", ["a"], ["b"])
    op.create_foreign_key(None, "t", "u", ["a", "b"], ["c", "d"])
    op.create_foreign_key(
        "fk",
        "t",
        "u",
        ["a"],
        ["b"],
        onupdate="CASCADE",
        ondelete="SET NULL",
        deferrable=True,
        initially="DEFERRED",
        match="FULL",
        source_schema="s",
        referent_schema="r",
    )
    op.create_foreign_key("fk", "t", "t", ["a"], ["id"])
    op.create_foreign_key("fk", "t", "t", ["a"], ["id"], source_schema="s", referent_schema="s")
    op.create_foreign_key("fk", "t", "t", ["a"], ["a"], source_schema="s", referent_schema="r")
    op.create_foreign_key("fk", "t", "u", ["a"], ["b"], postgresql_not_valid=True)
    op.create_foreign_key("fk", "t", "u", ["a"], ["b"], use_alter=True)
    op.create_foreign_key("fk", "t", "u", ["a"], ["b"], deferrable=False)


@case
def create_check_constraint(op):
    op.create_check_constraint("ck", "t", "a > 5")
    op.create_check_constraint("ck", "t", sa.column("a") > 5, schema="s")
    op.create_check_constraint("ck", "t", sa.text("a ~ '^x%'"))
    op.create_check_constraint(None, "t", sa.func.length(sa.column("a")) > 5)
    op.create_check_constraint("ck", "t", sa.column("a").in_(["x", "it's"]))
    op.create_check_constraint("ck", "t", "a > 5", postgresql_not_valid=True)
    op.create_check_constraint("ck", "t", "a > 5", deferrable=False)


@case
def create_exclude_constraint(op):
    op.create_exclude_constraint("ex", "t", ("a", "="), ("b", "&&"))
    op.create_exclude_constraint(
        "ex",
        "t",
        (sa.column("a"), "="),
        (sa.literal_column("tsrange(b, c)"), "&&"),
        where=sa.text("a <> 'x'"),
        schema="s",
        using="gist",
        deferrable=True,
        initially="DEFERRED",
    )
    op.create_exclude_constraint("ex", "t", ("a", "="), where="group != 'x'")
    op.create_exclude_constraint("ex", "t", ("a", "="), ops={"a": "text_ops"}, using="spgist")


@case
def drop_constraint(op):
    op.drop_constraint("c", "t")
    op.drop_constraint("C", "t", type_="foreignkey", schema="S")
    for kind in ("primary", "unique", "check"):
        op.drop_constraint("c", "t", kind, if_exists=True)


# naming conventions


@case
def naming_convention(op):
    op.create_table(
        "t",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, sa.ForeignKey("other.id"), index=True, unique=False),
        sa.Column("b", sa.Integer, unique=True),
        sa.CheckConstraint("a > 0", name="positive"),
        sa.CheckConstraint("b > 0", name=op.f("exactly_this")),
    )
    op.create_index(None, "t", ["a"])
    op.create_index(op.f("final"), "t", ["a"])
    op.create_unique_constraint(None, "t", ["a", "b"])
    op.create_primary_key(None, "t", ["a"])
    op.create_foreign_key(None, "t", "u", ["a"], ["b"])
    op.create_check_constraint("positive", "t", "a > 0")
    op.create_check_constraint(op.f("final"), "t", "a > 0")
    op.drop_constraint("positive", "t", type_="check")
    op.drop_constraint(op.f("final"), "t", type_="check")
    op.drop_constraint("plain", "t")
    op.drop_constraint("uq", "t", type_="unique")
    op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("o.id"), index=True))
    op.add_column("t", sa.Column("d", sa.Integer, sa.CheckConstraint("d > 0", name="d")))
    op.drop_index("ix_t_a", "t")
    with op.batch_alter_table("t") as batch:
        batch.create_unique_constraint(batch.f("final"), ["a"])
        batch.create_check_constraint("positive", "a > 0")


# SQL and rows


@case
def execute_text(op):
    op.execute("UPDATE t SET a = 'x%' WHERE b LIKE '%y' AND c = '10:30'")
    op.execute(r"SELECT '\:a' || '\:b'")
    op.execute("SELECT a::text FROM t")
    op.execute(sa.text("UPDATE t SET a = :x").bindparams(x="it's"))
    op.execute(sa.text("SELECT 5 % 2"))
    op.execute("CREATE FUNCTION f() RETURNS void AS $$ BEGIN END $$ LANGUAGE plpgsql")


@case
def execute_constructs(op):
    t = sa.table("t", sa.column("a", sa.Integer), sa.column("b", sa.String))
    op.execute(t.update().where(t.c.a == 5).values(b="x"))
    op.execute(t.insert().values(a=1, b=op.inline_literal("y")))
    op.execute(t.insert().values([{"a": 1, "b": "x"}, {"a": 2, "b": None}]))
    typed = sa.table("t", sa.column("a", sa.Integer))
    op.execute(t.delete().where(t.c.b.in_(["x", "y"])))
    op.execute(sa.select(sa.func.setval("seq", 5)))
    op.execute(t.insert().from_select(["a"], sa.select(t.c.a).where(t.c.b == "x")))
    op.execute(pg.insert(typed).values(a=1).on_conflict_do_nothing())
    op.execute(t.update().values({"a": t.c.a + 1}))
    op.execute(t.update().values(a=sa.case((t.c.b == "x", 1), else_=2)))
    op.execute(sa.DDL("ALTER TABLE %(name)s OWNER TO me", context={"name": "t"}))
    op.execute(sa.schema.CreateSequence(sa.Sequence("q", start=5)))


@case
def bulk_insert(op):
    t = sa.table(
        "t", sa.column("a", sa.Integer), sa.column("b", sa.String), sa.column("c"), schema="s"
    )
    op.bulk_insert(t, [{"a": 1, "b": "it's 5%", "c": None}])
    op.bulk_insert(t, [{"b": "x", "a": 2}])
    op.bulk_insert(t, [{"a": op.inline_literal(5)}])
    op.bulk_insert(t, [])


@case
def bulk_insert_one_by_one(op):
    t = sa.table("t", sa.column("a", sa.Integer), sa.column("b", sa.Boolean))
    op.bulk_insert(t, [{"a": 1, "b": True}, {"a": 2, "b": False}], multiinsert=False)


@case
def bulk_insert_types(op):
    import datetime as dt
    import decimal
    import uuid

    t = sa.table(
        "t",
        sa.column("a", sa.Date),
        sa.column("b", sa.DateTime),
        sa.column("c", sa.Numeric),
        sa.column("d", sa.Uuid),
        sa.column("e", sa.Enum(Color)),
        sa.column("h", sa.Float),
    )
    row = {
        "a": dt.date(2026, 11, 21),
        "b": dt.datetime(2026, 11, 21, 12, 30),  # noqa: DTZ001 - naive is the case
        "c": decimal.Decimal("1.50"),
        "d": uuid.UUID(int=5),
        "e": Color.RED,
        "h": 1.5,
    }
    op.bulk_insert(t, [row])


@case
def bulk_insert_into_created_table(op):
    table = op.create_table(
        "t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("Name", sa.Text, key="name")
    )
    op.bulk_insert(table, [{"id": 1, "name": "x"}])


# groups


@case
def batch(op):
    with op.batch_alter_table("t", schema="s") as batch:
        batch.add_column(sa.Column("a", sa.Integer, index=True), if_not_exists=True)
        batch.alter_column("b", nullable=False, type_=sa.Text(), new_column_name="c")
        batch.drop_column("d")
        batch.create_index("ix", ["a"], unique=True)
        batch.drop_index("ix_old")
        batch.create_unique_constraint("uq", ["a"], deferrable=True)
        batch.create_foreign_key("fk", "u", ["a"], ["b"], referent_schema="r", ondelete="CASCADE")
        batch.create_check_constraint("ck", "a > 0")
        batch.create_exclude_constraint("ex", ("a", "="))
        batch.create_primary_key("pk", ["a"])
        batch.drop_constraint("old", type_="check")
        batch.create_table_comment("new", existing_comment="old")
        batch.drop_table_comment()
        batch.execute("SELECT 1")
        batch.alter_column("e", comment="x", server_default=None)


@case
def batch_never(op):
    with op.batch_alter_table("t", recreate="never") as batch:
        batch.drop_column("a")


# objects that carry their operation


@case
def batch_all_options(op):
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer))
    with op.batch_alter_table(
        "t",
        schema="s",
        copy_from=table,
        table_args=(sa.UniqueConstraint("a"),),
        table_kwargs={"prefixes": ["UNLOGGED"]},
        reflect_args=[sa.Column("a", sa.BigInteger)],
        reflect_kwargs={"resolve_fks": False},
        naming_convention=CONVENTION,
    ) as batch:
        batch.add_column(sa.Column("b", sa.Integer))
        batch.add_column(
            sa.Column("d", sa.Integer, sa.ForeignKey("u.id")),
            inline_references=True,
            if_not_exists=True,
        )
        batch.add_column(sa.Column("id", sa.Integer, primary_key=True), inline_primary_key=True)
        batch.alter_column(
            "a",
            existing_type=sa.Integer(),
            existing_server_default="1",
            existing_nullable=True,
            existing_comment="old",
            nullable=False,
            comment="new",
            insert_before="b",
        )
        batch.alter_column("a", existing_type=sa.Integer(), new_column_name="z", insert_after="b")
        batch.create_foreign_key(
            "fk",
            "u",
            ["a"],
            ["id"],
            referent_schema="s2",
            onupdate="CASCADE",
            ondelete="SET NULL",
            deferrable=True,
            initially="DEFERRED",
            match="FULL",
        )
        batch.drop_table_comment(existing_comment="was")
        batch.execute("SELECT 1", execution_options={"x": 1})


@case
def execute_and_literals_with_options(op):
    op.execute(sa.text("SELECT 1"), execution_options={"no_parameters": True})
    t = sa.table("t", sa.column("a"), sa.column("b", sa.Date))
    op.execute(t.update().where(t.c.a == op.inline_literal("x")).values(a=op.inline_literal(5)))
    op.execute(t.update().values(b=op.inline_literal("2020-01-01", type_=sa.String())))


@case
def operations_from_schema_objects(op):
    table = of_many_parts()
    ops = their_ops if isinstance(op, Theirs) else our_ops
    op.invoke(ops.CreateTableOp.from_table(table))
    for index in sorted(table.indexes, key=lambda index: index.name):
        op.invoke(ops.CreateIndexOp.from_index(index))
        op.invoke(ops.DropIndexOp.from_index(index))
        op.invoke(ops.DropIndexOp.from_index(index).reverse())
    for constraint in sorted(table.constraints, key=lambda c: (str(c.name), type(c).__name__)):
        add = ops.AddConstraintOp.from_constraint(constraint)
        op.invoke(add)
        if constraint.name:
            op.invoke(add.reverse())
            # a constraint that Alembic has added once it never adds again
            (fresh,) = (c for c in of_many_parts().constraints if c.name == constraint.name)
            op.invoke(ops.AddConstraintOp.from_constraint(fresh).reverse().reverse())
    op.invoke(ops.AddColumnOp.from_column(table.c.a))
    op.invoke(ops.AddColumnOp.from_column(table.c.a).reverse())
    op.invoke(ops.AddColumnOp.from_column_and_tablename("s", "t", table.c.a).reverse().reverse())
    table = of_many_parts()  # Alembic's ADD CONSTRAINT takes it out of a later CREATE TABLE
    op.invoke(ops.CreateTableOp.from_table(table).reverse())
    op.invoke(ops.CreateTableOp.from_table(table).reverse().reverse())


def of_many_parts() -> sa.Table:
    metadata = sa.MetaData()
    table = sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, sa.ForeignKey("u.id"), index=True, unique=True),
        sa.Column("e", sa.Enum("x", name="kind")),
        sa.CheckConstraint("a > 0", name="ck"),
        sa.UniqueConstraint("a", "id", name="uq", deferrable=True),
        pg.ExcludeConstraint(("a", "="), name="ex"),
        sa.Index("ix_two", "a", "id", postgresql_where=sa.text("a > 1")),
        comment="c",
        schema="s",
        prefixes=["UNLOGGED"],
        **STORAGE,
    )
    sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return table
