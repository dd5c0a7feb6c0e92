"""A change of the models, and short words for the models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Models = Callable[[sa.MetaData], object]
    Item = Callable[[], Any]

LONG = "a_name_of_sixty_three_bytes_" + "x" * 35
"""The longest name that PostgreSQL keeps whole."""


@dataclass(frozen=True)
class Change:
    """Models before and after; both are functions that fill a MetaData.

    Attributes:
        name: says what changes.
        before: what the database is made from.
        after: what it is to become.
        setup: SQL that runs first: extensions.
        raw: SQL that follows ``before``: what models cannot say.
        tablespace: one that there is to be beside the usual ones.
        since: the first version of PostgreSQL that has it.
        sqlalchemy: the first version of SQLAlchemy that has it.
        renames: new names by old ones, as ``--rename`` takes them.
        by_chance: Alembic's script runs or fails with the order in which a set gives its tables.
    """

    name: str
    before: Models
    after: Models
    setup: str = ""
    raw: str = ""
    tablespace: str = ""
    since: int = 14
    sqlalchemy: tuple[int, int] = (2, 0)
    renames: Mapping[str, str] = field(default_factory=dict)
    by_chance: bool = False


def nothing_at_all(_metadata: sa.MetaData) -> None:
    """No table."""


def table(*items: Item, name: str = "book", **keywords: Any) -> Models:
    """A table with an id and a title, and what the functions make."""

    def build(metadata: sa.MetaData) -> sa.Table:
        return sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("title", sa.Text, nullable=False),
            *(item() for item in items),
            **keywords,
        )

    return build


def only(*items: Item, name: str = "book", **keywords: Any) -> Models:
    """A table with what the functions make."""
    return lambda metadata: sa.Table(name, metadata, *(item() for item in items), **keywords)


def both(*builders: Models) -> Models:
    """Several models."""

    def build(metadata: sa.MetaData) -> None:
        for builder in builders:
            builder(metadata)

    return build


def col(name: str, type_: Any, *items: Item, **keywords: Any) -> Item:
    """A column."""
    return lambda: sa.Column(name, type_, *(item() for item in items), **keywords)


def n(type_: Any, *items: Item, **keywords: Any) -> Models:
    """A table with one more column, ``n`` of that type."""
    return table(col("n", type_, *items, **keywords))


def text(sql: str) -> Any:
    """SQL as it stands: no colon is a parameter."""
    return sa.text(sql.replace(":", "\\:"))


def unique(*columns: str, **keywords: Any) -> Item:
    """A unique constraint."""
    return lambda: sa.UniqueConstraint(*columns, **keywords)


def check(sql: str, **keywords: Any) -> Item:
    """A CHECK."""
    return lambda: sa.CheckConstraint(text(sql), **keywords)


def refers(columns: list[str], to: list[str], **keywords: Any) -> Item:
    """A foreign key."""
    return lambda: sa.ForeignKeyConstraint(columns, to, **keywords)


def identity(**keywords: Any) -> Item:
    """An identity."""
    return lambda: sa.Identity(**keywords)


def computed(sql: str, stored: bool | None = True) -> Item:
    """A generated column's expression."""
    return lambda: sa.Computed(text(sql), persisted=stored)


def author(metadata: sa.MetaData) -> sa.Table:
    """What books refer to."""
    return sa.Table(
        "author",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, unique=True),
    )


def sequence(name: str = "numbers", **keywords: Any) -> Models:
    """A sequence beside a table."""
    return both(nothing, lambda metadata: sa.Sequence(name, metadata=metadata, **keywords))


def enum(*labels: str, **keywords: Any) -> Any:
    """An enum type ``mood``."""
    return sa.Enum(*labels, **{"name": "mood", **keywords})


def domain(type_: Any = sa.Integer, **keywords: Any) -> Any:
    """A domain ``price``."""
    return pgs.DOMAIN(**{"name": "price", "data_type": type_, **keywords})


nothing = table()
"""The table alone."""
