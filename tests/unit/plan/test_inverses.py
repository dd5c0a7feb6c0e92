"""asyncmig.plan.inverses: which backfill of a downgrade reverts one of the upgrade."""

from __future__ import annotations

from asyncmig.plan.inverses import changes_rows, with_inverses
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.sql.backfills.definition import Backfill
from asyncmig.sql.statement import Statement
from support.plans import transaction


def backfill(name: str, table: str = "t", **facts) -> Phase:
    definition = Backfill(name=name, table=table, **facts)
    return Phase(
        kind=PhaseKind.BACKFILL, statements=(Statement(sql="SELECT 1", backfill=definition),)
    )


def test_the_phase_that_changes_rows() -> None:
    found = changes_rows(backfill("x"))
    assert found is not None
    assert found.name == "x"
    assert changes_rows(backfill("x", kind="gate")) is None
    assert changes_rows(transaction("SELECT 1")) is None
    assert changes_rows(transaction()) is None


def test_an_inverse_changes_the_same_table() -> None:
    upgrade = [backfill("a"), transaction("SELECT 1"), backfill("b", "u"), backfill("c", "v")]
    downgrade = [backfill("back", "u"), backfill("other", "t", schema="s"), transaction("SELECT 2")]
    found = with_inverses(upgrade, downgrade)
    assert [phase.inverse for phase in found] == [None, None, "back", None]
    assert [phase.statements for phase in found] == [phase.statements for phase in upgrade]
