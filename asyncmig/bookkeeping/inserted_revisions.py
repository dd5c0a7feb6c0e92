"""Revisions that files have put below an applied revision, and that the database has never run.

The version table has heads only, and everything below a head counts as applied. So a revision that a change
of ``down_revision`` inserts below a head is passed over by every upgrade. The journal shows it: each row has
the parents that the revision had when it was run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.revisions.graph.names import listed
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["InsertedRevisions", "JournalRow", "find_inserted", "inserted_revisions"]

_NEWEST = """\
SELECT DISTINCT ON (revision, direction) id, revision, direction, down_revisions,
       final AND state = 'done' AS is_done
FROM {journal} ORDER BY revision, direction, id DESC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """The newest row of a revision in one direction."""

    id: int
    revision: str
    direction: str
    down_revisions: tuple[str, ...]
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertedRevisions:
    """Revisions that are below an applied one and were never run.

    Attributes:
        revisions: these revisions, oldest first.
        above: the applied revision that has the last of them as a parent now.
        parents: its parents when it was applied.
        start: what the inserted revisions are based on.
        heads: the rows of the version table above them.
    """

    revisions: tuple[str, ...]
    above: str
    parents: tuple[str, ...]
    start: tuple[str, ...]
    heads: tuple[str, ...]

    def __str__(self) -> str:
        """What was found, and how to run the revisions or to declare them applied."""
        last, start, heads = self.revisions[-1], " ".join(self.start), " ".join(self.heads)
        them = "them" if len(self.revisions) > 1 else "it"
        return (
            f"the script directory has {listed(self.revisions)} below {self.above}, but {self.above} was"
            f" applied on {listed(self.parents)}, and the journal has no row of"
            f" {listed(self.revisions)}: an upgrade passes {them} over."
            f" To run {them}: `asyncmig stamp {start}`, `asyncmig upgrade {last}`, `asyncmig stamp {heads}`."
            f" If the database has the changes: `asyncmig stamp {last}`, `asyncmig stamp {heads}`"
        )


async def inserted_revisions(
    session: Session,
    settings: Settings,
    state: DatabaseState,
    graph: RevisionGraph,
    *,
    whole: bool = True,
) -> tuple[InsertedRevisions, ...]:
    """Revisions below applied ones that the database has never run, as far as the journal proves it.

    Args:
        session: any session.
        settings: the tables' names.
        state: of the database.
        graph: the script directory.
        whole: read all of the journal, also if the revisions that were run last have the same parents still.
    """
    if not (settings.journal and state.has_journal and state.heads):
        return ()
    if not whole and state.newest is not None and not _has_new_parents(graph, state.newest):
        return ()
    journal = qualified(state.schema, settings.journal_table)
    rows = [
        JournalRow(
            id=row["id"],
            revision=row["revision"],
            direction=row["direction"],
            down_revisions=tuple(row["down_revisions"]),
            is_done=row["is_done"],
        )
        for row in await session.fetch(_NEWEST.format(journal=journal))
    ]
    # thousands of revisions take longer than a loop may be held
    return await anyio.to_thread.run_sync(find_inserted, graph, state.heads, rows)


def _has_new_parents(graph: RevisionGraph, recorded: Iterable[tuple[str, tuple[str, ...]]]) -> bool:
    return any(
        name in graph and not set(graph.get(name).down_revisions).issubset(parents)
        for name, parents in recorded
    )


def find_inserted(
    graph: RevisionGraph, heads: Iterable[str], rows: Iterable[JournalRow]
) -> tuple[InsertedRevisions, ...]:
    """The revisions that rows of the journal prove to be inserted.

    The proof is an applied revision whose parents are others than in its row. The old parents must still
    exist, since a squashed history has new parents too. The inserted revisions have no row, and those that
    they are based on have one: asyncmig was in charge when another tool could first have run them. A later
    stamp above them has declared them applied.

    Args:
        graph: the script directory.
        heads: the rows of the version table.
        rows: the newest row of each revision in each direction.
    """
    known = {head for head in heads if head in graph}
    applied = graph.ancestors(known)
    rows = sorted(rows, key=lambda row: row.id)
    newest = {row.revision: row for row in rows}
    stamps = [row for row in rows if row.direction == "stamp"]
    found: dict[str, InsertedRevisions] = {}
    for child, row in newest.items():
        if child not in applied or not _shows_parents(row, graph):
            continue
        for parent in graph.get(child).down_revisions:
            if parent in found or parent in row.down_revisions:
                continue
            between = _without_row(graph, parent, newest)
            if not between or between & known or _is_stamped(graph, between, row.id, stamps):
                continue
            found[parent] = InsertedRevisions(
                revisions=_oldest_first(graph, between),
                above=child,
                parents=row.down_revisions,
                start=_highest(
                    graph, {name for each in between for name in graph.below(each)} - between
                ),
                heads=tuple(sorted(head for head in known if parent in graph.ancestors([head]))),
            )
    return tuple(found.values())


def _shows_parents(row: JournalRow, graph: RevisionGraph) -> bool:
    """True for the row of a revision that was run, on parents that the files still have."""
    is_applied = row.direction == "upgrade" and row.is_done
    return (
        is_applied
        and bool(row.down_revisions)
        and all(name in graph for name in row.down_revisions)
    )


def _without_row(graph: RevisionGraph, top: str, recorded: Container[str]) -> set[str]:
    """A revision and those below it, down to the first with rows; nothing where they begin a branch."""
    found: set[str] = set()
    todo = [top]
    while todo:
        name = todo.pop()
        if name in recorded or name in found:
            continue
        if graph.get(name).is_base:
            return set()
        found.add(name)
        todo += graph.below(name)
    return found


def _is_stamped(
    graph: RevisionGraph, revisions: set[str], since: int, stamps: Iterable[JournalRow]
) -> bool:
    """True where a stamp after that row may have included the revisions."""
    return any(
        stamp.id > since
        and (stamp.revision not in graph or revisions & graph.ancestors([stamp.revision]))
        for stamp in stamps
    )


def _oldest_first(graph: RevisionGraph, revisions: set[str]) -> tuple[str, ...]:
    return tuple(item.id for item in reversed(tuple(graph)) if item.id in revisions)


def _highest(graph: RevisionGraph, revisions: set[str]) -> tuple[str, ...]:
    """Those that are not below another of them."""
    return tuple(
        sorted(
            name
            for name in revisions
            if not any(name in graph.ancestors([other]) for other in revisions - {name})
        )
    )
