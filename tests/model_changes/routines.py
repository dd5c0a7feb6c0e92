"""Changes of functions, procedures and triggers."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from asyncmig.entities import Function, Procedure, SqlText, Trigger, View
from model_changes.building import Change, col
from model_changes.declaring import address, shop, slug, thick, total, touch, touched

CALL = sa.text("slug()")
QUOTES = 'BEGIN\n\n  -- """ \\: $$ \'\n  RETURN NEW;\nEND'
INDENTED = "\n        BEGIN\n            RETURN NEW;\n        END\n"

CHANGES = [
    Change("function", shop(), shop(total)),
    Change("function body", shop(touch), shop(replace(touch, body="BEGIN RETURN OLD; END"))),
    Change(
        "function with quotes",
        shop(),
        shop(replace(touch, body='BEGIN\n\n  -- """ \\: $$ \'\n  RETURN NEW;\nEND')),
    ),
    Change(
        "function indented",
        shop(),
        shop(replace(touch, body=INDENTED)),
    ),
    Change("function volatility", shop(total), shop(replace(total, volatility="immutable"))),
    Change("function strict", shop(total), shop(replace(total, strict=True))),
    Change("function definer", shop(total), shop(replace(total, security_definer=True))),
    Change("function leakproof", shop(total), shop(replace(total, leakproof=True))),
    Change("function parallel", shop(total), shop(replace(total, parallel="safe"))),
    Change("function cost", shop(total), shop(replace(total, cost=12.5))),
    Change(
        "function rows",
        shop(replace(total, returns="SETOF numeric")),
        shop(replace(total, returns="SETOF numeric", rows=5)),
    ),
    Change(
        "function settings",
        shop(total),
        shop(replace(total, settings={"search_path": "public, pg_temp", "work_mem": "'64MB'"})),
    ),
    Change(
        "function settings empty path",
        shop(replace(total, settings={"search_path": "public"})),
        shop(replace(total, settings={"search_path": "''"})),
    ),
    Change("function comment", shop(total), shop(replace(total, comment="twice"))),
    Change(
        "function returns",
        shop(total),
        shop(replace(total, returns="double precision", body="SELECT 1.0::float8")),
    ),
    Change(
        "function argument name",
        shop(total),
        shop(replace(total, arguments="cost numeric", body="SELECT $1")),
    ),
    Change("function argument type", shop(total), shop(replace(total, arguments="price integer"))),
    Change(
        "function default removed",
        shop(replace(total, arguments="price numeric DEFAULT 1")),
        shop(total),
    ),
    Change(
        "function overloaded", shop(total), shop(total, replace(total, arguments="price integer"))
    ),
    Change(
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
    Change(
        "function of a table",
        shop(),
        shop(replace(total, arguments="b book", returns="text", body="SELECT b.title")),
    ),
    Change(
        "function returns table",
        shop(),
        shop(replace(total, returns="TABLE (a integer)", body="SELECT 1")),
    ),
    Change(
        "sql function that calls a view",
        shop(),
        shop(
            Function(
                "a_first", returns="bigint", language="sql", body="SELECT count(*) FROM thick"
            ),
            thick,
        ),
    ),
    Change(
        "function in SQL's syntax",
        shop(),
        shop(
            SqlText(
                "CREATE FUNCTION public.title_of(b public.book) RETURNS text LANGUAGE sql STABLE\n"
                "BEGIN ATOMIC\n    SELECT b.title;\nEND;"
            )
        ),
    ),
    Change(
        "function under a view",
        shop(total, View("v", "SELECT total(pages) AS t FROM book")),
        shop(
            replace(total, arguments="price numeric, n integer DEFAULT 2"),
            View("v", "SELECT total(pages) AS t FROM book"),
        ),
    ),
    Change(
        "function under a trigger rebuilt",
        shop(touch, touched),
        shop(replace(touch, name="touch2"), replace(touched, function="touch2()")),
    ),
    Change(
        "default that calls it",
        shop(),
        shop(slug, extra=col("s", sa.Text, server_default=CALL)),
    ),
    Change(
        "procedure",
        shop(),
        shop(Procedure("tidy", "days integer", body="BEGIN DELETE FROM book; END")),
    ),
    Change(
        "procedure changed",
        shop(Procedure("tidy", body="BEGIN END")),
        shop(Procedure("tidy", body="BEGIN NULL; END", security_definer=True, comment="c")),
    ),
    Change(
        "function becomes procedure",
        shop(Function("f", body="BEGIN END")),
        shop(Procedure("f", body="BEGIN END")),
    ),
    Change("trigger", shop(touch), shop(touch, touched)),
    Change("trigger moment", shop(touch, touched), shop(touch, replace(touched, moment="after"))),
    Change(
        "trigger events",
        shop(touch, touched),
        shop(touch, replace(touched, events=["insert", "update of title, pages"])),
    ),
    Change(
        "trigger when", shop(touch, touched), shop(touch, replace(touched, when="NEW.pages > 3"))
    ),
    Change(
        "trigger for each",
        shop(touch, replace(touched, moment="after")),
        shop(
            touch,
            replace(
                touched, moment="after", for_each="statement", referencing="OLD TABLE AS old_rows"
            ),
        ),
    ),
    Change(
        "constraint trigger",
        shop(touch, replace(touched, moment="after")),
        shop(
            touch,
            replace(
                touched, moment="after", constraint=True, deferrable=True, initially="deferred"
            ),
        ),
    ),
    Change(
        "trigger arguments",
        shop(touch, touched),
        shop(touch, replace(touched, function="touch('a''b', '1')")),
    ),
    Change(
        "trigger disabled", shop(touch, touched), shop(touch, replace(touched, fires="disabled"))
    ),
    Change(
        "trigger always and changed",
        shop(touch, replace(touched, fires="disabled")),
        shop(touch, replace(touched, fires="always", events="insert")),
    ),
    Change("trigger comment", shop(touch, touched), shop(touch, replace(touched, comment="c"))),
    Change(
        "trigger on a view",
        shop(touch, thick),
        shop(touch, thick, Trigger("t", "thick", "instead of", "insert", "touch()")),
    ),
    Change(
        "function of a composite type",
        shop(),
        shop(address, Function("f", "a address", body="BEGIN END")),
    ),
    Change(
        "enum of a function",
        shop(Function("f", "m mood", body="BEGIN END"), title=sa.Enum("a", "b", name="mood")),
        shop(Function("f", "m mood", body="BEGIN END"), title=sa.Enum("b", name="mood")),
    ),
]
