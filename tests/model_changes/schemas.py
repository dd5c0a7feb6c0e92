"""Changes of schemas, and of what is in another one."""

from __future__ import annotations

import sqlalchemy as sa

from model_changes.building import (
    Change,
    both,
    check,
    col,
    computed,
    enum,
    nothing,
    only,
    refers,
    table,
    text,
)


def shop(*items, name="order", **keywords):
    """A table in another schema."""
    return both(
        nothing,
        only(
            col("id", sa.Integer, primary_key=True), *items, name=name, schema="My Shop", **keywords
        ),
    )


def moody(*labels, **keywords):
    return shop(col("mood", enum(*labels, name="Mood", schema="My Shop"), **keywords))


CHANGES = [
    Change("a schema added", nothing, shop()),
    Change(
        "a table of another schema",
        shop(),
        both(shop(), only(col("x", sa.Text), name="x", schema="My Shop")),
    ),
    Change("tables of the same name in two schemas", nothing, shop(name="book")),
    Change("a column", shop(), shop(col("n", sa.Text, index=True, unique=True, comment="c"))),
    Change("comment of the table", shop(), shop(comment="it's")),
    Change(
        "a foreign key between schemas",
        shop(col("b", sa.Integer)),
        shop(col("b", sa.Integer, lambda: sa.ForeignKey("book.id"))),
    ),
    Change(
        "a foreign key from the default schema",
        shop(),
        both(
            only(col("id", sa.Integer, primary_key=True), name="order", schema="My Shop"),
            table(col("o", sa.Integer), refers(["o"], ["My Shop.order.id"], ondelete="CASCADE")),
        ),
    ),
    Change(
        "a foreign key within it",
        shop(col("up", sa.Integer)),
        shop(col("up", sa.Integer), refers(["up"], ["My Shop.order.id"], name="fk")),
    ),
    Change("an enum", shop(), moody("a", "b", server_default="a", index=True)),
    Change("an enum: a label", moody("a", "b"), moody("a", "b", "c")),
    Change(
        "an enum: a label removed",
        moody("a", "b", "c", server_default="a"),
        moody("a", "b", server_default="a"),
    ),
    Change(
        "an index",
        shop(col("x", sa.Text)),
        shop(
            col("x", sa.Text), lambda: sa.Index("Ix", "x", postgresql_where=text("x <> 'public.y'"))
        ),
    ),
    Change(
        "an index: name",
        shop(col("x", sa.Text), lambda: sa.Index("Ix", "x")),
        shop(col("x", sa.Text), lambda: sa.Index("iy", "x")),
    ),
    Change("a CHECK", shop(), shop(check("id > 0", name="Ck"))),
    Change("a CHECK: name", shop(check("id > 0", name="Ck")), shop(check("id > 0", name="ck"))),
    Change(
        "a generated column",
        shop(col("x", sa.Text)),
        shop(col("x", sa.Text), col("y", sa.Text, computed("lower(x)"))),
    ),
    Change(
        "a sequence",
        shop(),
        both(shop(), lambda m: sa.Sequence("Numbers", metadata=m, schema="My Shop")),
    ),
    Change(
        "a sequence: increment",
        both(shop(), lambda m: sa.Sequence("Numbers", metadata=m, schema="My Shop")),
        both(shop(), lambda m: sa.Sequence("Numbers", metadata=m, schema="My Shop", increment=2)),
    ),
]
