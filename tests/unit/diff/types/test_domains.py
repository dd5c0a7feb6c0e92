"""asyncmig.diff.types.domains: which of them calls a routine, and what is left without their checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import Entities, EntityKey, Need
from asyncmig.diff.compare import compare
from asyncmig.diff.types.domains import calling, without_checks
from support.catalogs import catalog, column, domain, function, name, sql, table

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


class TestCalls:
    """A CHECK that calls a function is there only while the function is."""

    function = function("valid", "SELECT true")
    checked = domain("price", "integer", checks=(("c", "CHECK (public.valid(VALUE))"),))

    def catalog(self, *items):
        needs = {PRICE.name: frozenset({Need("routine", *name("valid"), "")})}
        found = catalog(*items)
        return replace(found, entities=replace(found.entities, table_needs=needs))

    def changes(self, before, after):
        found = sql(compare(before, after))
        return [text.split("(")[0].strip() for text in found if not text.startswith("REVOKE")]

    def test_a_new_domain_gets_it_after_the_function(self) -> None:
        both = self.catalog(self.checked, self.function)
        assert self.changes(catalog(), both) == [
            "CREATE DOMAIN price AS integer",
            "CREATE FUNCTION valid",
            "ALTER DOMAIN price ADD CONSTRAINT c CHECK",
        ]
        assert self.changes(catalog(domain("price", "integer")), both) == [
            "CREATE FUNCTION valid",
            "ALTER DOMAIN price ADD CONSTRAINT c CHECK",
        ]

    def test_a_dropped_function_leaves_it_first(self) -> None:
        both = self.catalog(self.checked, self.function)
        dropped = ["ALTER DOMAIN price DROP CONSTRAINT c", "DROP FUNCTION valid"]
        assert self.changes(both, catalog()) == [*dropped, "DROP DOMAIN price"]
        assert self.changes(both, catalog(domain("price", "integer"))) == dropped

    def test_a_function_that_is_created_again(self) -> None:
        again = replace(self.function, result="text")
        found = self.changes(
            self.catalog(self.checked, self.function), self.catalog(self.checked, again)
        )
        assert found == [
            "ALTER DOMAIN price DROP CONSTRAINT c",
            "DROP FUNCTION valid",
            "CREATE FUNCTION valid",
            "ALTER DOMAIN price ADD CONSTRAINT c CHECK",
        ]
