"""Scripts that were changed after they were applied, by the checksums in the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.revisions.files.checksum import checksum
from asyncmig.revisions.files.python_ast import flattened, parse
from asyncmig.revisions.files.python_metadata import decode
from asyncmig.revisions.files.script import SqlScript
from asyncmig.revisions.graph.revision import ScriptKind
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["changed_revisions"]

_APPLIED = """\
SELECT revision, checksum FROM (
    SELECT DISTINCT ON (revision) revision, direction, checksum
    FROM {journal} WHERE final AND state = 'done' ORDER BY revision, id DESC
) AS newest
WHERE direction = 'upgrade' AND checksum IS NOT NULL
ORDER BY revision"""


async def changed_revisions(
    session: Session, settings: Settings, state: DatabaseState, graph: RevisionGraph
) -> tuple[str, ...]:
    """Applied revisions whose script means something else by now; comments and layout do not count.

    Reads every applied script, in a thread, and imports none.
    """
    if not state.has_journal:
        return ()
    journal = qualified(state.schema, settings.journal_table)
    rows = await session.fetch(_APPLIED.format(journal=journal))
    known = [
        (graph.get(row["revision"]), row["checksum"]) for row in rows if row["revision"] in graph
    ]

    def compare() -> tuple[str, ...]:
        return tuple(revision.id for revision, was in known if _meaning(revision) != was)

    return await anyio.to_thread.run_sync(compare)


def _meaning(revision: Revision) -> str | None:
    """A script's checksum; None where it cannot be read any more."""
    try:
        source = Path(revision.path).read_bytes()
    except OSError:
        return None
    if revision.kind is ScriptKind.SQL:
        return SqlScript(revision, decode(source, revision.path)).checksum
    if not revision.path.endswith(".py"):
        return checksum(source)
    return checksum(flattened(parse(source, revision.path)))
