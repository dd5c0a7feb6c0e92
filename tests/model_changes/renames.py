"""Renames: without an answer they are a drop and an addition."""

from __future__ import annotations

import sqlalchemy as sa

from model_changes.building import (
    Change,
    author,
    both,
    check,
    col,
    computed,
    enum,
    n,
    only,
    refers,
    sequence,
    table,
    text,
    unique,
)


def moody(*labels, name="mood", **keywords):
    return n(enum(*labels, name=name), **keywords)


def pages(name):
    """A column with everything that names it."""
    return table(
        col(name, sa.Integer, server_default="1", index=True, comment="how many"),
        check(f"{name} > 0", name="ck"),
        unique(name, "title", name="uq"),
        col("half", sa.Integer, computed(f"{name} / 2")),
        lambda: sa.Index("ix_few", "title", postgresql_where=text(f"{name} < 9")),
    )


def written(name, key):
    """A table that another one refers to."""
    return both(
        only(col(key, sa.Integer, primary_key=True), col("x", sa.Text, unique=True), name=name),
        table(col("by", sa.Integer), refers(["by"], [f"{name}.{key}"])),
    )


CHANGES = [
    Change("table", table(), table(name="volume"), renames={"book": "volume"}),
    Change(
        "table that is referred to",
        written("person", "id"),
        written("writer", "id"),
        renames={"person": "writer"},
    ),
    Change(
        "table and its key",
        written("person", "id"),
        written("writer", "no"),
        renames={"person": "writer", "writer.id": "no"},
    ),
    Change("column", n(sa.Text), table(col("m", sa.Text)), renames={"book.n": "m"}),
    Change("column with all that names it", pages("n"), pages("m"), renames={"book.n": "m"}),
    Change(
        "column, and its type",
        n(sa.Integer),
        table(col("m", sa.BigInteger, nullable=False)),
        renames={"book.n": "m"},
    ),
    Change("enum", moody("a", "b"), moody("a", "b", name="temper"), renames={"mood": "temper"}),
    Change(
        "label of an enum",
        moody("a", "b", server_default="a"),
        moody("a2", "b", server_default="a2"),
        renames={"mood.a": "a2"},
    ),
    Change("sequence", sequence("one"), sequence("two"), renames={"one": "two"}),
    Change(
        "foreign key's column",
        both(author, table(col("a_id", sa.Integer, lambda: sa.ForeignKey("author.id")))),
        both(author, table(col("b_id", sa.Integer, lambda: sa.ForeignKey("author.id")))),
        renames={"book.a_id": "b_id"},
    ),
]
