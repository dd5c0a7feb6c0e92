"""asyncmig.plan.online.leftovers: an unfinished change, and what the version table says of its revision."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from asyncmig.plan.model import Direction
from asyncmig.plan.online.leftovers import contradiction
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision

CHAIN = ("a", "b", "c")
GRAPH = RevisionGraph(
    [
        Revision(id="a"),
        Revision(id="b", down_revisions=("a",)),
        Revision(id="c", down_revisions=("b",)),
        Revision(id="x"),
    ]
)


def mark(owner: str | None, direction: Direction, **facts: Any) -> dict[str, Any]:
    return {"kind": "alter", "revision": owner, "direction": str(direction), **facts}


def found(owner: str | None, left: Direction, revision: str, now: Direction, **facts: Any) -> str:
    return contradiction(mark(owner, left, **facts), GRAPH, revision, now) or ""


@pytest.mark.parametrize(
    ("owner", "left", "revision", "now"), list(product(CHAIN, Direction, CHAIN, Direction))
)
def test_on_one_line_it_depends_on_what_is_applied_before(owner, left, revision, now) -> None:
    """The column is as its owner's change has found it."""
    applied = CHAIN[: CHAIN.index(revision) + (now is Direction.DOWNGRADE)]
    problem = found(owner, left, revision, now)
    begun = f"the {left} of revision {owner} has begun to change the type and was not finished"
    if left is Direction.UPGRADE and owner in applied:
        assert problem == f"{begun}, so the column is as before {owner}, which counts as applied"
    elif left is Direction.DOWNGRADE and owner not in applied:
        assert problem == f"{begun}, so the column is as after {owner}, which counts as not applied"
    else:
        assert problem == ""


@pytest.mark.parametrize(("left", "now"), list(product(Direction, Direction)))
def test_another_branch_or_another_history_says_nothing(left, now) -> None:
    assert found("x", left, "c", now) == ""
    assert found("gone", left, "c", now) == ""
    assert found(None, left, "c", now) == ""


def test_only_an_unfinished_change_of_a_type_counts() -> None:
    up, down = Direction.UPGRADE, Direction.DOWNGRADE
    assert found("b", up, "b", down)
    assert found("b", up, "b", down, swapped=False)
    assert found("b", up, "b", down, swapped=True) == ""
    assert found("b", up, "b", down, kind="rename") == ""
    assert contradiction(None, GRAPH, "b", down) is None
