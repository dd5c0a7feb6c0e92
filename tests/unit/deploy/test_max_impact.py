"""Deployments that would block for longer than was allowed."""

from __future__ import annotations

import pytest

from asyncmig.deploy.max_impact import check_impact, parse_level
from asyncmig.errors import PlanError
from asyncmig.locks.levels import ImpactLevel
from asyncmig.results import Impact, StatementImpact


def impact(level: str, *, source: str = "traced", safe_form: str | None = None) -> Impact:
    statement = StatementImpact(
        revision="a",
        phase=0,
        statement=0,
        origin="a.py:7",
        sql="ALTER TABLE t\n  ADD x int",
        source=source,
        level=level,
        blocks="writes",
        safe_form=safe_form,
    )
    return Impact(statements=(statement,), level=level)


@pytest.mark.parametrize("highest", ImpactLevel)
@pytest.mark.parametrize("level", ImpactLevel)
def test_a_statement_above_the_level_is_refused(level, highest):
    if level.rank <= highest.rank:
        check_impact(impact(level), highest)
        return
    with pytest.raises(PlanError) as error:
        check_impact(impact(level), highest)
    assert error.value.message == (
        f"revision a blocks writes (level {level}), and the highest impact allowed is {highest}: "
        "ALTER TABLE t ADD x int"
    )
    assert error.value.origin == "a.py:7"


def test_what_is_not_analysed_may_do_anything():
    unknown = impact("none", source="unknown")
    check_impact(unknown, ImpactLevel.EVERYTHING)
    with pytest.raises(PlanError, match="revision a is not analysed"):
        check_impact(unknown, ImpactLevel.WRITES)


def test_the_hint_is_the_safe_form():
    with pytest.raises(PlanError) as error:
        check_impact(impact("everything", safe_form="do it slowly"), ImpactLevel.NONE)
    assert error.value.hint == "safe form: do it slowly; or raise --max-impact"


def test_levels_by_name():
    assert parse_level("brief") is ImpactLevel.BRIEF
    with pytest.raises(PlanError, match="there is no impact level 'some'") as error:
        parse_level("some")
    assert error.value.hint == "it is one of none, brief, writes, everything"
