"""One change of the models at a time: found, applied, nothing left, and taken back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fix_autogenerate import Comparing

Change = tuple[str, "Callable[[sa.MetaData], object]", "Callable[[sa.MetaData], object]"]


def table(*items: Any, name: str = "book", **keywords: Any) -> Callable[[sa.MetaData], object]:
    """A table with an id and a title; strings become text columns, functions make new items."""

    def build(metadata: sa.MetaData) -> object:
        own = [item() for item in items]
        return sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("title", sa.Text, nullable=False),
            *own,
            **keywords,
        )

    return build


def col(name: str, type_: Any, *items: Any, **keywords: Any) -> Callable[[], Any]:
    return lambda: sa.Column(name, type_, *(item() for item in items), **keywords)


def author(metadata: sa.MetaData) -> None:
    sa.Table(
        "author",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, unique=True),
    )


def both(*builders: Callable[[sa.MetaData], object]) -> Callable[[sa.MetaData], object]:
    def build(metadata: sa.MetaData) -> None:
        for builder in builders:
            builder(metadata)

    return build


def n(type_: Any, **keywords: Any) -> Callable[[sa.MetaData], object]:
    """A table with one column ``n`` of that type."""
    return table(col("n", type_, **keywords))


def fk(**keywords: Any) -> Callable[[sa.MetaData], object]:
    return both(
        author,
        table(col("author_id", sa.Integer, lambda: sa.ForeignKey("author.id", **keywords))),
    )


def mood(*labels: str, **keywords: Any) -> Callable[[sa.MetaData], object]:
    return table(col("mood", sa.Enum(*labels, name="mood"), **keywords))


def ix(*expressions: Any, **keywords: Any) -> Callable[[sa.MetaData], object]:
    def build(metadata: sa.MetaData) -> None:
        made = table(col("pages", sa.Integer), col("tags", pgs.JSONB))(metadata)
        sa.Index("ix_book", *expressions, **keywords)._set_parent(made)

    return build


no_index = table(col("pages", sa.Integer), col("tags", pgs.JSONB))
nothing = table()
SINCE_15 = frozenset({"foreign key some columns"})
SINCE_SQLALCHEMY_2_1 = frozenset({"foreign key some columns"})
UNKNOWN_HERE = SINCE_SQLALCHEMY_2_1 if sa.__version__.startswith("2.0") else frozenset()
"""What the installed SQLAlchemy cannot declare."""
seq = sa.Sequence

CHANGES: list[Change] = [
    ("table", author, both(author, table())),
    ("table comment", nothing, table(comment="it's all: of 100%")),
    ("table comment changed", table(comment="a"), table(comment="b")),
    ("unlogged", nothing, table(prefixes=["UNLOGGED"])),
    ("column", nothing, n(sa.Integer)),
    ("column not null", nothing, n(sa.Integer, nullable=False)),
    ("column with default", nothing, n(sa.Text, server_default="it's: here", nullable=False)),
    ("column with comment", nothing, n(sa.Text, comment="a:b")),
    ("column unique", nothing, n(sa.Text, unique=True)),
    ("column indexed", nothing, n(sa.Text, index=True)),
    ("column identity", nothing, table(col("n", sa.BigInteger, lambda: sa.Identity(start=5)))),
    (
        "column computed",
        nothing,
        table(col("n", sa.Text, lambda: sa.Computed("lower(title)", True))),
    ),
    (
        "computed expression",
        table(col("n", sa.Text, lambda: sa.Computed("lower(title)", True), index=True)),
        table(col("n", sa.Text, lambda: sa.Computed("upper(title)", True), index=True)),
    ),
    (
        "computed to plain",
        table(col("n", sa.Text, lambda: sa.Computed("lower(title)", True))),
        n(sa.Text),
    ),
    ("nullable", n(sa.Integer), n(sa.Integer, nullable=False)),
    ("column comment", n(sa.Integer), n(sa.Integer, comment="x")),
    ("column comment gone", n(sa.Integer, comment="y"), n(sa.Integer)),
    ("collation", n(sa.Text), n(sa.Text(collation="C"))),
    ("default", n(sa.Integer), n(sa.Integer, server_default="7")),
    ("default changed", n(sa.Integer, server_default="6"), n(sa.Integer, server_default="7")),
    ("default function", n(sa.DateTime), n(sa.DateTime, server_default=sa.func.now())),
    ("identity", n(sa.Integer, nullable=False), table(col("n", sa.Integer, lambda: sa.Identity()))),
    (
        "identity always",
        table(col("n", sa.Integer, lambda: sa.Identity())),
        table(col("n", sa.Integer, lambda: sa.Identity(always=True))),
    ),
    (
        "identity options",
        table(col("n", sa.Integer, lambda: sa.Identity())),
        table(
            col(
                "n",
                sa.Integer,
                lambda: sa.Identity(start=7, increment=2, cycle=True, maxvalue=900, cache=3),
            )
        ),
    ),
    (
        "identity type",
        table(col("n", sa.Integer, lambda: sa.Identity())),
        table(col("n", sa.BigInteger, lambda: sa.Identity())),
    ),
    ("integer to bigint", n(sa.Integer, server_default="1"), n(sa.BigInteger, server_default="1")),
    ("varchar length", n(sa.String(10)), n(sa.String(20))),
    ("varchar to text", n(sa.String(10)), n(sa.Text)),
    ("text to integer", n(sa.Text), n(sa.Integer)),
    (
        "text to integer with default",
        n(sa.Text, server_default="1", index=True),
        n(sa.Integer, server_default="1", index=True),
    ),
    ("numeric", n(sa.Numeric(8, 2)), n(sa.Numeric(10, 2))),
    ("numeric without scale", n(sa.Numeric), n(sa.Numeric(10))),
    ("timestamp zone", n(sa.DateTime), n(sa.DateTime(timezone=True))),
    ("timestamp precision", n(pgs.TIMESTAMP(precision=3)), n(pgs.TIMESTAMP(precision=6))),
    ("time", n(sa.Time), n(pgs.TIME(timezone=True, precision=2))),
    ("json to jsonb", n(sa.JSON), n(pgs.JSONB)),
    ("array", n(sa.Text), n(pgs.ARRAY(sa.Text))),
    ("array of varchar", n(pgs.ARRAY(sa.String(5))), n(pgs.ARRAY(sa.String(9)))),
    ("interval", n(sa.Interval), n(pgs.INTERVAL(precision=2))),
    ("interval fields", nothing, n(pgs.INTERVAL(fields="DAY TO SECOND"))),
    ("double", n(sa.REAL), n(sa.Double)),
    ("float", nothing, n(sa.Float)),
    ("char", n(sa.CHAR(3)), n(sa.CHAR(4))),
    ("bit", n(pgs.BIT(3)), n(pgs.BIT(4, varying=True))),
    ("uuid", n(sa.Text), n(sa.Uuid)),
    ("bytea", nothing, n(sa.LargeBinary)),
    ("range", nothing, n(pgs.TSTZRANGE)),
    ("multirange", nothing, n(pgs.INT4MULTIRANGE)),
    ("network", nothing, n(pgs.CIDR)),
    ("search", nothing, n(pgs.TSVECTOR)),
    ("money", nothing, n(pgs.MONEY)),
    ("oid", nothing, n(pgs.OID)),
    ("bool", n(sa.Integer), n(sa.Boolean)),
    ("small serial elsewhere", nothing, table(col("n", sa.Integer, server_default=sa.text("1")))),
    (
        "primary key gone",
        nothing,
        lambda m: sa.Table(
            "book",
            m,
            sa.Column("id", sa.Integer, nullable=False, server_default=sa.text("1")),
            sa.Column("title", sa.Text, nullable=False),
        ),
    ),
    (
        "primary key columns",
        lambda m: sa.Table(
            "b",
            m,
            sa.Column("x", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("y", sa.Integer, nullable=False),
        ),
        lambda m: sa.Table(
            "b",
            m,
            sa.Column("x", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("y", sa.Integer, primary_key=True, autoincrement=False),
        ),
    ),
    (
        "primary key name",
        lambda m: sa.Table(
            "b", m, sa.Column("x", sa.Text), sa.PrimaryKeyConstraint("x", name="pk_one")
        ),
        lambda m: sa.Table(
            "b", m, sa.Column("x", sa.Text), sa.PrimaryKeyConstraint("x", name="pk_two")
        ),
    ),
    (
        "serial to bigserial",
        lambda m: sa.Table("b", m, sa.Column("x", sa.Integer, primary_key=True)),
        lambda m: sa.Table("b", m, sa.Column("x", sa.BigInteger, primary_key=True)),
    ),
    (
        "serial to identity",
        lambda m: sa.Table("b", m, sa.Column("x", sa.Integer, primary_key=True)),
        lambda m: sa.Table("b", m, sa.Column("x", sa.Integer, sa.Identity(), primary_key=True)),
    ),
    (
        "serial to plain",
        lambda m: sa.Table("b", m, sa.Column("x", sa.Integer, primary_key=True)),
        lambda m: sa.Table(
            "b", m, sa.Column("x", sa.Integer, primary_key=True, autoincrement=False)
        ),
    ),
    ("unique", nothing, table(lambda: sa.UniqueConstraint("title"))),
    (
        "unique name",
        table(lambda: sa.UniqueConstraint("title", name="one")),
        table(lambda: sa.UniqueConstraint("title", name="two")),
    ),
    (
        "unique columns",
        table(lambda: sa.UniqueConstraint("title", name="one")),
        table(lambda: sa.UniqueConstraint("title", "id", name="one")),
    ),
    (
        "unique deferrable",
        table(lambda: sa.UniqueConstraint("title")),
        table(lambda: sa.UniqueConstraint("title", deferrable=True, initially="DEFERRED")),
    ),
    (
        "unique behind a key",
        both(author, table(col("c", sa.Text, lambda: sa.ForeignKey("author.code")))),
        both(
            lambda m: sa.Table(
                "author",
                m,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("code", sa.Text),
                sa.UniqueConstraint("code", deferrable=False, name="uq_other"),
            ),
            table(col("c", sa.Text, lambda: sa.ForeignKey("author.code"))),
        ),
    ),
    (
        "check",
        nothing,
        table(lambda: sa.CheckConstraint("length(title) > 3 AND title <> 'a:b'", name="ck")),
    ),
    (
        "check body",
        table(lambda: sa.CheckConstraint("length(title) > 3", name="ck")),
        table(lambda: sa.CheckConstraint("length(title) > 4", name="ck")),
    ),
    ("check unnamed", nothing, table(lambda: sa.CheckConstraint("length(title) > 3"))),
    (
        "check not enforced by inheritance",
        nothing,
        table(lambda: sa.CheckConstraint("id > 3", name="ck", postgresql_not_valid=False)),
    ),
    (
        "constraint comment",
        table(lambda: sa.CheckConstraint("id > 3", name="ck")),
        table(lambda: sa.CheckConstraint("id > 3", name="ck", comment="it's")),
    ),
    (
        "exclude",
        nothing,
        table(
            col("at", pgs.TSRANGE),
            lambda: pgs.ExcludeConstraint(
                ("at", "&&"), name="ex", using="gist", where=sa.text("id > 3")
            ),
        ),
    ),
    ("foreign key", both(author, table(col("author_id", sa.Integer))), fk()),
    ("foreign key delete", fk(), fk(ondelete="CASCADE")),
    ("foreign key update", fk(), fk(onupdate="SET NULL")),
    ("foreign key deferred", fk(), fk(deferrable=True, initially="DEFERRED")),
    ("foreign key name", fk(name="fk_one"), fk(name="fk_two")),
    ("foreign key some columns", fk(), fk(ondelete="SET NULL (author_id)")),
    (
        "foreign key retyped",
        both(
            lambda m: sa.Table("author", m, sa.Column("id", sa.Text, primary_key=True)),
            table(col("a", sa.Text, lambda: sa.ForeignKey("author.id"))),
        ),
        both(
            lambda m: sa.Table("author", m, sa.Column("id", sa.Uuid, primary_key=True)),
            table(col("a", sa.Uuid, lambda: sa.ForeignKey("author.id"))),
        ),
    ),
    (
        "circle of tables",
        nothing,
        both(
            table(),
            lambda m: sa.Table(
                "egg",
                m,
                sa.Column("id", sa.Text, primary_key=True),
                sa.Column(
                    "hen_id", sa.Text, sa.ForeignKey("hen.id", use_alter=True, name="fk_egg")
                ),
            ),
            lambda m: sa.Table(
                "hen",
                m,
                sa.Column("id", sa.Text, primary_key=True),
                sa.Column("egg_id", sa.Text, sa.ForeignKey("egg.id")),
            ),
        ),
    ),
    ("self reference", nothing, table(col("up", sa.Integer, lambda: sa.ForeignKey("book.id")))),
    ("index", no_index, ix("pages")),
    ("index columns", ix("pages"), ix("pages", "title")),
    ("index unique", ix("pages"), ix("pages", unique=True)),
    ("index descending", ix("pages"), ix(sa.text("pages DESC NULLS LAST"), "title")),
    ("index expression", ix("pages"), ix(sa.text("lower(title)"))),
    ("index expression body", ix(sa.text("lower(title)")), ix(sa.text("upper(title)"))),
    (
        "index where",
        ix("pages"),
        ix("pages", postgresql_where=sa.text("pages > 3 AND title <> 'a:b'")),
    ),
    ("index include", ix("pages"), ix("pages", postgresql_include=["title"])),
    ("index method", ix("pages"), ix("pages", postgresql_using="hash")),
    (
        "index gin",
        no_index,
        ix("tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    ),
    ("index class", ix("title"), ix("title", postgresql_ops={"title": "text_pattern_ops"})),
    ("index parameters", ix("pages"), ix("pages", postgresql_with={"fillfactor": 70})),
    ("index collation", no_index, ix(sa.text('title COLLATE "C"'))),
    ("enum", nothing, mood("sad", "ok")),
    ("enum label at the end", mood("sad", "ok"), mood("sad", "ok", "happy")),
    ("enum labels within", mood("a", "e"), mood("0", "a", "b", "c", "e", "f")),
    ("enum label gone", mood("sad", "ok", "happy"), mood("sad", "happy")),
    (
        "enum reordered",
        mood("sad", "ok", server_default="ok", index=True),
        mood("ok", "sad", server_default="ok", index=True),
    ),
    (
        "enum in a check",
        table(
            col("mood", sa.Enum("a", "b", "c", name="mood")),
            lambda: sa.CheckConstraint("mood <> 'a'", name="ck"),
        ),
        table(
            col("mood", sa.Enum("a", "b", name="mood")),
            lambda: sa.CheckConstraint("mood <> 'a'", name="ck"),
        ),
    ),
    (
        "enum array",
        n(pgs.ARRAY(sa.Enum("a", "b", name="mood"))),
        n(pgs.ARRAY(sa.Enum("b", "a", name="mood"))),
    ),
    ("enum column gone, type too", mood("sad", "ok"), nothing),
    (
        "enum from text",
        n(sa.Text, server_default="a"),
        n(sa.Enum("a", "b", name="mood"), server_default="a"),
    ),
    (
        "domain",
        nothing,
        n(
            pgs.DOMAIN(
                "price",
                sa.Numeric(8, 2),
                check="VALUE >= 0",
                not_null=True,
                default="0",
                constraint_name="positive",
            )
        ),
    ),
    (
        "domain check",
        n(pgs.DOMAIN("price", sa.Integer, check="VALUE > 0", constraint_name="c")),
        n(pgs.DOMAIN("price", sa.Integer, check="VALUE > 1", constraint_name="c")),
    ),
    ("sequence", nothing, both(nothing, lambda m: seq("numbers", start=100, metadata=m))),
    (
        "sequence changed",
        both(nothing, lambda m: seq("numbers", start=100, metadata=m)),
        both(nothing, lambda m: seq("numbers", start=9, increment=3, cycle=True, metadata=m)),
    ),
    (
        "sequence as default",
        nothing,
        lambda m: table(
            lambda: sa.Column(
                "n", sa.BigInteger, (s := seq("numbers", metadata=m)), server_default=s.next_value()
            )
        )(m),
    ),
    (
        "other schema",
        nothing,
        both(
            nothing,
            lambda m: sa.Table(
                "order",
                m,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column(
                    "Mood",
                    sa.Enum("a", "b", name="Mood", schema="My Shop"),
                    server_default="a",
                    index=True,
                ),
                sa.Column("b", sa.Integer, sa.ForeignKey("book.id")),
                schema="My Shop",
            ),
        ),
    ),
    (
        "partitioned",
        nothing,
        both(
            nothing,
            lambda m: sa.Table(
                "log",
                m,
                sa.Column("at", sa.Date, primary_key=True),
                sa.Column("x", sa.Text, index=True),
                postgresql_partition_by="RANGE (at)",
            ),
        ),
    ),
    (
        "names that need quotes",
        nothing,
        both(
            nothing,
            lambda m: sa.Table(
                'Or"der',
                m,
                sa.Column("select", sa.Integer, primary_key=True),
                sa.Column(
                    "Big",
                    sa.Text,
                    sa.CheckConstraint("\"Big\" <> ''"),
                    unique=True,
                    index=True,
                    comment="c",
                ),
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(*change, id=name, marks=[pytest.mark.pg(">=15")] if name in SINCE_15 else [])
        for name, *change in CHANGES
        if name not in UNKNOWN_HERE
    ],
)
async def test_change(comparing: Comparing, before, after):
    one, two = sa.MetaData(), sa.MetaData()
    before(one)
    after(two)
    up, down = await comparing.there_and_back(one, two)
    assert up
    assert down
