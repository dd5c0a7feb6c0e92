"""Changes of indexes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import LONG, Change, both, col, only, table, text

no_index = table(col("pages", sa.Integer), col("tags", pgs.JSONB))


def ix(*expressions, name="ix_book", **keywords):
    """The table with an index; strings are columns, what ``text`` makes is an expression."""

    def build(metadata):
        made = no_index(metadata)
        sa.Index(name, *expressions, **keywords)._set_parent(made)

    return build


def where(sql):
    return ix("pages", postgresql_where=text(sql))


pages = ix("pages")

CHANGES = [
    Change("index", no_index, pages),
    Change("index removed", pages, no_index),
    Change("index: name", pages, ix("pages", name="ix_other")),
    Change("index: name that needs quotes", pages, ix("pages", name='Index "of" pages')),
    Change("index: name of 63 bytes", no_index, ix("pages", name=LONG)),
    Change("index: another column", pages, ix("title")),
    Change("index: one more column", pages, ix("pages", "title")),
    Change("index: order of columns", ix("pages", "title"), ix("title", "pages")),
    Change("index: unique", pages, ix("pages", unique=True)),
    Change("index: not unique any more", ix("pages", unique=True), pages),
    Change("index: DESC", pages, ix(sa.text("pages DESC"))),
    Change(
        "index: DESC NULLS LAST", ix(sa.text("pages DESC")), ix(sa.text("pages DESC NULLS LAST"))
    ),
    Change("index: NULLS FIRST", pages, ix(sa.text("pages NULLS FIRST"))),
    Change(
        "index: order of the second column",
        ix("title", "pages"),
        ix("title", sa.text("pages DESC")),
    ),
    Change("index: an expression", pages, ix(sa.text("lower(title)"))),
    Change("index: another expression", ix(sa.text("lower(title)")), ix(sa.text("upper(title)"))),
    Change(
        "index: an expression with a cast",
        pages,
        ix(text("(tags ->> 'a:b')"), text("(pages::text)")),
    ),
    Change("index: an expression and a column", pages, ix(sa.text("lower(title)"), "pages")),
    Change(
        "index: an expression DESC", ix(sa.text("lower(title)")), ix(sa.text("lower(title) DESC"))
    ),
    Change("index: WHERE", pages, where("pages > 3 AND title <> 'a:b'")),
    Change("index: another WHERE", where("pages > 3"), where("pages > 4")),
    Change("index: WHERE removed", where("pages > 3"), pages),
    Change("index: INCLUDE", pages, ix("pages", postgresql_include=["title"])),
    Change(
        "index: INCLUDE of another",
        ix("pages", postgresql_include=["title"]),
        ix("pages", postgresql_include=["title", "tags"]),
    ),
    *(
        Change(f"index: {method}", pages, ix("pages", postgresql_using=method))
        for method in ("hash", "brin")
    ),
    Change("index: gin", no_index, ix("tags", postgresql_using="gin")),
    Change(
        "index: gist",
        table(col("at", pgs.TSRANGE)),
        table(col("at", pgs.TSRANGE), lambda: sa.Index("ix", "at", postgresql_using="gist")),
    ),
    Change(
        "index: spgist",
        table(col("at", pgs.INET)),
        table(
            col("at", pgs.INET),
            lambda: sa.Index(
                "ix", "at", postgresql_using="spgist", postgresql_ops={"at": "inet_ops"}
            ),
        ),
    ),
    Change(
        "index: operator class of gin",
        ix("tags", postgresql_using="gin"),
        ix("tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    ),
    Change(
        "index: operator class",
        ix("title"),
        ix("title", postgresql_ops={"title": "text_pattern_ops"}),
    ),
    Change(
        "index: operator class of an extension",
        ix("title"),
        ix("title", postgresql_using="gin", postgresql_ops={"title": "gin_trgm_ops"}),
        setup="CREATE EXTENSION pg_trgm",
    ),
    Change("index: storage parameter", pages, ix("pages", postgresql_with={"fillfactor": 70})),
    Change(
        "index: another storage parameter",
        ix("pages", postgresql_with={"fillfactor": 70}),
        ix("pages", postgresql_with={"fillfactor": 80}),
    ),
    Change(
        "index: NULLS NOT DISTINCT",
        ix("pages", unique=True),
        ix("pages", unique=True, postgresql_nulls_not_distinct=True),
        since=15,
    ),
    Change("index: collation", ix("title"), ix(sa.text('title COLLATE "C"'))),
    Change(
        "index of an added column",
        table(),
        table(col("n", sa.Integer), lambda: sa.Index("ix", "n", sa.text("lower(title)"))),
    ),
    Change(
        "two indexes",
        no_index,
        both(ix("pages"), lambda m: sa.Index("ix_2", m.tables["book"].c.title)),
    ),
    Change(
        "index of a new table",
        table(),
        both(table(), only(col("x", sa.Text, index=True), name="loose")),
    ),
    Change("index marked CONCURRENTLY", no_index, ix("pages", postgresql_concurrently=True)),
]
