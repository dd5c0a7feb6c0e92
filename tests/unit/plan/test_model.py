"""asyncmig.plan: values."""

from __future__ import annotations

from datetime import date

import pytest

from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan, RowEstimate
from asyncmig.plan.run_request import RunRequest
from asyncmig.sql.backfills.definition import Backfill
from asyncmig.sql.statement import Statement
from support.plans import autocommit, statement, step, transaction
from support.revision_shorthand import graph, ids

GOLDEN = "70bfeac3aa54d99699574273f4537309"


def test_two_releases_agree_on_a_fingerprint() -> None:
    assert transaction("SELECT 1", "SELECT 2").fingerprint == GOLDEN


def test_a_fingerprint_is_of_the_kind_and_of_each_statement() -> None:
    phases = (
        transaction("SELECT 1", "SELECT 2"),
        transaction("SELECT 1SELECT 2"),
        transaction("SELECT 2", "SELECT 1"),
        autocommit("SELECT 1", "SELECT 2"),
        transaction(),
    )
    assert len({phase.fingerprint for phase in phases}) == len(phases)


def test_a_fingerprint_is_of_the_backfill_too() -> None:
    def phase(**facts) -> Phase:
        definition = Backfill(name="x", kind="function", table="t", columns=("a",), **facts)
        statement = Statement(sql=definition.statement(), backfill=definition)
        return Phase(kind=PhaseKind.BACKFILL, statements=(statement,))

    assert phase(function="f").fingerprint == phase(function="f", deferred=True).fingerprint
    assert phase(function="f").fingerprint != phase(function="g").fingerprint


def test_a_plan_is_live_where_one_of_its_steps_is() -> None:
    def plan(*live: bool) -> Plan:
        steps = tuple(step(live=each) for each in live)
        return Plan(direction=Direction.UPGRADE, target="heads", current=(), steps=steps, heads=())

    assert [plan().live, plan(False).live, plan(True, False).live] == [False, False, True]
    assert not step().live


def test_an_estimate_is_of_the_condition_unless_it_says_otherwise() -> None:
    assert not RowEstimate(rows=7, bytes=9).whole_table


def test_a_step_as_plain_data() -> None:
    day = date(2026, 1, 2)
    fill = Backfill(name="x", table="t", assignments="a = 1")
    statements = (
        statement("SELECT 1", parameters=(None, True, 2, 1.5, "a", day)),
        statement(fill.statement(), backfill=fill),
    )
    phase = Phase(
        kind=PhaseKind.BACKFILL,
        statements=statements,
        estimate=RowEstimate(rows=7, bytes=9),
    )
    plan = Plan(
        direction=Direction.UPGRADE,
        target="heads",
        current=(),
        steps=(step(phase, rewrite_facts={"version": 17}), step()),
        heads=("a1",),
    )
    first, second = plan.to_dict()["steps"]
    assert (first["rewrite_facts"], second["rewrite_facts"]) == ({"version": 17}, None)
    (made,), (plain,) = first["phases"], second["phases"]
    assert (made["estimate"]["rows"], plain["estimate"]) == (7, None)
    query, update = made["statements"]
    assert query["parameters"] == [None, True, 2, 1.5, "a", "2026-01-02"]
    assert (query["backfill"], update["backfill"]["name"]) == (None, "x")


class TestRunRequest:
    @pytest.mark.parametrize(
        ("target", "direction", "to_heads"),
        [
            ("head", Direction.UPGRADE, True),
            ("heads", Direction.UPGRADE, True),
            ("a1", Direction.UPGRADE, False),
            ("heads", Direction.DOWNGRADE, False),
        ],
    )
    def test_whether_it_goes_to_the_heads(self, target, direction, to_heads) -> None:
        assert RunRequest(target=target, direction=direction).to_heads is to_heads

    def test_given_revisions_run_where_they_are_to_run(self) -> None:
        tree = graph("a; b < a; c < b")
        up = RunRequest(target="x", direction=Direction.UPGRADE, revisions=("b", "c"))
        assert ids(up.moves(tree, ["b"])) == ["c"]
        down = RunRequest(target="x", direction=Direction.DOWNGRADE, revisions=("c", "b"))
        assert ids(down.moves(tree, ["b"])) == ["b"]

    def test_a_row_of_a_file_that_is_gone_is_passed_over(self) -> None:
        tree = graph("a; b < a; c < b")
        up = RunRequest(target="x", direction=Direction.UPGRADE, revisions=("b", "c"))
        assert ids(up.moves(tree, ["b", "gone"])) == ["c"]

    def test_a_target_is_looked_up(self) -> None:
        tree = graph("a; b < a; c < b")
        up = RunRequest(target="b", direction=Direction.UPGRADE)
        assert ids(up.moves(tree, ["a"])) == ["b"]
        down = RunRequest(target="a", direction=Direction.DOWNGRADE)
        assert ids(down.moves(tree, ["c"])) == ["c", "b"]

    def test_its_time_counts_from_its_beginning(self) -> None:
        request = RunRequest(target="head", direction=Direction.UPGRADE, started=0.0)
        assert request.result((), ()).elapsed > 1.0
        result = request.begin().result({"b", "a"}, {"c"}, ahead=True)
        assert result.elapsed < 60.0
        assert (result.before, result.after, result.applied) == (("a", "b"), ("c",), ())
        assert (result.direction, result.target, result.ahead) == ("upgrade", "head", True)
