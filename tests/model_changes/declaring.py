"""A book and what is declared beside it: entities that several changes use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.entities import (
    CompositeType,
    Function,
    MaterializedView,
    Policy,
    RowSecurity,
    Trigger,
    View,
    register,
)

if TYPE_CHECKING:
    from model_changes.building import Item, Models

READER, WRITER = "pg_read_all_data", "pg_write_all_data"
"""Roles that every server has."""


def shop(*entities: Any, title: Any = sa.Text, extra: Item | None = None) -> Models:
    """A book and what is declared beside it."""

    def build(metadata: sa.MetaData) -> None:
        sa.Table(
            "book",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("title", title),
            sa.Column("pages", sa.Integer),
            *([] if extra is None else [extra()]),
        )
        register(metadata, *entities)

    return build


def bare(*entities: Any) -> Models:
    """Nothing but what is declared."""
    return lambda metadata: register(metadata, *entities)


thick = View("thick", "SELECT id, title FROM book WHERE pages > 500")
titles = View("titles", "SELECT title FROM thick")
sales = MaterializedView("sales", "SELECT id, count(*) AS n FROM book GROUP BY id")
total = Function(
    "total", "price numeric", returns="numeric", language="sql", body="SELECT price * 2"
)
touch = Function(
    "touch", returns="trigger", body="BEGIN\n    NEW.pages := 1;\n    RETURN NEW;\nEND"
)
touched = Trigger("touched", "book", "before", "update", "touch()")
own = Policy("own", "book", using="title = CURRENT_USER")
secured = RowSecurity("book")
address = CompositeType("address", {"street": "text", "zip": sa.String(10)})
slug = Function("slug", returns="text", body="BEGIN RETURN 'x'; END")
