r"""A directed acyclic graph as text, in the manner of ``git log --graph``.

Nodes come children first. Every column (a *lane*) leads down to one node that was not drawn yet;
a node takes the lane that waits for it, and hands it to its first parent. Between two nodes the
lanes are led from their old places to the new ones, one place a row: ``/`` moves one lane to the
left, ``\`` to the right. Place ``p`` is character ``2 * p``; those between are for slants.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["GraphRow", "draw"]


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One line of the picture.

    Attributes:
        picture: the drawing, without trailing space.
        node: the node that this line stands for; None on a line that only leads the lanes.
        lanes: for each character of ``picture`` the lane it belongs to, for colouring; -1 for none.
    """

    picture: str
    node: str | None
    lanes: tuple[int, ...]


@dataclass(slots=True)
class _Edge:
    """A line on its way from one place to another; ``lane`` is its colour."""

    place: int
    goal: int
    lane: int


class _Canvas:
    """One row of characters."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.lanes: list[int] = []

    def put(self, at: int, character: str, lane: int) -> None:
        missing = at + 1 - len(self.characters)
        self.characters.extend(" " * missing)
        self.lanes.extend([-1] * missing)
        present = self.characters[at]
        crossing = present == "X" or {present, character} == {"/", "\\"}
        self.characters[at] = "X" if crossing else character
        self.lanes[at] = lane

    def row(self, node: str | None) -> GraphRow:
        return GraphRow("".join(self.characters), node, tuple(self.lanes))


def _one(_node: str) -> int:
    return 1


def draw(
    nodes: Iterable[tuple[str, Sequence[str]]], height: Callable[[str], int] = _one
) -> Iterator[GraphRow]:
    """The picture of ``nodes``, each given with its parents, every node before its parents.

    Exactly one row names each node, in the order given; at least ``height(node)`` rows come before
    the next one, so that a text of that many lines fits beside them. A parent that never comes ends
    nothing: its lane runs on to the bottom, which is what a cut of a longer history looks like.

    Example::

        for row in draw([("c", ["a", "b"]), ("b", ["a"]), ("a", [])]):
            print(row.picture, row.node or "")
    """
    awaited: list[str] = []
    lanes: list[int] = []
    fresh = 0
    ended = -1
    for node, parents in nodes:
        if node not in awaited:
            if ended == len(awaited):
                # Without a gap it would look like the parent of the root above it.
                yield _row(lanes)
            awaited.append(node)
            lanes.append(fresh)
            fresh += 1
        place = awaited.index(node)
        ended = -1 if parents else place
        yield _row(lanes, node, place)

        before, colors = awaited, lanes
        awaited, lanes, fresh = _hand_over(before, colors, place, parents, fresh)
        used = 1
        for row in _lead(_edges(before, colors, place, parents, awaited, lanes)):
            yield row
            used += 1
        for _ in range(used, height(node)):
            yield _row(lanes)


def _hand_over(
    before: list[str], colors: list[int], place: int, parents: Sequence[str], fresh: int
) -> tuple[list[str], list[int], int]:
    """The lanes below the node at ``place``: its own goes to its parents, equal ones meet."""
    after: list[str] = []
    lanes: list[int] = []
    for index, waiting in enumerate(before):
        if index != place:
            heirs = [(waiting, colors[index])]
        else:
            heirs = []
            for parent in dict.fromkeys(parents):
                # The first parent keeps the lane; a further one gets its own, unless it has one.
                if not heirs:
                    heirs.append((parent, colors[place]))
                elif parent not in before:
                    heirs.append((parent, fresh))
                    fresh += 1
        for name, lane in heirs:
            if name not in after:
                after.append(name)
                lanes.append(lane)
    return after, lanes, fresh


def _edges(
    before: list[str],
    colors: list[int],
    place: int,
    parents: Sequence[str],
    after: list[str],
    lanes: list[int],
) -> list[_Edge]:
    edges = [
        _Edge(index, after.index(waiting), colors[index])
        for index, waiting in enumerate(before)
        if index != place
    ]
    for parent in dict.fromkeys(parents):
        goal = after.index(parent)
        edges.append(_Edge(place, goal, colors[place] if parent in before else lanes[goal]))
    return edges


def _row(lanes: list[int], node: str | None = None, place: int = -1) -> GraphRow:
    canvas = _Canvas()
    for index, lane in enumerate(lanes):
        canvas.put(2 * index, "*" if index == place else "|", lane)
    return canvas.row(node)


def _lead(edges: list[_Edge]) -> Iterator[GraphRow]:
    """Rows until every edge is where it belongs; none when nothing moves."""
    while any(edge.place != edge.goal for edge in edges):
        canvas = _Canvas()
        for edge in edges:
            if edge.place == edge.goal:
                canvas.put(2 * edge.place, "|", edge.lane)
        for edge in edges:
            if edge.goal < edge.place:
                canvas.put(2 * edge.place - 1, "/", edge.lane)
                edge.place -= 1
            elif edge.goal > edge.place:
                canvas.put(2 * edge.place + 1, "\\", edge.lane)
                edge.place += 1
        yield canvas.row(None)
