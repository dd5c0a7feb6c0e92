"""Entities beside models: each change applied and taken back, nothing left to do, the dump as before."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.entities import (
    CompositeType,
    Extension,
    Function,
    Grant,
    MaterializedView,
    Policy,
    Procedure,
    Revoke,
    RowSecurity,
    Sequence,
    SqlText,
    Trigger,
    View,
    ViewIndex,
    register,
)
from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_autogenerate import Comparing

ALL_KINDS = (
    "view",
    "materialized_view",
    "function",
    "procedure",
    "trigger",
    "policy",
    "row_security",
    "composite_type",
)
EVERY = os.environ.get("ASYNCMIG_AUTOGEN_EXAMPLES")
"""Dump the database around each change, not around some of them."""

READER, WRITER = "pg_read_all_data", "pg_write_all_data"
"""Roles that every server has."""


def shop(*entities: Any, title: Any = sa.Text, extra: Any = None) -> sa.MetaData:
    """A book and what is declared beside it."""
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", title),
        sa.Column("pages", sa.Integer),
        *([] if extra is None else [extra]),
    )
    register(metadata, *entities)
    return metadata


def bare(*entities: Any) -> sa.MetaData:
    """Nothing but what is declared."""
    metadata = sa.MetaData()
    register(metadata, *entities)
    return metadata


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

read_by = (thick, titles, Grant("select", "titles", READER))
CALL = sa.text("slug()")
QUOTES = 'BEGIN\n\n  -- """ \\: $$ \'\n  RETURN NEW;\nEND'
INDENTED = "\n        BEGIN\n            RETURN NEW;\n        END\n"

CHANGES: list[tuple[str, sa.MetaData, sa.MetaData]] = [
    ("view", shop(), shop(thick)),
    ("view in another schema", shop(), shop(replace(thick, schema="other"))),
    ("view that names its schema", shop(), shop(View("v", "SELECT id FROM public.book"))),
    (
        "view of SQLAlchemy",
        shop(),
        shop(View("v", sa.select(sa.text("id")).select_from(sa.text("book")))),
    ),
    ("views that need each other", shop(), shop(titles, thick)),
    ("view columns named", shop(), shop(View("v", "SELECT id FROM book", columns=["key"]))),
    ("view query", shop(thick), shop(replace(thick, query="SELECT id, title FROM book"))),
    (
        "view column added",
        shop(thick, titles),
        shop(replace(thick, query="SELECT id, title, pages FROM book WHERE pages > 500"), titles),
    ),
    (
        "view column first",
        shop(thick, titles),
        shop(replace(thick, query="SELECT pages, id, title FROM book"), titles),
    ),
    (
        "view options",
        shop(thick),
        shop(replace(thick, options={"security_barrier": True, "check_option": "local"})),
    ),
    ("view option off", shop(replace(thick, options={"security_barrier": True})), shop(thick)),
    ("view comment", shop(thick), shop(replace(thick, comment="it's: thick"))),
    ("view comment removed", shop(replace(thick, comment="a")), shop(thick)),
    ("view to materialized", shop(View("sales", sales.query)), shop(sales)),
    ("materialized view", shop(), shop(sales)),
    ("materialized view without data", shop(), shop(replace(sales, with_data=False))),
    ("materialized view query", shop(sales), shop(replace(sales, query="SELECT 1 AS one"))),
    (
        "materialized view indexes",
        shop(sales),
        shop(
            replace(
                sales,
                indexes=[
                    ViewIndex("ix_sales", ["id"], unique=True),
                    ViewIndex("ix_half", ["(n / 2)"], where="n > 3"),
                ],
            )
        ),
    ),
    (
        "materialized view index changed",
        shop(replace(sales, indexes=[ViewIndex("ix_sales", ["id"])])),
        shop(replace(sales, indexes=[ViewIndex("ix_sales", ["n"])])),
    ),
    (
        "materialized view with indexes rebuilt",
        shop(replace(sales, indexes=[ViewIndex("ix_sales", ["id"])], comment="c")),
        shop(
            replace(
                sales,
                query="SELECT id FROM book",
                indexes=[ViewIndex("ix_sales", ["id"])],
                comment="c",
            )
        ),
    ),
    ("materialized view options", shop(sales), shop(replace(sales, options={"fillfactor": 70}))),
    ("function", shop(), shop(total)),
    ("function body", shop(touch), shop(replace(touch, body="BEGIN RETURN OLD; END"))),
    (
        "function with quotes",
        shop(),
        shop(replace(touch, body='BEGIN\n\n  -- """ \\: $$ \'\n  RETURN NEW;\nEND')),
    ),
    (
        "function indented",
        shop(),
        shop(replace(touch, body=INDENTED)),
    ),
    ("function volatility", shop(total), shop(replace(total, volatility="immutable"))),
    ("function strict", shop(total), shop(replace(total, strict=True))),
    ("function definer", shop(total), shop(replace(total, security_definer=True))),
    ("function leakproof", shop(total), shop(replace(total, leakproof=True))),
    ("function parallel", shop(total), shop(replace(total, parallel="safe"))),
    ("function cost", shop(total), shop(replace(total, cost=12.5))),
    (
        "function rows",
        shop(replace(total, returns="SETOF numeric")),
        shop(replace(total, returns="SETOF numeric", rows=5)),
    ),
    (
        "function settings",
        shop(total),
        shop(replace(total, settings={"search_path": "public, pg_temp", "work_mem": "'64MB'"})),
    ),
    (
        "function settings empty path",
        shop(replace(total, settings={"search_path": "public"})),
        shop(replace(total, settings={"search_path": "''"})),
    ),
    ("function comment", shop(total), shop(replace(total, comment="twice"))),
    (
        "function returns",
        shop(total),
        shop(replace(total, returns="double precision", body="SELECT 1.0::float8")),
    ),
    (
        "function argument name",
        shop(total),
        shop(replace(total, arguments="cost numeric", body="SELECT $1")),
    ),
    ("function argument type", shop(total), shop(replace(total, arguments="price integer"))),
    (
        "function default removed",
        shop(replace(total, arguments="price numeric DEFAULT 1")),
        shop(total),
    ),
    ("function overloaded", shop(total), shop(total, replace(total, arguments="price integer"))),
    (
        "function out arguments",
        shop(),
        shop(
            Function(
                "both",
                "a integer, OUT b integer, OUT c text",
                returns=None,
                language="sql",
                body="SELECT a, 'x'",
            )
        ),
    ),
    (
        "function of a table",
        shop(),
        shop(replace(total, arguments="b book", returns="text", body="SELECT b.title")),
    ),
    (
        "function returns table",
        shop(),
        shop(replace(total, returns="TABLE (a integer)", body="SELECT 1")),
    ),
    (
        "sql function that calls a view",
        shop(),
        shop(
            Function(
                "a_first", returns="bigint", language="sql", body="SELECT count(*) FROM thick"
            ),
            thick,
        ),
    ),
    (
        "function in SQL's syntax",
        shop(),
        shop(
            SqlText(
                "CREATE FUNCTION public.title_of(b public.book) RETURNS text LANGUAGE sql STABLE\n"
                "BEGIN ATOMIC\n    SELECT b.title;\nEND;"
            )
        ),
    ),
    (
        "function under a view",
        shop(total, View("v", "SELECT total(pages) AS t FROM book")),
        shop(
            replace(total, arguments="price numeric, n integer DEFAULT 2"),
            View("v", "SELECT total(pages) AS t FROM book"),
        ),
    ),
    (
        "function under a trigger rebuilt",
        shop(touch, touched),
        shop(replace(touch, name="touch2"), replace(touched, function="touch2()")),
    ),
    (
        "default that calls it",
        shop(),
        shop(slug, extra=sa.Column("s", sa.Text, server_default=CALL)),
    ),
    (
        "procedure",
        shop(),
        shop(Procedure("tidy", "days integer", body="BEGIN DELETE FROM book; END")),
    ),
    (
        "procedure changed",
        shop(Procedure("tidy", body="BEGIN END")),
        shop(Procedure("tidy", body="BEGIN NULL; END", security_definer=True, comment="c")),
    ),
    (
        "function becomes procedure",
        shop(Function("f", body="BEGIN END")),
        shop(Procedure("f", body="BEGIN END")),
    ),
    ("trigger", shop(touch), shop(touch, touched)),
    ("trigger moment", shop(touch, touched), shop(touch, replace(touched, moment="after"))),
    (
        "trigger events",
        shop(touch, touched),
        shop(touch, replace(touched, events=["insert", "update of title, pages"])),
    ),
    ("trigger when", shop(touch, touched), shop(touch, replace(touched, when="NEW.pages > 3"))),
    (
        "trigger for each",
        shop(touch, replace(touched, moment="after")),
        shop(
            touch,
            replace(
                touched, moment="after", for_each="statement", referencing="OLD TABLE AS old_rows"
            ),
        ),
    ),
    (
        "constraint trigger",
        shop(touch, replace(touched, moment="after")),
        shop(
            touch,
            replace(
                touched, moment="after", constraint=True, deferrable=True, initially="deferred"
            ),
        ),
    ),
    (
        "trigger arguments",
        shop(touch, touched),
        shop(touch, replace(touched, function="touch('a''b', '1')")),
    ),
    ("trigger disabled", shop(touch, touched), shop(touch, replace(touched, fires="disabled"))),
    (
        "trigger always and changed",
        shop(touch, replace(touched, fires="disabled")),
        shop(touch, replace(touched, fires="always", events="insert")),
    ),
    ("trigger comment", shop(touch, touched), shop(touch, replace(touched, comment="c"))),
    (
        "trigger on a view",
        shop(touch, thick),
        shop(touch, thick, Trigger("t", "thick", "instead of", "insert", "touch()")),
    ),
    (
        "view with a trigger rebuilt",
        shop(touch, thick, Trigger("t", "thick", "instead of", "insert", "touch()")),
        shop(
            touch,
            replace(thick, query="SELECT title FROM book"),
            Trigger("t", "thick", "instead of", "insert", "touch()"),
        ),
    ),
    ("policy", shop(), shop(own, secured)),
    ("policy command", shop(own), shop(replace(own, command="delete"))),
    ("policy restrictive", shop(own), shop(replace(own, permissive=False))),
    ("policy roles", shop(own), shop(replace(own, roles=[READER, WRITER]))),
    ("policy using", shop(own), shop(replace(own, using="pages > 3 AND (id > 1 OR pages < 9)"))),
    ("policy check", shop(own), shop(replace(own, check="pages > 3"))),
    ("policy comment", shop(own), shop(replace(own, comment="c"))),
    ("row security forced", shop(secured), shop(replace(secured, force=True))),
    ("row security no longer forced", shop(replace(secured, force=True)), shop(secured)),
    ("composite type", shop(), shop(address)),
    (
        "composite type changed",
        shop(address),
        shop(
            replace(
                address, attributes={"street": "text", "zip": "text", "City": 'text COLLATE "C"'}
            )
        ),
    ),
    ("composite type comment", shop(address), shop(replace(address, comment="c"))),
    (
        "function of a composite type",
        shop(),
        shop(address, Function("f", "a address", body="BEGIN END")),
    ),
    ("sequence", shop(), shop(Sequence("counter", start=5, increment=2))),
    ("sequence changed", shop(Sequence("counter")), shop(Sequence("counter", cache=7))),
    (
        "grant",
        shop(Grant("select", "book", WRITER)),
        shop(Grant(["select", "insert"], "book", READER)),
    ),
    (
        "grant on columns",
        shop(Grant("select", "book", READER)),
        shop(Grant(["select", "update (title, pages)"], "book", READER)),
    ),
    (
        "grant option",
        shop(Grant("select", "book", READER)),
        shop(Grant("select", "book", READER, with_grant_option=True)),
    ),
    (
        "grant all",
        shop(Grant("select", "book", READER)),
        shop(Grant("all", "book", [READER, "public"])),
    ),
    (
        "grant on a sequence",
        shop(Sequence("counter"), Grant("select", "counter", READER, object_kind="sequence")),
        shop(Sequence("counter"), Grant("usage", "counter", READER, object_kind="sequence")),
    ),
    (
        "grant on a function",
        shop(total, Grant("execute", "total(numeric)", WRITER, object_kind="function")),
        shop(
            total,
            Grant("execute", "total(numeric)", READER, object_kind="function"),
            Revoke("execute", "total(numeric)", "public", object_kind="function"),
        ),
    ),
    (
        "grants on a view rebuilt",
        shop(thick, Grant("select", "thick", READER)),
        shop(replace(thick, query="SELECT title FROM book"), Grant("select", "thick", READER)),
    ),
    (
        "grants on a function rebuilt",
        shop(total, Revoke("execute", "total(numeric)", "public", object_kind="function")),
        shop(
            replace(total, returns="integer", body="SELECT 1"),
            Revoke("execute", "total(numeric)", "public", object_kind="function"),
        ),
    ),
    (
        "grant on a schema",
        shop(replace(thick, schema="other"), Grant("usage", "other", READER, object_kind="schema")),
        shop(replace(thick, schema="other"), Grant("all", "other", READER, object_kind="schema")),
    ),
    (
        "column retyped under views",
        shop(thick, titles, Grant("select", "titles", READER)),
        shop(thick, titles, Grant("select", "titles", READER), title=sa.String(40)),
    ),
    (
        "column retyped under all",
        shop(
            touch,
            replace(touched, when="NEW.title IS NOT NULL"),
            own,
            replace(
                sales, query="SELECT title FROM book", indexes=[ViewIndex("ix_sales", ["title"])]
            ),
        ),
        shop(
            touch,
            replace(touched, when="NEW.title IS NOT NULL"),
            own,
            replace(
                sales, query="SELECT title FROM book", indexes=[ViewIndex("ix_sales", ["title"])]
            ),
            title=sa.String(40),
        ),
    ),
    (
        "enum replaced under a view",
        shop(
            View("v", "SELECT title FROM book WHERE title = 'a'"),
            title=sa.Enum("a", "b", name="mood"),
        ),
        shop(
            View("v", "SELECT title FROM book WHERE title = 'a'"),
            title=sa.Enum("b", "a", name="mood"),
        ),
    ),
    (
        "enum of a function",
        shop(Function("f", "m mood", body="BEGIN END"), title=sa.Enum("a", "b", name="mood")),
        shop(Function("f", "m mood", body="BEGIN END"), title=sa.Enum("b", name="mood")),
    ),
    (
        "view and its column",
        shop(),
        shop(View("v", "SELECT x FROM book"), extra=sa.Column("x", sa.Integer)),
    ),
    (
        "unchanged but for a column",
        shop(thick, touch, touched, own),
        shop(thick, touch, touched, own, extra=sa.Column("x", sa.Integer)),
    ),
    ("extension", shop(), shop(Extension("citext"), title=pgs.CITEXT)),
    ("table gone with its entities", shop(touch, touched, own, secured, thick), bare(touch)),
]


@pytest.mark.parametrize(
    ("before", "after", "dumped"),
    [
        pytest.param(*change, bool(EVERY) or number % 5 == 0, id=name)
        for number, (name, *change) in enumerate(CHANGES)
    ],
)
async def test_entity_change(comparing: Comparing, database_url: str, before, after, dumped):
    comparing.managed_entities = ("extension", "grant", *ALL_KINDS)
    await comparing.build(before)
    dump = catalog_dump(database_url) if dumped else None
    up, down = await comparing.there_and_back(before, after)
    assert up
    assert down
    assert dump is None or catalog_dump(database_url) == dump
