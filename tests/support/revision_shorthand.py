"""Histories in short: ``"m < a b ~ x # left"`` is revision m on a and b, depends on x, labelled left."""

from __future__ import annotations

import re

from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision

_PARTS = re.compile(
    r"(?P<id>[^<~#\s]*)\s*(?:<(?P<down>[^~#]*))?(?:~(?P<depends>[^#]*))?(?:#(?P<labels>.*))?"
)


def revisions(text: str) -> list[Revision]:
    """One revision a line (or between semicolons), in the order of their files."""
    found = []
    for line in re.split(r"[;\n]", text):
        if line.strip():
            parts = _PARTS.fullmatch(line.strip())
            assert parts, line
            found.append(
                Revision(
                    id=parts["id"],
                    down_revisions=tuple((parts["down"] or "").split()),
                    depends_on=tuple((parts["depends"] or "").split()),
                    branch_labels=tuple((parts["labels"] or "").split()),
                    path=f"/versions/{parts['id']}.py",
                )
            )
    return found


def graph(text: str) -> RevisionGraph:
    """The graph of these revisions."""
    return RevisionGraph(revisions(text))


def ids(found) -> list[str]:
    """The ids of revisions, or of moves."""
    return [getattr(item, "revision", item).id for item in found]


def line(length: int, *, prefix: str = "r") -> list[Revision]:
    """A history without branches."""
    return [
        Revision(id=f"{prefix}{n}", down_revisions=(f"{prefix}{n - 1}",) if n else ())
        for n in range(length)
    ]
