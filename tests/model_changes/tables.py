"""Changes of tables as a whole."""

from __future__ import annotations

import sqlalchemy as sa

from model_changes.building import (
    LONG,
    Change,
    author,
    both,
    check,
    col,
    n,
    nothing,
    nothing_at_all,
    only,
    refers,
    table,
    unique,
)

egg_and_hen = both(
    only(
        col("id", sa.Text, primary_key=True),
        col("hen_id", sa.Text),
        lambda: sa.ForeignKeyConstraint(["hen_id"], ["hen.id"], use_alter=True, name="fk_egg"),
        name="egg",
    ),
    only(
        col("id", sa.Text, primary_key=True),
        col("egg_id", sa.Text, lambda: sa.ForeignKey("egg.id")),
        name="hen",
    ),
)
chain = both(
    author,
    table(col("author_id", sa.Integer, lambda: sa.ForeignKey("author.id"))),
    table(col("book_id", sa.Integer, lambda: sa.ForeignKey("book.id")), name="a_page"),
)
quoted = only(
    col("select", sa.Integer, primary_key=True),
    col("Big", sa.Text, lambda: sa.CheckConstraint("\"Big\" <> ''"), unique=True, index=True),
    col('a "b" c', sa.Text, server_default="it's", comment="c"),
    col("größe", sa.Numeric(5, 1), index=True),
    name='Or"der',
)
long_names = only(
    col(LONG, sa.Integer, primary_key=True),
    col("x", sa.Text, unique=True, index=True),
    col("y", sa.Integer, lambda: sa.ForeignKey(f"{LONG}.{LONG}")),
    name=LONG,
)
kept = {"name": "log", "postgresql_partition_by": "RANGE (at)"}

CHANGES = [
    Change("a first table", nothing_at_all, nothing),
    Change("the last table removed", nothing, nothing_at_all),
    Change("a table added", author, both(author, nothing)),
    Change("a table removed", both(author, nothing), author),
    Change("tables that refer to each other in a row", nothing_at_all, chain),
    Change("tables that refer to each other in a row removed", chain, author, by_chance=True),
    Change("two tables that refer to each other", nothing, both(nothing, egg_and_hen)),
    Change("two tables that refer to each other removed", both(nothing, egg_and_hen), nothing),
    Change(
        "a table that refers to itself",
        nothing_at_all,
        table(col("up", sa.Integer, lambda: sa.ForeignKey("book.id"))),
    ),
    Change("a table without columns", nothing_at_all, only(name="empty")),
    Change("a table without a key", nothing_at_all, only(col("x", sa.Integer), name="loose")),
    Change(
        "a table with everything",
        author,
        both(
            author,
            table(
                col("author_id", sa.Integer, index=True, comment="who"),
                col("pages", sa.Integer, server_default="1", nullable=False),
                refers(["author_id"], ["author.id"], ondelete="CASCADE", name="fk_author"),
                unique("title", "author_id", name="uq_title"),
                check("pages > 0", name="ck_pages"),
                comment="of the library",
            ),
        ),
    ),
    Change("comment", nothing, table(comment="it's all: of 100%, \\ and ü")),
    Change("comment changed", table(comment="a"), table(comment="b")),
    Change("comment removed", table(comment="a"), nothing),
    Change("comment of several lines", nothing, table(comment="one\n'two'\n\"three\"")),
    Change("UNLOGGED", nothing, table(prefixes=["UNLOGGED"])),
    Change("logged again", table(prefixes=["UNLOGGED"]), nothing),
    Change("a new table is UNLOGGED", author, both(author, table(prefixes=["UNLOGGED"]))),
    Change(
        "partitioned by range",
        nothing,
        both(
            nothing,
            only(col("at", sa.Date, primary_key=True), col("x", sa.Text, index=True), **kept),
        ),
    ),
    Change(
        "partitioned by list of an expression",
        nothing,
        both(
            nothing,
            only(col("x", sa.Text), name="log", postgresql_partition_by="LIST (lower(x))"),
        ),
    ),
    Change(
        "partitioned by hash of two columns",
        nothing,
        both(
            nothing,
            only(
                col("x", sa.Text),
                col("y", sa.Integer),
                name="log",
                postgresql_partition_by="HASH (x, y)",
            ),
        ),
    ),
    Change(
        "a column of a partitioned table",
        only(col("at", sa.Date), **kept),
        only(col("at", sa.Date), col("x", sa.Text, index=True), **kept),
        raw="CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    ),
    Change("names that need quotes", nothing, both(nothing, quoted)),
    Change("names that need quotes removed", both(nothing, quoted), nothing),
    Change("names of 63 bytes", nothing, both(nothing, long_names)),
    Change(
        "names that are words of SQL",
        nothing_at_all,
        table(
            col("user", sa.Text, index=True),
            col("order", sa.Integer, unique=True),
            col("end", sa.Date),
            check("\"end\" > '2000-01-01'", name="check"),
            name="table",
        ),
    ),
    Change("two changes at once", nothing, table(col("n", sa.Integer), comment="c")),
    Change("another table with the same columns", n(sa.Text), both(n(sa.Text), table(name="cd"))),
]
