"""Changes of views, policies, composite types, extensions and rights; of columns under them."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.entities import Extension, Grant, Revoke, Sequence, Trigger, View, ViewIndex
from model_changes.building import Change, col
from model_changes.declaring import (
    READER,
    WRITER,
    address,
    bare,
    own,
    sales,
    secured,
    shop,
    thick,
    titles,
    total,
    touch,
    touched,
)

CHANGES = [
    Change("view", shop(), shop(thick)),
    Change("view in another schema", shop(), shop(replace(thick, schema="other"))),
    Change("view that names its schema", shop(), shop(View("v", "SELECT id FROM public.book"))),
    Change(
        "view of SQLAlchemy",
        shop(),
        shop(View("v", sa.select(sa.text("id")).select_from(sa.text("book")))),
    ),
    Change("views that need each other", shop(), shop(titles, thick)),
    Change("view columns named", shop(), shop(View("v", "SELECT id FROM book", columns=["key"]))),
    Change("view query", shop(thick), shop(replace(thick, query="SELECT id, title FROM book"))),
    Change(
        "view column added",
        shop(thick, titles),
        shop(replace(thick, query="SELECT id, title, pages FROM book WHERE pages > 500"), titles),
    ),
    Change(
        "view column first",
        shop(thick, titles),
        shop(replace(thick, query="SELECT pages, id, title FROM book"), titles),
    ),
    Change(
        "view options",
        shop(thick),
        shop(replace(thick, options={"security_barrier": True, "check_option": "local"})),
    ),
    Change(
        "view option off", shop(replace(thick, options={"security_barrier": True})), shop(thick)
    ),
    Change("view comment", shop(thick), shop(replace(thick, comment="it's: thick"))),
    Change("view comment removed", shop(replace(thick, comment="a")), shop(thick)),
    Change("view to materialized", shop(View("sales", sales.query)), shop(sales)),
    Change("materialized view", shop(), shop(sales)),
    Change("materialized view without data", shop(), shop(replace(sales, with_data=False))),
    Change("materialized view query", shop(sales), shop(replace(sales, query="SELECT 1 AS one"))),
    Change(
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
    Change(
        "materialized view index changed",
        shop(replace(sales, indexes=[ViewIndex("ix_sales", ["id"])])),
        shop(replace(sales, indexes=[ViewIndex("ix_sales", ["n"])])),
    ),
    Change(
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
    Change(
        "materialized view options", shop(sales), shop(replace(sales, options={"fillfactor": 70}))
    ),
    Change(
        "view with a trigger rebuilt",
        shop(touch, thick, Trigger("t", "thick", "instead of", "insert", "touch()")),
        shop(
            touch,
            replace(thick, query="SELECT title FROM book"),
            Trigger("t", "thick", "instead of", "insert", "touch()"),
        ),
    ),
    Change("policy", shop(), shop(own, secured)),
    Change("policy command", shop(own), shop(replace(own, command="delete"))),
    Change("policy restrictive", shop(own), shop(replace(own, permissive=False))),
    Change("policy roles", shop(own), shop(replace(own, roles=[READER, WRITER]))),
    Change(
        "policy using", shop(own), shop(replace(own, using="pages > 3 AND (id > 1 OR pages < 9)"))
    ),
    Change("policy check", shop(own), shop(replace(own, check="pages > 3"))),
    Change("policy comment", shop(own), shop(replace(own, comment="c"))),
    Change("row security forced", shop(secured), shop(replace(secured, force=True))),
    Change("row security no longer forced", shop(replace(secured, force=True)), shop(secured)),
    Change("composite type", shop(), shop(address)),
    Change(
        "composite type changed",
        shop(address),
        shop(
            replace(
                address, attributes={"street": "text", "zip": "text", "City": 'text COLLATE "C"'}
            )
        ),
    ),
    Change("composite type comment", shop(address), shop(replace(address, comment="c"))),
    Change("sequence", shop(), shop(Sequence("counter", start=5, increment=2))),
    Change("sequence changed", shop(Sequence("counter")), shop(Sequence("counter", cache=7))),
    Change(
        "grant",
        shop(Grant("select", "book", WRITER)),
        shop(Grant(["select", "insert"], "book", READER)),
    ),
    Change(
        "grant on columns",
        shop(Grant("select", "book", READER)),
        shop(Grant(["select", "update (title, pages)"], "book", READER)),
    ),
    Change(
        "grant option",
        shop(Grant("select", "book", READER)),
        shop(Grant("select", "book", READER, with_grant_option=True)),
    ),
    Change(
        "grant all",
        shop(Grant("select", "book", READER)),
        shop(Grant("all", "book", [READER, "public"])),
    ),
    Change(
        "grant on a sequence",
        shop(Sequence("counter"), Grant("select", "counter", READER, object_kind="sequence")),
        shop(Sequence("counter"), Grant("usage", "counter", READER, object_kind="sequence")),
    ),
    Change(
        "grant on a function",
        shop(total, Grant("execute", "total(numeric)", WRITER, object_kind="function")),
        shop(
            total,
            Grant("execute", "total(numeric)", READER, object_kind="function"),
            Revoke("execute", "total(numeric)", "public", object_kind="function"),
        ),
    ),
    Change(
        "grants on a view rebuilt",
        shop(thick, Grant("select", "thick", READER)),
        shop(replace(thick, query="SELECT title FROM book"), Grant("select", "thick", READER)),
    ),
    Change(
        "grants on a function rebuilt",
        shop(total, Revoke("execute", "total(numeric)", "public", object_kind="function")),
        shop(
            replace(total, returns="integer", body="SELECT 1"),
            Revoke("execute", "total(numeric)", "public", object_kind="function"),
        ),
    ),
    Change(
        "grant on a schema",
        shop(replace(thick, schema="other"), Grant("usage", "other", READER, object_kind="schema")),
        shop(replace(thick, schema="other"), Grant("all", "other", READER, object_kind="schema")),
    ),
    Change(
        "column retyped under views",
        shop(thick, titles, Grant("select", "titles", READER)),
        shop(thick, titles, Grant("select", "titles", READER), title=sa.String(40)),
    ),
    Change(
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
    Change(
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
    Change(
        "view and its column",
        shop(),
        shop(View("v", "SELECT x FROM book"), extra=col("x", sa.Integer)),
    ),
    Change(
        "unchanged but for a column",
        shop(thick, touch, touched, own),
        shop(thick, touch, touched, own, extra=col("x", sa.Integer)),
    ),
    Change("extension", shop(), shop(Extension("citext"), title=pgs.CITEXT)),
    Change(
        "table removed with its entities", shop(touch, touched, own, secured, thick), bare(touch)
    ),
]
