"""Random histories: the same shape, the same meaning of names and ranges, the same refusals as Alembic."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from asyncmig.errors import HistoryError
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.history import History
from asyncmig.revisions.graph.revision import Revision
from support.alembic_graph import REFUSALS, CrashError, Oracle, Refused, attempt_ours
from support.depth import depth
from support.random_history import branches_in, histories, names_in

pytestmark = pytest.mark.sampled

MODEST = settings(
    max_examples=depth().graphs,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@MODEST
@given(histories(max_size=12))
def test_the_shape(revisions):
    tree, oracle = RevisionGraph(revisions), Oracle(revisions)
    theirs = oracle.map
    assert tree.heads == theirs.heads
    assert tree.effective_heads == theirs._real_heads
    assert tree.bases == theirs.bases
    assert [revision.id for revision in tree] == oracle.between("base", "heads")
    for name in tree.position:
        other = theirs._revision_map[name]
        assert tree.below(name) == other._normalized_down_revisions
        assert set(tree.dependencies(name)) == set(other._resolved_dependencies)
        assert set(tree.children(name)) == other.nextrev
        assert set(tree.labels(name)) == other.branch_labels


@MODEST
@given(st.data())
def test_names(data):
    revisions = data.draw(histories())
    tree, oracle = RevisionGraph(revisions), Oracle(revisions)
    for _ in range(5):
        if data.draw(st.integers(0, 3)):
            expression = data.draw(branches_in(revisions)) + data.draw(names_in(revisions))
        else:  # steps down from the heads; a branch must be a label for Alembic
            labels = [f"{label}@" for revision in revisions for label in revision.branch_labels]
            expression = (
                data.draw(st.sampled_from(["", *labels])) + f"-{data.draw(st.integers(1, 3))}"
            )
        mine = attempt_ours(lambda: tuple(item.id for item in tree.resolve(expression)))  # noqa: B023
        note(f"{expression}: {mine}")
        try:
            theirs = oracle.resolve(expression)
        except CrashError:
            continue
        note(f"Alembic: {theirs}")
        if isinstance(theirs, Refused) or isinstance(mine, Refused):
            assert isinstance(theirs, Refused)
            assert isinstance(mine, Refused)
        else:
            assert mine == tuple(dict.fromkeys(theirs))  # two heads may have the same one below


@MODEST
@given(st.data())
def test_ranges(data):
    revisions = data.draw(histories())
    tree, oracle = RevisionGraph(revisions), Oracle(revisions)
    for _ in range(4):
        lower = data.draw(branches_in(revisions)) + data.draw(names_in(revisions))
        upper = data.draw(branches_in(revisions)) + data.draw(names_in(revisions))
        if data.draw(st.integers(0, 2)) == 0 and not upper.endswith(("head", "heads", "base")):
            upper += data.draw(st.sampled_from(["+1", "+2", "-1"]))
        elif data.draw(st.integers(0, 3)) == 0:
            upper = data.draw(branches_in(revisions)) + "+2"
        mine = attempt_ours(lambda: [item.id for item in tree.slice(f"{lower}:{upper}")])  # noqa: B023
        note(f"{lower}:{upper}: {mine}")
        try:
            theirs = oracle.between(lower, upper)
        except CrashError:
            continue
        note(f"Alembic: {theirs}")
        assert isinstance(mine, Refused) is isinstance(theirs, Refused)
        if not isinstance(mine, Refused):
            assert mine == theirs


def alembic_refuses(revisions: list[Revision]) -> bool:
    """Alembic fails, or warns of what is there twice."""
    try:
        Oracle(revisions, on_warning="error")
    except (*REFUSALS, UserWarning, KeyError):
        return True
    return False


@MODEST
@given(st.data())
def test_broken_histories(data):
    revisions = data.draw(histories())
    victim = data.draw(st.sampled_from(revisions))
    others = [revision.id for revision in revisions]
    break_it = data.draw(
        st.sampled_from(["parent", "dependency", "id", "label", "cycle", "letter"])
    )
    changes: dict[str, object] = {
        "parent": {"down_revisions": (*victim.down_revisions, "missing")},
        "dependency": {"depends_on": ("missing",)},
        "id": {},
        "label": {"branch_labels": ("same",)},
        "cycle": {"down_revisions": (data.draw(st.sampled_from(others)),)},
        "letter": {"id": victim.id + "-x"},
    }[break_it]
    facts = {
        "id": victim.id,
        "down_revisions": victim.down_revisions,
        "depends_on": victim.depends_on,
        "branch_labels": victim.branch_labels,
    }
    broken = Revision(**{**facts, **changes})
    changed = [broken if revision is victim else revision for revision in revisions]
    if break_it == "id":
        changed.append(Revision(id=victim.id))
    if break_it == "label":
        changed.append(Revision(id="another", branch_labels=("same",)))
    refused = attempt_ours(lambda: History(changed))
    note(f"{break_it}: {refused}")
    if alembic_refuses(changed):
        assert isinstance(refused, Refused)
    elif isinstance(refused, Refused):
        # Alembic walks past a cycle that has a base below it and a head above it, and then never ends.
        assert refused.why.startswith(f"{HistoryError.__name__}: the history has a cycle")
