"""Constraints and indexes as directives, and as SQL where no directive can express them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.model import Constraint, ForeignKey
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.compare import compare
from asyncmig.diff.schema_items.constraint_items import (
    add_constraint,
    constraint_item,
    constraint_using,
    key_index,
)
from asyncmig.diff.schema_items.index_items import create_index
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.operations.directives.execute import ExecuteSQLOp
from support.catalogs import (
    catalog,
    check,
    column,
    foreign_key,
    index,
    name,
    primary_key,
    sql,
    table,
    unique,
)

SCRIPT = SchemaItemFactory(catalog())
BOOK = table("book", column("id"), column("n"))
KEY = foreign_key("fk", "n", "shelf")
LATER = {"deferrable": True, "deferred": True}
REFERENCE = ForeignKey(table=name("shelf"), columns=("id",))


def deferred(item):
    return replace(item, definition=f"{item.definition} DEFERRABLE INITIALLY DEFERRED", **LATER)


def nulls(item):
    definition = item.definition.replace("UNIQUE", "UNIQUE NULLS NOT DISTINCT")
    return replace(item, definition=definition)


def exclusion(elements="n WITH =", **fields):
    definition = f"EXCLUDE USING gist ({elements})"
    return Constraint(name="ex", kind="x", definition=definition, **fields)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (primary_key("id"), "PRIMARY KEY (id)"),
        (unique("un", "n"), "UNIQUE (n)"),
        (deferred(unique("un", "n")), "UNIQUE (n) DEFERRABLE INITIALLY DEFERRED"),
        (nulls(unique("un", "n")), "UNIQUE NULLS NOT DISTINCT (n)"),
        (check("c", "(n > 0)", "n"), "CHECK (n > 0)"),
        (check("c", "(n > 0)", "n", validated=False), "CHECK (n > 0) NOT VALID"),
        (KEY, "FOREIGN KEY(n) REFERENCES shelf (id)"),
        (replace(KEY, validated=False), "FOREIGN KEY(n) REFERENCES shelf (id) NOT VALID"),
        (
            replace(KEY, reference=replace(REFERENCE, on_update="c", on_delete="n", match="f")),
            "FOREIGN KEY(n) REFERENCES shelf (id) MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE",
        ),
        (exclusion(), "EXCLUDE USING gist (n WITH =)"),
        (exclusion("n WITH =, id WITH <>"), "EXCLUDE USING gist (n WITH =, id WITH <>)"),
        (
            deferred(exclusion()),
            "EXCLUDE USING gist (n WITH =) DEFERRABLE INITIALLY DEFERRED",
        ),
        # without a directive
        (exclusion("lower(n) WITH ="), "EXCLUDE USING gist (lower(n) WITH =)"),
        (
            replace(unique("un", "n"), definition="UNIQUE (n) INCLUDE (id)"),
            "UNIQUE (n) INCLUDE (id)",
        ),
        (
            Constraint(
                name="c", kind="c", definition="CHECK ((n > 0)) NO INHERIT", validated=False
            ),
            "CHECK ((n > 0)) NO INHERIT NOT VALID",
        ),
        (
            replace(
                KEY,
                definition="FOREIGN KEY (n) REFERENCES public.shelf(id) ON DELETE SET NULL (n)",
            ),
            "FOREIGN KEY (n) REFERENCES public.shelf(id) ON DELETE SET NULL (n)",
        ),
    ],
)
def test_add_constraint(item, expected):
    (text,) = sql([add_constraint(SCRIPT, BOOK, item)])
    assert text == f"ALTER TABLE book ADD CONSTRAINT {item.name} {expected}"


@pytest.mark.parametrize(
    ("item", "inline"),
    [
        (deferred(primary_key("id")), "PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED"),
        (nulls(unique("un", "n")), "UNIQUE NULLS NOT DISTINCT (n)"),
        (check("c", "(n > 0)", "n"), "CHECK (n > 0)"),
        (check("c", "(n > 0)", "n", validated=False), None),
        (KEY, "FOREIGN KEY(n) REFERENCES shelf (id)"),
        (replace(KEY, validated=False), None),
        (
            replace(KEY, reference=replace(REFERENCE, table=ObjectName("public", "a.b"))),
            None,
        ),
        (replace(KEY, reference=replace(REFERENCE, columns=("i.d",))), None),
        (exclusion(), None),
    ],
)
def test_what_can_be_part_of_create_table(item, inline):
    found = constraint_item(SCRIPT, item)
    if inline is None:
        assert found is None
        return
    new = table("book", column("id", nullable=False), column("n"), item)
    shelf = table("shelf", column("id"), primary_key("id"))
    operations = compare(catalog(shelf), catalog(shelf, new))
    assert f"CONSTRAINT {item.name} {inline}" in sql(operations)[0]


@pytest.mark.parametrize(
    ("item", "index_sql", "using"),
    [
        (
            primary_key("id"),
            "CREATE UNIQUE INDEX CONCURRENTLY tmp ON book (id)",
            "ALTER TABLE book ADD CONSTRAINT pk PRIMARY KEY USING INDEX tmp",
        ),
        (
            deferred(unique("un", "n")),
            "CREATE UNIQUE INDEX CONCURRENTLY tmp ON book (n)",
            (
                "ALTER TABLE book ADD CONSTRAINT un UNIQUE USING INDEX tmp"
                " DEFERRABLE INITIALLY DEFERRED"
            ),
        ),
        (
            nulls(unique("un", "n")),
            "CREATE UNIQUE INDEX CONCURRENTLY tmp ON book (n) NULLS NOT DISTINCT",
            "ALTER TABLE book ADD CONSTRAINT un UNIQUE USING INDEX tmp",
        ),
    ],
)
def test_a_key_by_its_index(item, index_sql, using):
    created = key_index(SCRIPT, BOOK, item, "tmp")
    assert created is not None
    assert sql([created]) == [index_sql]
    assert sql([constraint_using(SCRIPT, BOOK, item, "tmp")]) == [using]


@pytest.mark.parametrize(
    "item",
    [KEY, exclusion(), replace(unique("un", "n"), definition="UNIQUE (n) INCLUDE (id)")],
)
def test_constraints_that_no_index_alone_makes(item):
    assert key_index(SCRIPT, BOOK, item, "tmp") is None


# indexes


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "CREATE INDEX ix ON book (n)"),
        ({"options": ("fillfactor=70",)}, "CREATE INDEX ix ON book (n) WITH (fillfactor = 70)"),
        ({"method": "brin"}, "CREATE INDEX ix ON book USING brin (n)"),
        ({"predicate": "(n > 0)"}, "CREATE INDEX ix ON book (n) WHERE n > 0"),
        ({"include": ("id",)}, "CREATE INDEX ix ON book (n) INCLUDE (id)"),
        ({"operator_classes": ("int4_ops",)}, "CREATE INDEX ix ON book (n int4_ops)"),
        (
            {"unique": True, "nulls_not_distinct": True},
            "CREATE UNIQUE INDEX ix ON book (n) NULLS NOT DISTINCT",
        ),
        ({"tablespace": "fast"}, "CREATE INDEX ix ON book (n) TABLESPACE fast"),
        ({"orders": (" DESC",)}, "CREATE INDEX ix ON book (n DESC)"),
        ({"keys": ("lower(n)",), "plain_keys": (False,)}, "CREATE INDEX ix ON book (lower(n))"),
    ],
)
def test_create_index(fields, expected):
    ix = replace(index("ix", "book", "n"), **fields)
    assert sql([create_index(SCRIPT, BOOK, ix)]) == [expected]
    online = expected.replace(" INDEX ", " INDEX CONCURRENTLY ")
    assert sql([create_index(SCRIPT, BOOK, ix, concurrently=True)]) == [online]


@pytest.mark.parametrize(
    "fields",
    [
        {"collated": True},
        {"plain_keys": (False,), "orders": (" DESC",)},
        {"operator_classes": ("int4_ops",), "orders": (" DESC",)},
        {"plain_keys": (False,), "operator_classes": ("int4_ops",)},
    ],
)
def test_an_index_that_the_directive_cannot_express_is_sql(fields):
    ix = replace(
        index("ix", "book", "n"),
        definition="CREATE INDEX ix ON public.book USING btree (n DESC)",
        **fields,
    )
    assert isinstance(create_index(SCRIPT, BOOK, ix), ExecuteSQLOp)
    assert sql([create_index(SCRIPT, BOOK, ix)]) == ["CREATE INDEX ix ON book USING btree (n DESC)"]
    assert sql([create_index(SCRIPT, BOOK, ix, concurrently=True)]) == [
        "CREATE INDEX CONCURRENTLY ix ON book USING btree (n DESC)"
    ]


def test_what_is_set_after_an_index_or_a_key_is_created():
    ix = replace(index("ix", "book", "n"), collated=True, tablespace="fast", comment="x")
    key = primary_key("id", parameters=("fillfactor=70",), tablespace="fast")
    found = sql(compare(catalog(BOOK), catalog(table("book", column("id"), column("n"), key, ix))))
    assert found[2:] == [
        "ALTER INDEX pk SET (fillfactor=70)",
        "ALTER INDEX pk SET TABLESPACE fast",
        "ALTER INDEX ix SET TABLESPACE fast",
        "COMMENT ON INDEX ix IS 'x'",
    ]
