"""Changes of primary keys, unique constraints and foreign keys."""

from __future__ import annotations

import sqlalchemy as sa

from model_changes.building import Change, author, both, col, nothing, only, refers, table, unique

NEW = (2, 1)
unkeyed = only(col("id", sa.Integer, nullable=False), col("part", sa.Integer, nullable=False))


def keyed(*columns, **keywords):
    return only(
        col("id", sa.Integer, nullable=False),
        col("part", sa.Integer, nullable=False),
        lambda: sa.PrimaryKeyConstraint(*columns, **keywords),
    )


def fk(**keywords):
    return both(
        author,
        table(col("author_id", sa.Integer), refers(["author_id"], ["author.id"], **keywords)),
    )


def pair(**keywords):
    """A foreign key of two columns."""
    return both(
        only(
            col("x", sa.Integer, primary_key=True, autoincrement=False),
            col("y", sa.Integer, primary_key=True, autoincrement=False),
            name="point",
        ),
        table(
            col("px", sa.Integer),
            col("py", sa.Integer),
            refers(["px", "py"], ["point.x", "point.y"], name="fk_point", **keywords),
        ),
    )


def keyed_by(name, **keywords):
    return both(
        only(
            col("id", sa.Integer, primary_key=True),
            col("code", sa.Text),
            unique("code", name=name),
            name="author",
        ),
        table(col("c", sa.Text, lambda: sa.ForeignKey("author.code", **keywords))),
    )


def typed(type_):
    return both(
        only(col("id", type_, primary_key=True), name="author"),
        table(col("a", type_, lambda: sa.ForeignKey("author.id"))),
    )


CHANGES = [
    Change("primary key", unkeyed, keyed("id")),
    Change("primary key removed", keyed("id"), unkeyed),
    Change("primary key: another column", keyed("id"), keyed("part")),
    Change("primary key: one more column", keyed("id"), keyed("id", "part")),
    Change("primary key: another order", keyed("id", "part"), keyed("part", "id")),
    Change("primary key: name", keyed("id", name="pk_one"), keyed("id", name="pk_two")),
    Change("primary key: DEFERRABLE", keyed("id"), keyed("id", deferrable=True)),
    Change(
        "primary key: INITIALLY DEFERRED",
        keyed("id", deferrable=True),
        keyed("id", deferrable=True, initially="DEFERRED"),
    ),
    Change(
        "primary key: INCLUDE",
        keyed("id"),
        keyed("id", postgresql_include=["part"]),
        sqlalchemy=NEW,
    ),
    Change(
        "primary key moves to a new column",
        only(col("code", sa.Text, primary_key=True)),
        only(col("code", sa.Text, nullable=False), col("id", sa.Integer, primary_key=True)),
    ),
    Change("unique", nothing, table(unique("title"))),
    Change("unique removed", table(unique("title")), nothing),
    Change("unique, named", nothing, table(unique("title", name="Only one"))),
    Change("unique of two columns", nothing, table(unique("title", "id"))),
    Change("unique: name", table(unique("title", name="one")), table(unique("title", name="two"))),
    Change(
        "unique: columns",
        table(unique("title", name="one")),
        table(unique("title", "id", name="one")),
    ),
    Change(
        "unique: order of columns",
        table(unique("title", "id", name="one")),
        table(unique("id", "title", name="one")),
    ),
    Change("unique: DEFERRABLE", table(unique("title")), table(unique("title", deferrable=True))),
    Change(
        "unique: INITIALLY DEFERRED",
        table(unique("title")),
        table(unique("title", deferrable=True, initially="DEFERRED")),
    ),
    Change(
        "unique: INCLUDE",
        table(unique("title")),
        table(unique("title", postgresql_include=["id"])),
        sqlalchemy=NEW,
    ),
    Change(
        "unique: NULLS NOT DISTINCT",
        table(unique("title")),
        table(unique("title", postgresql_nulls_not_distinct=True)),
        since=15,
    ),
    Change(
        "unique: comment",
        table(unique("title", name="u")),
        table(unique("title", name="u", comment="it's")),
    ),
    Change(
        "unique constraint to unique index",
        table(unique("title", name="uq")),
        table(lambda: sa.Index("uq", "title", unique=True)),
    ),
    Change(
        "unique index to unique constraint",
        table(lambda: sa.Index("uq", "title", unique=True)),
        table(unique("title", name="uq")),
    ),
    Change("unique: name, behind a foreign key", keyed_by("one"), keyed_by("two")),
    Change("unique and a foreign key to it added", author, keyed_by("author_code_key")),
    Change("foreign key", both(author, table(col("author_id", sa.Integer))), fk()),
    Change("foreign key removed", fk(), both(author, table(col("author_id", sa.Integer)))),
    Change("foreign key with its column", both(author, nothing), fk()),
    *(
        Change(f"foreign key: ON DELETE {action}", fk(), fk(ondelete=action))
        for action in ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")
    ),
    *(
        Change(f"foreign key: ON UPDATE {action}", fk(), fk(onupdate=action))
        for action in ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")
    ),
    Change("foreign key: ON DELETE removed", fk(ondelete="CASCADE"), fk()),
    Change(
        "foreign key: ON DELETE SET NULL of some columns",
        pair(ondelete="SET NULL"),
        pair(ondelete="SET NULL (px)"),
        since=15,
    ),
    Change("foreign key: MATCH FULL", pair(), pair(match="FULL")),
    Change("foreign key: DEFERRABLE", fk(), fk(deferrable=True)),
    Change(
        "foreign key: INITIALLY DEFERRED",
        fk(deferrable=True),
        fk(deferrable=True, initially="DEFERRED"),
    ),
    Change("foreign key: DEFERRABLE removed", fk(deferrable=True, initially="DEFERRED"), fk()),
    Change("foreign key: name", fk(name="fk_one"), fk(name="fk_two")),
    Change("foreign key: comment", fk(name="fk"), fk(name="fk", comment="who: it's")),
    Change(
        "foreign key: another column",
        both(
            author,
            table(
                col("a", sa.Integer), col("b", sa.Integer), refers(["a"], ["author.id"], name="fk")
            ),
        ),
        both(
            author,
            table(
                col("a", sa.Integer), col("b", sa.Integer), refers(["b"], ["author.id"], name="fk")
            ),
        ),
    ),
    Change(
        "foreign key: another table",
        both(
            author,
            table(name="poet"),
            table(col("a", sa.Integer), refers(["a"], ["author.id"], name="fk")),
        ),
        both(
            author,
            table(name="poet"),
            table(col("a", sa.Integer), refers(["a"], ["poet.id"], name="fk")),
        ),
    ),
    Change("foreign key of two columns", author, both(author, pair())),
    Change("foreign key: type of both columns", typed(sa.Text), typed(sa.Uuid)),
    Change("foreign key: wider type of both columns", typed(sa.Integer), typed(sa.BigInteger)),
    Change(
        "foreign key that was not validated yet",
        fk(name="fk"),
        fk(name="fk", ondelete="CASCADE"),
        raw="ALTER TABLE book DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (author_id)"
        " REFERENCES author (id) NOT VALID",
    ),
    Change(
        "foreign key that is not enforced",
        fk(name="fk"),
        fk(name="fk"),
        raw="ALTER TABLE book DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (author_id)"
        " REFERENCES author (id) NOT ENFORCED",
        since=18,
    ),
    Change(
        "foreign key that is validated",
        fk(name="fk"),
        fk(name="fk"),
        raw="ALTER TABLE book DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (author_id)"
        " REFERENCES author (id) NOT VALID",
    ),
]
