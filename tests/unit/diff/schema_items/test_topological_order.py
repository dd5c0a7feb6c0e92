"""Tables are created after those that they point to, in circles too."""

from __future__ import annotations

from asyncmig.catalog.model import Constraint, ForeignKey, Table
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.topological_order import creation_order


def table(name: str, *referents: str) -> Table:
    keys = {
        f"fk_{other}": Constraint(
            name=f"fk_{other}",
            kind="f",
            definition="",
            reference=ForeignKey(table=ObjectName("public", other), columns=("id",)),
        )
        for other in referents
    }
    return Table(name=ObjectName("public", name), columns={}, constraints=keys, indexes={})


def order(*tables: Table) -> list[str]:
    return [item.name.name for item in creation_order({item.name: item for item in tables})]


def test_referents_come_first():
    assert order(table("a", "b"), table("b", "c"), table("c")) == ["c", "b", "a"]


def test_what_is_not_there_is_no_obstacle():
    assert order(table("b"), table("a", "elsewhere")) == ["a", "b"]


def test_circles_and_oneself():
    assert sorted(order(table("a", "b"), table("b", "a"), table("c", "c"))) == ["a", "b", "c"]


def test_a_chain_longer_than_the_stack():
    chain = [table(f"t{number:05}", f"t{number + 1:05}") for number in range(5000)]
    assert order(*chain)[0] == "t04999"
