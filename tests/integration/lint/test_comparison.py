"""docs/lint-comparison.md: all hazards in three settings, beside squawk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lint_hazards.compare import compare, page
from lint_hazards.hazards import HAZARDS, NOT_SQL
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from fix_database import MakeDatabase


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_no_false_alarm_and_no_miss(tmp_path: Path, make_database: MakeDatabase) -> None:
    verdicts = await compare(tmp_path, make_database)
    wrong = [
        f"{each.hazard.number} {each.hazard.name}, {each.setting}: "
        + ("miss" if each.real else "false alarm")
        for each in verdicts
        if each.ours is not each.real
    ]
    assert wrong == []
    new = {
        (each.hazard.name, finding.rule, finding.message)
        for each in verdicts
        if each.setting == "new" and not each.real
        for finding in each.further
    }
    assert new == set()
    assert (ROOT / "docs" / "lint-comparison.md").read_text(encoding="utf-8") == page(verdicts), (
        "run scripts/lint_comparison.py"
    )


def test_every_hazard_is_there() -> None:
    numbers = {hazard.number for hazard in HAZARDS} | set(NOT_SQL)
    assert numbers == {str(number) for number in range(1, 46)} | {"11b"}
