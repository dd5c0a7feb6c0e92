"""Upgrades, downgrades and stamps of random histories: the same moves, order and rows as Alembic.

Where the two differ on purpose, a function below says so and why; everything else must be equal. Where
Alembic stops with an assertion or a lookup error of its own (``CrashError``), only one thing is asked of us:
an answer, or an error of ours.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision
from support.alembic_graph import CrashError, Oracle, Refused, attempt_ours
from support.depth import depth
from support.random_history import branches_in, histories, names_in, targets_in

pytestmark = pytest.mark.sampled

MODEST = settings(
    max_examples=depth().graphs,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def both(revisions: list[Revision]) -> tuple[RevisionGraph, Oracle]:
    for revision in revisions:
        note(
            f"{revision.id} < {revision.down_revisions} ~ {revision.depends_on} "
            f"# {revision.branch_labels}"
        )
    return RevisionGraph(revisions), Oracle(revisions)


def ours(tree: RevisionGraph, target: str, rows: tuple[str, ...], *, upgrade: bool):
    """Each move's revision with the rows after it, or ``Refused``."""

    def walk():
        path = tree.upgrade_path if upgrade else tree.downgrade_path
        standing = frozenset(rows)
        taken = []
        for move in path(target, rows):
            standing = tree.advance(standing, move)
            taken.append((move.revision.id, standing))
        return taken

    return attempt_ours(walk)


# -- differences on purpose ---------------------------------------------------------------------


def rows_that_alembic_left(tree: RevisionGraph, rows: tuple[str, ...]) -> bool:
    """Alembic refuses to upgrade from rows that stand on each other, as its own downgrade leaves them.

    Taking away a revision that stood on two others, one of them below the other, leaves both as rows
    when there is a third. We go on from there, since the next upgrade takes both away again.
    """
    return any(
        lower != upper and lower in tree.ancestors([upper]) for lower in rows for upper in rows
    )


def steps_down_from_several_rows(target: str, rows: tuple[str, ...]) -> bool:
    """``-1`` from several rows: Alembic warns that this will be disallowed, and takes any of them.

    We refuse, and name the commands that say which one.
    """
    return target[:1] == "-" and len(rows) > 1


def branch_of_a_downgrade(target: str) -> bool:
    """``label@id`` of a downgrade: Alembic looks at the label only to choose between several ways.

    A label that has nothing to do with the target, or does not exist, is passed over, and more is
    undone than was asked for; ``label@head`` means every head. We take the label at its word.
    """
    branch, _, rest = target.rpartition("@")
    return bool(branch) and rest[:1] not in {"+", "-"}


def compare_moves(tree, oracle, target, rows, *, upgrade):
    mine = ours(tree, target, rows, upgrade=upgrade)
    note(f"{'upgrade' if upgrade else 'downgrade'} {target} from {rows}: {mine}")
    try:
        theirs = (oracle.upgrade if upgrade else oracle.downgrade)(target, rows)
    except CrashError as crash:
        note(f"Alembic crashed: {crash}")
        return mine
    note(f"Alembic: {theirs}")
    if isinstance(mine, Refused) is isinstance(theirs, Refused):
        if not isinstance(mine, Refused):
            assert mine == theirs
        return mine
    if upgrade:
        assert isinstance(theirs, Refused)
        assert "overlaps with other requested revisions" in theirs.why
        assert rows_that_alembic_left(tree, rows)
    elif isinstance(mine, Refused):
        assert steps_down_from_several_rows(target, rows) or branch_of_a_downgrade(target)
    else:
        assert branch_of_a_downgrade(target)
    return mine


@MODEST
@given(st.data())
def test_runs_from_state_to_state(data):
    revisions = data.draw(histories())
    tree, oracle = both(revisions)
    rows: tuple[str, ...] = ()
    for _ in range(5):
        upgrade = data.draw(st.booleans())
        usual = st.sampled_from(["heads", "head", "base", "+1", "-1"])
        target = data.draw(st.one_of(targets_in(revisions), targets_in(revisions), usual))
        taken = compare_moves(tree, oracle, target, rows, upgrade=upgrade)
        if taken and not isinstance(taken, Refused):
            # stop anywhere on the way, as a run that fails does
            rows = tuple(sorted(data.draw(st.sampled_from(taken))[1]))


@MODEST
@given(st.data())
def test_all_the_way_up_and_down(data):
    revisions = data.draw(histories(max_size=12))
    tree, oracle = both(revisions)
    up = compare_moves(tree, oracle, "heads", (), upgrade=True)
    assert {name for name, _ in up} == {revision.id for revision in revisions}
    rows = tuple(sorted(up[-1][1]))
    down = compare_moves(tree, oracle, "base", rows, upgrade=False)
    assert down[-1][1] == frozenset()
    assert {name for name, _ in down} == {revision.id for revision in revisions}


@MODEST
@given(st.data())
def test_stamps(data):
    revisions = data.draw(histories())
    tree, oracle = both(revisions)
    rows: tuple[str, ...] = ()
    for _ in range(4):
        words = st.builds("".join, st.tuples(branches_in(revisions), names_in(revisions)))
        targets = tuple(data.draw(st.lists(words, min_size=1, max_size=2)))
        compare_stamp(tree, oracle, targets, rows)
        after = attempt_ours(lambda: tree.stamp_path(targets, rows).apply(rows))  # noqa: B023
        if not isinstance(after, Refused):
            rows = tuple(sorted(after))


def compare_stamp(tree, oracle, targets, rows):
    mine = attempt_ours(lambda: tree.stamp_path(targets, rows).apply(rows))
    note(f"stamp {targets} from {rows}: {mine}")
    try:
        theirs = oracle.stamp(targets, rows)
    except CrashError as crash:
        note(f"Alembic crashed: {crash}")
        return
    note(f"Alembic: {theirs}")
    if isinstance(mine, Refused):
        # Targets that stand on each other: Alembic writes rows that its next upgrade refuses.
        assert isinstance(theirs, Refused) or "one is below another" in mine.why
    elif isinstance(theirs, Refused):
        # A first letter that only the branch makes unique: Alembic looks a second time, without it.
        assert any("@" in target for target in targets)
    else:
        wanted = {revision.id for target in targets for revision in tree.resolve(target)}
        if wanted.intersection(rows):
            # Alembic takes away a row that is a target itself when another target moves.
            assert mine.issuperset(wanted)
        else:
            assert mine == theirs


def large_history(seed: int) -> list[Revision]:
    choice = random.Random(seed)
    names = [f"r{choice.getrandbits(24):06x}{n}" for n in range(70)]
    revisions = []
    for place, name in enumerate(names):
        near = names[max(0, place - 8) : place] or names[:place]
        count = choice.choices([0, 1, 2, 3], [2, 12, 4, 1])[0]
        depends = choice.sample(near, min(len(near), 1)) if choice.random() < 0.15 else []
        revisions.append(
            Revision(
                id=name,
                down_revisions=tuple(choice.sample(near, min(count, len(near)))),
                depends_on=tuple(depends),
            )
        )
    choice.shuffle(revisions)
    return revisions


@pytest.mark.parametrize("seed", range(25))
def test_large_knots_have_the_same_order(seed):
    revisions = large_history(seed)
    tree, oracle = RevisionGraph(revisions), Oracle(revisions)
    assert [revision.id for revision in tree] == oracle.between("base", "heads")
    middle = tree.upgrade_path("heads", ())[len(revisions) // 2 :]
    rows = frozenset(tree.effective_heads)
    down = tree.downgrade_path(middle[0].revision.id, rows)
    theirs = oracle.directory._downgrade_revs(middle[0].revision.id, tuple(rows))
    assert [move.revision.id for move in down] == [step.revision.revision for step in theirs]
