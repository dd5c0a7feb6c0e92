"""Refuses a deployment that would block the database for longer than was allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import PlanError
from asyncmig.locks.levels import ImpactLevel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.results import Impact, StatementImpact

__all__ = ["check_impact", "parse_level"]


def parse_level(name: str) -> ImpactLevel:
    """The level of that name.

    Raises:
        PlanError: there is none.
    """
    try:
        return ImpactLevel(name)
    except ValueError:
        raise PlanError(
            f"there is no impact level {name!r}", hint=f"it is one of {', '.join(ImpactLevel)}"
        ) from None


def check_impact(impact: Impact, highest: ImpactLevel) -> None:
    """Compare each statement with the highest level that is allowed.

    Raises:
        PlanError: a statement is above it, or it is not known what a statement does.
    """
    for statement in _above(impact, highest):
        what = (
            "is not analysed"
            if statement.source == "unknown"
            else f"blocks {statement.blocks} (level {statement.level})"
        )
        raise PlanError(
            f"revision {statement.revision} {what}, and the highest impact allowed is {highest}: "
            f"{' '.join(statement.sql.split())[:100]}",
            hint=_advice(statement),
            revision=statement.revision,
            origin=statement.origin,
        )


def _above(impact: Impact, highest: ImpactLevel) -> Iterator[StatementImpact]:
    for statement in impact.statements:
        unknown = statement.source == "unknown" and highest is not ImpactLevel.EVERYTHING
        if unknown or ImpactLevel(statement.level).rank > highest.rank:
            yield statement


def _advice(statement: StatementImpact) -> str:
    if statement.safe_form:
        return f"safe form: {statement.safe_form}; or raise --max-impact"
    return "`asyncmig plan --locks -v` shows its locks; raise --max-impact to run it all the same"
