"""asyncmig.diff.types.domains: which of them calls a routine, and what is left without their checks."""

from __future__ import annotations

import pytest

from asyncmig.catalog.entities import Entities, EntityKey, Need
from asyncmig.diff.compare import compare
from asyncmig.diff.types.domains import calling, without_checks
from support.catalogs import catalog, column, domain, name, sql, table

PRICE = domain("price", "integer", default="0", checks=(("price_check", "VALUE > 0"),))


@pytest.mark.parametrize(
    ("need", "routine", "calls"),
    [
        (Need("routine", *name("valid"), "integer"), ("function", "integer"), True),
        (Need("routine", *name("valid"), "integer"), ("aggregate", "integer"), True),
        (Need("routine", *name("valid"), "integer"), ("procedure", "integer"), False),
        (Need("routine", *name("valid"), "integer"), ("function", "text"), False),
        (Need("type", *name("valid"), "integer"), ("function", "integer"), False),
    ],
)
def test_a_domain_that_calls_a_function(need, routine, calls):
    kind, arguments = routine
    needs = Entities(table_needs={PRICE.name: frozenset({need})})
    found = calling(
        catalog(PRICE, domain("plain", "text"), entities=needs),
        [EntityKey(kind, *name("valid"), arguments)],
    )
    assert found == ({PRICE.name} if calls else set())


def test_a_domain_without_its_default_and_checks():
    bare = domain("price", "integer")
    assert without_checks(PRICE) == bare
    assert without_checks(PRICE, bare) == bare
    assert without_checks(PRICE, PRICE) == PRICE
    other = domain("price", "integer", default="1", checks=PRICE.checks)
    assert without_checks(PRICE, other) == domain("price", "integer", checks=PRICE.checks)


@pytest.mark.parametrize(
    ("fields", "not_null"),
    [
        ({"nullable": False}, " CONSTRAINT price_not_null NOT NULL"),
        ({"nullable": False, "not_null_name": "nn"}, " CONSTRAINT nn NOT NULL"),
        ({}, ""),
    ],
)
def test_not_null_of_a_replaced_domain_has_the_name_that_it_would_have(fields, not_null):
    used = table("book", column("p", "public.price", kind="d"))
    before = catalog(domain("price", "numeric"), used)
    after = catalog(domain("price", "text", **fields), used)
    assert sql(compare(before, after))[1] == f"CREATE DOMAIN price AS text{not_null}"
