"""Revisions that the code does not have: their ancestors, from the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session

__all__ = ["known_ancestors", "split_known"]

_DOWN_REVISIONS = """\
SELECT DISTINCT ON (revision) revision, down_revisions
FROM {journal} ORDER BY revision, id DESC"""


def split_known(
    graph: Container[str], heads: Iterable[str]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Rows of the version table that the script directory has, and those that it does not."""
    known = frozenset(head for head in heads if head in graph)
    return known, tuple(sorted(set(heads) - known))


async def known_ancestors(
    session: Session,
    settings: Settings,
    state: DatabaseState,
    unknown: Iterable[str],
    known: Container[str],
) -> frozenset[str] | None:
    """The nearest ancestors that the code has, of revisions that it does not have.

    Returns:
        The ancestors; None where they are not known, because there is no journal or because one of the
        unknown revisions was not run by asyncmig.
    """
    if not state.has_journal:
        return None
    journal = qualified(state.schema, settings.journal_table)
    rows = await session.fetch(_DOWN_REVISIONS.format(journal=journal))
    below = {row["revision"]: tuple(row["down_revisions"]) for row in rows}
    found: set[str] = set()
    seen: set[str] = set()
    todo = list(unknown)
    while todo:
        revision = todo.pop()
        if revision in seen:
            continue
        seen.add(revision)
        if revision in known:
            found.add(revision)
        elif revision not in below:
            return None
        else:
            todo.extend(below[revision])
    return frozenset(found)
