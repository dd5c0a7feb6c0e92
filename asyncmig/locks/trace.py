"""Run a plan in a copy and observe each statement."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from asyncmig.plan.model import PhaseKind
from asyncmig.sql.classify import classify
from asyncmig.sql.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.locks.observe import Observation, Observer
    from asyncmig.plan.model import Phase, Plan, Step
    from asyncmig.sql.statement import Statement

__all__ = ["LiveObservation", "LiveRun", "TracedStatement", "trace_plan"]

LiveObservation: TypeAlias = "tuple[str | None, Observation]"
"""What a live script did: a statement, or None for what it read or changed by itself."""

LiveRun: TypeAlias = "Callable[[Step, frozenset[str]], Awaitable[list[LiveObservation]]]"
"""Runs one step in the copy, given the rows of the version table before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedStatement:
    """A statement with what it did in the copy.

    Attributes:
        step, phase, statement: its place in the plan; ``statement`` is None for what a live script sends
            by itself, in the last phase.
        sql: its text.
        origin: ``file:line``.
        observation: None where it was not run.
        error: the server's message, where it refused the statement.
        live: its script reads from the database.
    """

    step: Step
    phase: int
    statement: int | None
    sql: str
    origin: str | None = None
    observation: Observation | None = None
    error: str | None = None
    live: bool = False


class _RefusedError(Exception):
    """A statement failed in the copy: what follows cannot be traced."""


async def trace_plan(
    plan: Plan,
    connection: asyncpg.Connection,
    observer: Observer,
    run_live: LiveRun,
) -> list[TracedStatement]:
    """Run the statements of a plan one after the other; after an error the rest is not run."""
    tracer = _Tracer(connection, observer)
    heads = frozenset(plan.current)
    for number, step in enumerate(plan.steps):
        try:
            if step.live:
                await tracer.live(step, heads, run_live)
            else:
                await tracer.static(step)
        except _RefusedError:
            tracer.skip(plan.steps[number + 1 :])
            break
        heads = step.version.apply(heads)
    return tracer.found


class _Tracer:
    def __init__(self, connection: asyncpg.Connection, observer: Observer) -> None:
        self._connection = connection
        self._observer = observer
        self.found: list[TracedStatement] = []

    def skip(self, steps: tuple[Step, ...]) -> None:
        """Add the statements of steps that are not run."""
        for step in steps:
            for index, phase in enumerate(step.phases):
                for number, statement in enumerate(phase.statements):
                    self._add(step, index, number, statement)

    async def static(self, step: Step) -> None:
        for index, phase in enumerate(step.phases):
            try:
                if phase.kind is PhaseKind.TRANSACTION:
                    await self._transaction(step, index, phase)
                else:
                    for number, statement in enumerate(phase.statements):
                        await self._run(step, index, number, statement, alone=True)
            except _RefusedError:
                done = sum(1 for each in self.found if each.step is step and each.phase == index)
                self._rest(step, index, done)
                raise

    def _rest(self, step: Step, phase: int, done: int) -> None:
        """Add the statements of a step behind the one that failed."""
        for index, each in enumerate(step.phases[phase:], start=phase):
            for number, statement in enumerate(each.statements):
                if index > phase or number >= done:
                    self._add(step, index, number, statement)

    async def _transaction(self, step: Step, index: int, phase: Phase) -> None:
        await self._observer.start_transaction()
        try:
            for number, statement in enumerate(phase.statements):
                await self._run(step, index, number, statement, alone=False)
        except _RefusedError:
            await self._observer.end_transaction("ROLLBACK")
            raise
        await self._observer.end_transaction()

    async def _run(
        self, step: Step, phase: int, number: int, statement: Statement, *, alone: bool
    ) -> None:
        try:
            observation = await self._observe(statement, alone=alone)
        except asyncpg.PostgresError as error:
            self._add(step, phase, number, statement, error=str(error))
            raise _RefusedError from error
        self._add(step, phase, number, statement, observation=observation)

    async def _observe(self, statement: Statement, *, alone: bool) -> Observation:
        sql = statement.sql
        if statement.copy_data is not None:  # the rows are left out: they change no lock
            connection: Any = self._connection
            await connection._copy_in(sql, io.BytesIO(), None)  # noqa: SLF001 - as Session.copy_in
            return await self._observer.look(sql)
        if not alone:
            return await self._observer.run(sql)
        if not classify(sql).transactional:
            return await self._observer.run_standalone(sql)
        await self._observer.start_transaction()
        try:
            observation = await self._observer.run(sql)
        except asyncpg.PostgresError:
            await self._observer.end_transaction("ROLLBACK")
            raise
        await self._observer.end_transaction()
        return observation

    async def live(self, step: Step, heads: frozenset[str], run: LiveRun) -> None:
        """A step whose script reads: its statements are known when it has run."""
        places = [
            (index, number, statement)
            for index, phase in enumerate(step.phases)
            for number, statement in enumerate(phase.statements)
        ]
        last = max(len(step.phases) - 1, 0)
        try:
            observations = await run(step, heads)
        except Exception as error:  # a script may raise anything in a copy without rows
            self.found.append(
                TracedStatement(
                    step=step,
                    phase=last,
                    statement=None,
                    sql="",
                    origin=step.live_origin,
                    error=mask_secrets(str(error)),
                    live=True,
                )
            )
            for index, number, statement in places:
                self._add(step, index, number, statement, live=True)
            raise _RefusedError from error
        for sql, observation in observations:
            if places and sql is not None and places[0][2].sql == sql:
                index, number, statement = places.pop(0)
                self._add(step, index, number, statement, observation=observation, live=True)
            elif observation.locks or observation.held:
                self.found.append(
                    TracedStatement(
                        step=step,
                        phase=last,
                        statement=None,
                        sql=mask_secrets(sql or ""),
                        origin=step.live_origin,
                        observation=observation,
                        live=True,
                    )
                )
        for index, number, statement in places:
            self._add(step, index, number, statement, live=True)

    def _add(
        self,
        step: Step,
        phase: int,
        number: int,
        statement: Statement,
        *,
        observation: Observation | None = None,
        error: str | None = None,
        live: bool = False,
    ) -> None:
        self.found.append(
            TracedStatement(
                step=step,
                phase=phase,
                statement=number,
                sql=statement.shown,
                origin=statement.origin,
                observation=observation,
                error=error,
                live=live,
            )
        )
