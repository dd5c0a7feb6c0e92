"""How many rows the backfills of a plan change, as EXPLAIN estimates it in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.plan.inverses import changes_rows

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.plan.model import Phase, Plan, Step

__all__ = ["with_estimates"]


async def with_estimates(plan: Plan, database: Database, settings: Settings) -> Plan:
    """The plan, each of its backfills with an estimate; nothing is changed."""
    if not any(changes_rows(phase) for step in plan for phase in step.phases):
        return plan
    from asyncmig.backfill.table_facts import read_plan_estimate
    from asyncmig.database.session_settings import open_session

    async with open_session(database, settings) as session:

        async def estimated(phase: Phase) -> Phase:
            definition = changes_rows(phase)
            if definition is None:
                return phase
            return replace(phase, estimate=await read_plan_estimate(session, definition))

        async def of_step(step: Step) -> Step:
            return replace(step, phases=tuple([await estimated(phase) for phase in step.phases]))

        return replace(plan, steps=tuple([await of_step(step) for step in plan]))
