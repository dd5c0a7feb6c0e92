"""``assess_impact``: what a plan would do to the database that it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.bookkeeping.backfill_tables import BACKFILL_TABLES
from asyncmig.locks.copy import build_copy, read_source
from asyncmig.locks.known import KnownEffects, known_effects
from asyncmig.locks.levels import SMALL_TABLE_ROWS, ImpactLevel, level_of, worst
from asyncmig.locks.live_facts import LiveFacts, RelationSize, read_live_facts
from asyncmig.locks.modes import LockMode, blocked_by, conflict, strongest
from asyncmig.locks.observe import Observation, Observer, Relation, read_relations
from asyncmig.locks.places import NoCopyError, open_copy
from asyncmig.locks.safe_forms import safe_form
from asyncmig.locks.trace import TracedStatement, trace_plan
from asyncmig.results.impact import Blocker, Impact, RelationLock, StatementImpact
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.locks.places import CopyPlace
    from asyncmig.locks.trace import LiveObservation
    from asyncmig.plan.model import Plan, Step

__all__ = ["assess_impact", "known_impact"]

_SCHEMA = "SELECT pg_catalog.current_schema()"
_NOT_ANALYSED = "not analysed: its effects cannot be read from its text"
_AFTER_AN_ERROR = "not traced: a statement before it failed in the copy"


@dataclass(slots=True, kw_only=True)
class _Effects:
    """One statement with its effects by relation, from either source."""

    traced: TracedStatement
    source: str
    locks: Mapping[SqlName | str, LockMode] = field(default_factory=dict)
    held: Mapping[SqlName | str, LockMode] = field(default_factory=dict)
    rewrites: Collection[SqlName | str] = ()
    scans: Collection[SqlName | str] = ()
    note: str | None = None


async def assess_impact(
    plan: Plan,
    session: Session,
    settings: Settings,
    run_live: Callable[
        [CopyPlace, Observer, Step, frozenset[str]], Awaitable[list[LiveObservation]]
    ],
) -> Impact:
    """Trace a plan in a copy of the database, or look it up in the table of facts; add live facts.

    Nothing runs in the database itself but queries.

    Args:
        plan: from the current revisions of the database.
        session: of the database.
        settings: of the project.
        run_live: runs a live step in the copy.
    """
    notes: list[str] = []
    incomplete: tuple[str, ...] = ()
    copy: str | None = None
    indexes: dict[SqlName, SqlName] = {}
    default = (await session.fetch(_SCHEMA))[0][0] or "public"
    traced = _not_traced(plan)
    try:
        source = await read_source(session)
        async with open_copy(session, settings) as place:
            incomplete = await build_copy(place.connection, source)
            relations = _without_own(await read_relations(place.connection), settings)
            indexes = {
                each.name: relations[each.table].name
                for each in relations.values()
                if each.is_index
            }
            observer = Observer(place.connection, place.watcher, relations)

            async def live(step: Step, heads: frozenset[str]) -> list[LiveObservation]:
                return await run_live(place, observer, step, heads)

            traced = await trace_plan(plan, place.connection, observer, live)
            copy = place.name
    except NoCopyError as error:
        notes.append(f"not traced, no copy can be made: {error}")
    except asyncpg.LockNotAvailableError:
        notes.append(
            "not traced, the schema cannot be read: another session holds ACCESS EXCLUSIVE on a relation"
        )
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as error:
        notes.append(f"not traced, the connection to the copy was lost: {error}")
    effects = _effects_of(traced, session.server_version, default)
    names = {
        name if name.schema else SqlName(default, name.name)
        for each in effects
        for name in (*each.locks, *each.held, *each.rewrites, *each.scans)
        if isinstance(name, SqlName)
    }
    live_facts = await read_live_facts(session, names)
    if live_facts.hidden:
        notes.append(
            f"{live_facts.hidden} sessions of other roles do not show their transactions to this role: "
            "GRANT pg_read_all_stats to it to see long ones"
        )
    context = _Context(live_facts, default, indexes)
    return _impact(effects, context, copy=copy, incomplete=incomplete, notes=notes)


def known_impact(plan: Plan, *, major: int, default_schema: str = "public") -> Impact:
    """The impact of a plan by the table of facts alone, without a database."""
    effects = _effects_of(_not_traced(plan), major, default_schema)
    return _impact(effects, _Context(LiveFacts(), default_schema, {}))


def _without_own(relations: dict[int, Relation], settings: Settings) -> dict[int, Relation]:
    """The relations without the version table, the journal and the tables of backfills, which runs change."""
    own = {settings.version_table, settings.journal_table, *BACKFILL_TABLES}
    tables = {oid for oid, each in relations.items() if each.name.name in own}
    return {oid: each for oid, each in relations.items() if each.table not in tables}


def _not_traced(plan: Plan) -> list[TracedStatement]:
    return [
        TracedStatement(
            step=step,
            phase=index,
            statement=number,
            sql=statement.shown,
            origin=statement.origin,
            live=step.live,
        )
        for step in plan.steps
        for index, phase in enumerate(step.phases)
        for number, statement in enumerate(phase.statements)
    ]


def _effects_of(
    traced: Iterable[TracedStatement], major: int, default_schema: str
) -> list[_Effects]:
    found: list[_Effects] = []
    created: set[SqlName] = set()

    def full(name: SqlName) -> SqlName:
        return name if name.schema else SqlName(default_schema, name.name)

    def is_old(name: SqlName | str) -> bool:
        return isinstance(name, str) or full(name) not in created

    failed = False
    for each in traced:
        observation = each.observation
        known = known_effects(each.sql, major)
        created |= {full(name) for name in known.created}
        if observation is not None:
            scans = observation.scans | _scanned_when_filled(each.sql, observation, known.scans)
            found.append(
                _Effects(
                    traced=each,
                    source="traced",
                    locks={name: _worst_mode(modes) for name, modes in observation.locks.items()},
                    held={name: _worst_mode(modes) for name, modes in observation.held.items()},
                    rewrites=observation.rewrites,
                    scans=scans,
                    note=_error_note(known, observation.locks),
                )
            )
            continue

        found.append(
            _Effects(
                traced=each,
                source="known" if known.analysed else "unknown",
                locks={name: mode for name, mode in known.locks.items() if is_old(name)},
                rewrites=[name for name in known.rewrites if is_old(name)],
                scans=[name for name in known.scans if is_old(name)],
                note=_note(each, analysed=known.analysed, failed=failed),
            )
        )
        failed = failed or each.error is not None
    return found


def _scanned_when_filled(
    sql: str, observation: Observation, known: Iterable[SqlName | str]
) -> frozenset[SqlName]:
    """The tables that a foreign key is checked against, which a copy without rows does not read."""
    kinds = {action.kind for action in parse_actions(sql)}
    if ActionKind.VALIDATE_CONSTRAINT in kinds:
        return frozenset(
            name for name, modes in observation.locks.items() if LockMode.ROW_SHARE in modes
        )
    if not kinds & {ActionKind.ADD_FOREIGN_KEY, ActionKind.ADD_COLUMN}:
        return frozenset()
    named = {name.name for name in known if isinstance(name, SqlName)}
    return frozenset(
        name
        for name, modes in observation.locks.items()
        if name.name in named and LockMode.SHARE_ROW_EXCLUSIVE in modes
    )


def _error_note(known: KnownEffects, locks: Iterable[SqlName]) -> str | None:
    """What the copy cannot show, having no rows."""
    if not known.errors or not list(locks):
        return None
    return f"fails with SQLSTATE {', '.join(sorted(known.errors))} on a table that has rows"


def _note(traced: TracedStatement, *, analysed: bool, failed: bool) -> str | None:
    if not analysed:
        return _NOT_ANALYSED
    return _AFTER_AN_ERROR if failed and traced.error is None else None


def _worst_mode(modes: Iterable[LockMode]) -> LockMode:
    found = strongest(modes)
    assert found is not None  # noqa: S101 - an observation has no relation without a mode
    return found


@dataclass(frozen=True, slots=True)
class _Context:
    """What is known of the database beside the effects."""

    live: LiveFacts
    default_schema: str
    indexes: Mapping[SqlName, SqlName]

    def full(self, name: SqlName) -> SqlName:
        """The name with its schema."""
        return name if name.schema else SqlName(self.default_schema, name.name)

    def shown(self, name: SqlName | str) -> str:
        """The name without the default schema."""
        if isinstance(name, str):
            return name
        return name.name if name.schema in (None, self.default_schema) else str(name)

    def size(self, name: SqlName | str) -> RelationSize | None:
        """Rows and bytes, where the database has the relation."""
        return None if isinstance(name, str) else self.live.sizes.get(self.full(name))

    def is_small(self, name: SqlName | str) -> bool:
        """A scan or a rewrite of it takes no time; the table decides for an index."""
        table = self.indexes.get(self.full(name), name) if isinstance(name, SqlName) else name
        size = self.size(table)
        return size is not None and size.rows is not None and size.rows < SMALL_TABLE_ROWS

    def lock(self, name: SqlName | str, mode: LockMode, *, held: bool) -> RelationLock:
        """A lock with the size of the relation."""
        size = self.size(name)
        table = self.indexes.get(self.full(name)) if isinstance(name, SqlName) else None
        return RelationLock(
            relation=self.shown(name),
            mode=mode.value,
            rows=None if size is None else size.rows,
            bytes=None if size is None else size.bytes,
            held=held,
            table=None if table is None else self.shown(table),
        )

    def locks(self, modes: Mapping[SqlName | str, LockMode], *, held: bool) -> list[RelationLock]:
        """Locks, the strongest first."""
        ordered = sorted(modes.items(), key=lambda item: (-item[1].rank, self.shown(item[0])))
        return [self.lock(name, mode, held=held) for name, mode in ordered]


def _impact(
    effects: list[_Effects],
    context: _Context,
    *,
    copy: str | None = None,
    incomplete: tuple[str, ...] = (),
    notes: Iterable[str] = (),
) -> Impact:
    statements = tuple(_statement(each, context) for each in effects)
    return Impact(
        statements=statements,
        copy=copy,
        incomplete=incomplete,
        notes=tuple(notes),
        long_transactions=context.live.transactions,
        blockers=tuple(_blockers(effects, context)),
        level=worst(ImpactLevel(each.level) for each in statements),
    )


def _statement(effects: _Effects, context: _Context) -> StatementImpact:
    traced = effects.traced
    blocks = blocked_by([*effects.locks.values(), *effects.held.values()])
    slow = [*effects.rewrites, *effects.scans]
    level = level_of(blocks, long=not all(map(context.is_small, slow)))
    return StatementImpact(
        revision=traced.step.revision,
        phase=traced.phase,
        statement=traced.statement,
        origin=traced.origin,
        sql=traced.sql,
        source=effects.source,
        locks=(
            *context.locks(effects.locks, held=False),
            *context.locks(effects.held, held=True),
        ),
        rewrites=tuple(sorted(map(context.shown, effects.rewrites))),
        scans=tuple(sorted(map(context.shown, effects.scans))),
        blocks=blocks.value,
        level=level.value,
        live=traced.live,
        error=traced.error,
        note=effects.note,
        safe_form=(
            safe_form(parse_actions(traced.sql)) if level.rank > ImpactLevel.BRIEF.rank else None
        ),
    )


def _blockers(effects: Iterable[_Effects], context: _Context) -> Iterable[Blocker]:
    """Sessions whose locks conflict with the strongest one that the plan needs on the table."""
    needed: dict[SqlName, LockMode] = {}
    for each in effects:
        for name, mode in each.locks.items():
            if isinstance(name, SqlName) and context.full(name) not in context.indexes:
                key = context.full(name)
                needed[key] = max(mode, needed.get(key, mode), key=lambda one: one.rank)
    seen: set[tuple[int, SqlName]] = set()
    for holder in context.live.holders:
        wanted = needed.get(holder.relation)
        place = holder.pid, holder.relation
        if wanted is None or place in seen or not conflict(wanted, LockMode(holder.mode)):
            continue
        seen.add(place)
        yield Blocker(
            pid=holder.pid,
            relation=context.shown(holder.relation),
            mode=holder.mode,
            age=holder.age,
            role=holder.role,
            application=holder.application,
        )
