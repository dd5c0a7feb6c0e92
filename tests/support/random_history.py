"""Random histories and target expressions, for comparing with Alembic."""

from __future__ import annotations

from hypothesis import strategies as st

from asyncmig.revisions.graph.revision import Revision

IDS = st.text("abc1", min_size=3, max_size=5).filter(lambda name: not name.isdigit())
"""Few letters, so that first letters are often shared."""


@st.composite
def histories(draw, *, max_size: int = 9) -> list[Revision]:
    """Revisions without cycles, in an order of files that has nothing to do with their edges."""
    names = draw(st.lists(IDS, min_size=1, max_size=max_size, unique=True))
    labels: list[str] = []
    revisions = []
    for place, name in enumerate(names):
        lower = names[:place]
        near = lower[-3:] if draw(st.integers(0, 3)) else lower
        down = _some(draw, near, most=draw(st.sampled_from([0, 1, 1, 1, 1, 2, 3])))
        depends_on = _some(draw, lower + labels, most=2) if not draw(st.integers(0, 3)) else ()
        own = ()
        if not draw(st.integers(0, 4)):
            own = (f"{draw(st.sampled_from(['left', 'right', 'abc']))}_{place}",)
            labels.extend(own)
        revisions.append(
            Revision(id=name, down_revisions=down, depends_on=depends_on, branch_labels=own)
        )
    return list(draw(st.permutations(revisions)))


def _some(draw, pool: list[str], *, most: int) -> tuple[str, ...]:
    if not pool or not most:
        return ()
    return tuple(
        draw(
            st.lists(st.sampled_from(pool), min_size=1, max_size=min(most, len(pool)), unique=True)
        )
    )


@st.composite
def names_in(draw, revisions: list[Revision], *, symbols=("head", "heads", "base")) -> str:
    """A word for revisions: an id, its first letters, a label, a symbol."""
    kind = draw(st.sampled_from(["id", "id", "id", "part", "label", "symbol"]))
    labels = [label for revision in revisions for label in revision.branch_labels]
    if kind == "label" and labels:
        return draw(st.sampled_from(labels))
    if kind == "symbol":
        return draw(st.sampled_from(symbols))
    name = draw(st.sampled_from([revision.id for revision in revisions]))
    return name[: draw(st.integers(1, 4))] if kind == "part" else name


@st.composite
def branches_in(draw, revisions: list[Revision]) -> str:
    """``label@``, sometimes ``id@``, mostly nothing."""
    labels = [label for revision in revisions for label in revision.branch_labels]
    if draw(st.integers(0, 2)):
        return ""
    if labels and draw(st.integers(0, 4)):
        return draw(st.sampled_from(labels)) + "@"
    return draw(st.sampled_from([revision.id for revision in revisions])) + "@"


@st.composite
def targets_in(draw, revisions: list[Revision]) -> str:
    """A target expression."""
    branch = draw(branches_in(revisions))
    kind = draw(st.sampled_from(["name", "steps", "both"]))
    steps = draw(st.sampled_from(["+1", "+2", "+3", "-1", "-2", "-3", "+0"]))
    if kind == "steps":
        return branch + steps
    if kind == "name":
        return branch + draw(names_in(revisions))
    return branch + draw(names_in(revisions, symbols=("head", "heads"))) + steps
