"""Reading queries: the status of a database, and the rows of its journal."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.bookkeeping.backfill_rows import read_backfills
from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.bookkeeping.state import read_state
from asyncmig.bookkeeping.unknown_revisions import known_ancestors, split_known
from asyncmig.errors import RevisionError, TargetError
from asyncmig.results import JournalEntry, PartialStep, Status
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.results import BackfillInfo
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = [
    "LogFilter",
    "parse_timestamp",
    "read_journal",
    "read_status",
    "wait_until_current",
]

_ENTRIES = """\
SELECT id, run::text, revision, direction, phase, kind, state, statement, final, checksum,
       started_at, finished_at, host, pid, application, role, version, tag, error,
       -- a journal of an older version lacks these columns
       (to_jsonb(j) ->> 'lock_wait')::float8 AS lock_wait, (to_jsonb(j) ->> 'lock_held')::float8 AS lock_held,
       to_jsonb(j) ->> 'lock_mode' AS lock_mode, to_jsonb(j) ->> 'lock_relation' AS lock_relation
FROM {journal} AS j
WHERE ($1::text IS NULL OR pg_catalog.starts_with(revision, $1))
  AND ($2::text IS NULL OR direction = $2)
  AND ($3::text IS NULL OR state = $3)
  AND ($4::timestamptz IS NULL OR started_at >= $4)
  AND ($5::text IS NULL OR tag = $5)
  AND ($6::text IS NULL OR pg_catalog.starts_with(run::text, $6))
ORDER BY id DESC LIMIT $7"""

DIRECTIONS = ("upgrade", "downgrade", "stamp")
STATES = ("done", "started", "failed", "caught", "refused", "resolved", "forgotten")
MOST_ENTRIES = 2**63 - 1
"""What a bigint holds."""

SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


async def read_status(
    session: Session, settings: Settings, graph: RevisionGraph
) -> tuple[Status, DatabaseState]:
    """The revisions of the database against those of the code."""
    state = await read_state(session, settings)
    known, unknown = split_known(graph, state.heads)
    below: frozenset[str] | None = frozenset()
    if unknown:
        below = await known_ancestors(session, settings, state, unknown, graph)
    # thousands of revisions take longer than a loop may be held
    pending = await anyio.to_thread.run_sync(_pending, graph, known | (below or frozenset()))
    partial = tuple(
        PartialStep(
            revision=entry.revision,
            direction=entry.direction,
            phase=entry.next_phase,
            # a phase that has no row has not begun, and only its script shows what it is
            kind=entry.kind if entry.next_phase == entry.phase else None,
            statement=entry.statement if entry.next_phase == entry.phase else 0,
        )
        for entry in state.partial
    )
    if unknown and (below is None or pending):
        name = "diverged"
    elif unknown:
        name = "ahead"
    elif any(step.revision in graph for step in partial):
        name = "partial"
    elif pending:
        name = "pending" if state.heads else "empty"
    elif partial:  # of newer code only: `upgrade` with this code has nothing to continue
        name = "ahead"
    else:
        name = "current"
    backfills: tuple[BackfillInfo, ...] = ()
    if state.has_backfills:
        tables = BackfillTables(schema=state.schema)
        backfills = await read_backfills(session, tables, only_open=True)
    status = Status(
        state=name,
        current=tuple(sorted(state.heads)),
        heads=graph.heads,
        pending=pending,
        partial=partial,
        unknown=unknown,
        backfills=backfills,
    )
    return status, state


def _pending(graph: RevisionGraph, heads: frozenset[str]) -> tuple[str, ...]:
    try:
        return tuple(move.revision.id for move in graph.upgrade_path("heads", heads))
    except RevisionError:  # rows that overlap, such as a hand-edited version table leaves
        return tuple(head for head in graph.heads if head not in heads)


async def wait_until_current(
    session: Session,
    settings: Settings,
    graph: RevisionGraph,
    timeout: float | None,  # noqa: ASYNC109
) -> Status:
    """Poll until nothing is pending, or the time is over; the last status."""
    pause = SHORTEST_PAUSE
    status, _ = await read_status(session, settings, graph)
    if status.ok:
        return status
    with anyio.move_on_after(timeout):
        async with session.idling():
            while not status.ok:
                await anyio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)
                status, _ = await read_status(session, settings, graph)
    return status


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """The rows of the journal to read; None is any. ``revision`` and ``run`` may be beginnings.

    Raises:
        TargetError: a word that no row can have, or a limit below zero.
    """

    revision: str | None = None
    direction: str | None = None
    state: str | None = None
    since: datetime | None = None
    tag: str | None = None
    run: str | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        for name, given, known in (
            ("direction", self.direction, DIRECTIONS),
            ("state", self.state, STATES),
        ):
            if given is not None and given not in known:
                raise TargetError(
                    f"no entry of the journal has {name} {given!r}",
                    hint=f"it is one of {', '.join(known)}",
                    target=given,
                )
        if self.limit is not None and not 0 <= self.limit <= MOST_ENTRIES:
            raise TargetError(
                f"{self.limit} is not a number of entries",
                hint="give 0 or more, or leave it out for all",
                target=str(self.limit),
            )


def parse_timestamp(since: datetime | str | None) -> datetime | None:
    """A timestamp for the journal; without a zone it is in the zone of this machine.

    Raises:
        TargetError: it is not a timestamp.
    """
    if isinstance(since, str):
        try:
            since = datetime.fromisoformat(since).astimezone()
        except (ValueError, OverflowError):
            raise TargetError(
                f"{since!r} is not a timestamp",
                hint="write it as 2026-11-21 or 2026-11-21T03:30:00+00:00",
                target=since,
            ) from None
    return None if since is None else since.astimezone()


async def read_journal(
    session: Session, settings: Settings, wanted: LogFilter
) -> tuple[JournalEntry, ...]:
    """The journal's rows, newest first."""
    state = await read_state(session, settings, check_tables_first=True)
    if not state.has_journal:
        return ()
    journal = qualified(state.schema, settings.journal_table)
    rows = await session.fetch(_ENTRIES.format(journal=journal), *astuple(wanted))
    return tuple(
        JournalEntry(
            id=row["id"],
            run=row["run"],
            revision=row["revision"],
            direction=row["direction"],
            phase=row["phase"],
            kind=row["kind"],
            state=row["state"],
            statement=row["statement"],
            final=row["final"],
            started_at=row["started_at"].isoformat(),
            finished_at=row["finished_at"].isoformat() if row["finished_at"] else None,
            elapsed=(
                (row["finished_at"] - row["started_at"]).total_seconds()
                if row["finished_at"]
                else None
            ),
            checksum=row["checksum"],
            host=row["host"],
            pid=row["pid"],
            application=row["application"],
            role=row["role"],
            asyncmig_version=row["version"],
            tag=row["tag"],
            error=row["error"],
            lock_wait=row["lock_wait"],
            lock_held=row["lock_held"],
            lock_mode=row["lock_mode"],
            lock_relation=row["lock_relation"],
        )
        for row in rows
    )
