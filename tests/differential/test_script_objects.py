"""The objects of ``alembic.script``: the same facts and texts as Alembic's, for the same files."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from alembic.runtime import migration as their_migration
from alembic.script import Script as TheirScript
from alembic.script import ScriptDirectory as TheirDirectory
from alembic.script import revision as their_revision
from alembic.util import CommandError
from hypothesis import HealthCheck, assume, given, settings

from asyncmig.alembic_compat.facade.script import Script, ScriptDirectory, revision
from asyncmig.alembic_compat.facade.script.steps import RevisionStep, StampStep
from asyncmig.errors import AsyncmigError
from asyncmig.revisions.graph.revision import Revision as Metadata
from support.depth import depth
from support.random_history import histories

pytestmark = pytest.mark.sampled
FACTS = [
    *("revision", "down_revision", "dependencies", "branch_labels", "nextrev", "path", "doc"),
    *("longdoc", "is_base", "is_head", "is_branch_point", "is_merge_point"),
    *("_is_real_base", "_is_real_head"),
    *("_versioned_down_revisions", "_format_down_revision"),
]
SWITCHES = list(itertools.product([False, True], repeat=4))
CALLS = {
    "heads": lambda script: script.get_heads(),
    "effective heads": lambda script: sorted(script.get_heads(consider_depends_on=True)),
    "bases": lambda script: sorted(script.get_bases()),
    "the walk": lambda script: ids(script.walk_revisions()),
    "the way down": lambda script: ids(script.iterate_revisions("heads", "base")),
    "head": lambda script: script.as_revision_number("head"),
    "all heads": lambda script: sorted(script.as_revision_number("heads") or ()),
    "base": lambda script: script.as_revision_number("base"),
    "nothing": lambda script: script.as_revision_number(None),
    "revisions of the base": lambda script: script.get_revisions("base"),
    "the one base": lambda script: script.get_base(),
    "the one head": lambda script: script.get_current_head(),
    "upgrades": lambda script: steps(script._upgrade_revs("heads", ())),
    "names": lambda script: sorted(map(str, script.revision_map.heads)),
}
IN_ORDER = {"the walk", "the way down", "upgrades"}


def ids(found) -> list[str]:
    return [one.revision for one in found]


def steps(found) -> list[tuple]:
    return [
        (
            *(str(step), step.name, step.doc, step.is_upgrade, step.is_downgrade),
            *(step.insert_version_num, step.from_revisions_no_deps, step.to_revisions_no_deps),
            *(set(step.from_revisions), set(step.to_revisions)),
        )
        for step in found
    ]


def answer(ask, script):
    """What a call gives, or that it refuses."""
    try:
        return ask(script)
    except (AsyncmigError, their_revision.RevisionError, CommandError, AssertionError, KeyError):
        return "refused"


def write(folder: Path, revisions) -> None:
    (folder / "versions").mkdir()
    for number, one in enumerate(revisions):
        (folder / "versions" / f"{number:02}.py").write_text(
            f'"""Revision {one.id}\n\nMore of it,\nin two lines.\n"""\n'
            f"revision = {one.id!r}\ndown_revision = {one.down_revisions or None!r}\n"
            f"depends_on = {one.depends_on or None!r}\nbranch_labels = {one.branch_labels or None!r}\n"
            "def upgrade(): pass\ndef downgrade(): pass\n"
        )


@settings(
    max_examples=depth().graphs // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories(max_size=6))
def test_a_script_directory(revisions) -> None:
    with TemporaryDirectory() as name:
        write(Path(name), revisions)
        theirs, ours = TheirDirectory(name), ScriptDirectory(name)
        try:
            expected = {one.revision: one for one in theirs.walk_revisions()}
        except Exception:  # noqa: BLE001 - histories that Alembic refuses are another test's
            assume(False)
        found = {one.revision: one for one in ours.walk_revisions()}
        assert found.keys() == expected.keys()
        for id_, script in expected.items():
            compare(found[id_], script)
        # several dependencies of one revision come in no order, as Alembic keeps them in sets
        ordered = sorted if any(len(one.depends_on) > 1 for one in revisions) else list
        for title, call in CALLS.items():
            mine, other = answer(call, ours), answer(call, theirs)
            if title in IN_ORDER:
                mine, other = ordered(mine), ordered(other)
            assert mine == other, title
        for upper, lower in itertools.product(expected, repeat=2):
            way = lambda script, u=upper, low=lower: ids(script.iterate_revisions(u, low))  # noqa: E731
            wanted = answer(way, theirs)
            # Alembic stops where one is below the other by a dependency alone
            if wanted != "refused":
                assert ordered(answer(way, ours)) == ordered(wanted), (upper, lower)
            current = lambda script, u=upper, low=lower: {  # noqa: E731
                one.revision for one in script.get_all_current((u, low))
            }
            assert answer(current, ours) == answer(current, theirs), (upper, lower)


def compare(ours, theirs) -> None:
    for name in FACTS:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if callable(mine):
            mine, other = mine(), other()
        assert mine == other, name
    assert ours.module.revision == theirs.module.revision
    for verbose, *shown in SWITCHES:
        assert lines(ours.cmd_format(verbose, *shown)) == lines(theirs.cmd_format(verbose, *shown))
    assert lines(ours.log_entry) == lines(theirs.log_entry)
    assert str(ours) == str(theirs)
    assert lines(repr(ours)) == lines(repr(theirs))


def lines(text: str) -> list[str]:
    """Sets of names come in no order."""
    return ["".join(sorted(line)) if "," in line else line for line in text.splitlines()]


def test_a_range_whose_ends_are_the_other_way_round_is_refused_by_both(tmp_path) -> None:
    write(tmp_path, [Metadata(id="a1"), Metadata(id="a2", down_revisions=("a1",))])
    for made, kind in (
        (ScriptDirectory, AsyncmigError),
        (TheirDirectory, their_revision.RevisionError),
    ):
        with pytest.raises(kind, match="Revision a2 is not an ancestor of revision a1"):
            list(made(str(tmp_path)).iterate_revisions("a1", "a2"))


@pytest.mark.parametrize("id_", ["a@b", "a-1", "x+y", "a:b"])
def test_ids_that_expressions_could_not_name(id_) -> None:
    with pytest.raises(AsyncmigError) as ours:
        revision.Revision.verify_rev_id(id_)
    with pytest.raises(their_revision.RevisionError) as theirs:
        their_revision.Revision.verify_rev_id(id_)
    assert str(ours.value) == str(theirs.value)


def test_a_map_of_revisions_that_were_made_by_hand() -> None:
    def content(module):
        made = module.Revision
        return [
            made("a1", None),
            made("b1", "a1", branch_labels="left"),
            made("b2", ("a1",), dependencies="b1"),
        ]

    for name in ("heads", "bases", "_real_heads", "_real_bases"):
        ours = revision.RevisionMap(lambda: content(revision))
        theirs = their_revision.RevisionMap(lambda: content(their_revision))
        assert sorted(getattr(ours, name)) == sorted(getattr(theirs, name)), name
    assert ids(ours.iterate_revisions("heads", "base")) == ids(
        theirs.iterate_revisions("heads", "base")
    )
    assert ours.get_revision("left").revision == theirs.get_revision("left").revision == "b1"
    assert ours.get_revision("base") is theirs.get_revision("base") is None
    for each, made in ((ours, revision), (theirs, their_revision)):
        each.add_revision(made.Revision("c1", ("b1", "b2")))
        assert each.heads == ("c1",)
        assert each.get_revision("c1").is_merge_point
        assert each.get_revision("b1").nextrev == {"c1"}
        assert [
            one.revision for one in each.filter_for_lineage(each.get_revisions("heads"), "left")
        ] == ["c1"]


NOT_OURS = {
    # Alembic's own bookkeeping while it updates the version table row by row
    RevisionStep: {
        *("merge_branch_idents", "should_create_branch", "should_delete_branch"),
        *("should_merge_branches", "should_unmerge_branches", "unmerge_branch_idents"),
        "update_version_num",
    },
    StampStep: {
        *("merge_branch_idents", "should_create_branch", "should_delete_branch"),
        *("should_merge_branches", "should_unmerge_branches", "unmerge_branch_idents"),
        "update_version_num",
    },
}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Script, TheirScript),
        (ScriptDirectory, TheirDirectory),
        (revision.Revision, their_revision.Revision),
        (revision.RevisionMap, their_revision.RevisionMap),
        (RevisionStep, their_migration.RevisionStep),
        (StampStep, their_migration.StampStep),
        (revision, their_revision),
    ],
    ids=lambda found: getattr(found, "__name__", None),
)
def test_no_public_member_is_forgotten(ours, theirs, tmp_path) -> None:
    names = {name for name in dir(theirs) if not name.startswith("_")}
    if isinstance(theirs, ModuleType):
        names = {
            name
            for name in names
            if getattr(getattr(theirs, name), "__module__", "") == theirs.__name__
        }
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a.py").write_text("revision = 'a1'\ndown_revision = None\n")
    known = set(dir(ours))
    if ours is Script:
        known.update(dir(ScriptDirectory(str(tmp_path)).get_revision("a1")))
    elif ours is ScriptDirectory:
        known.update(dir(ours(str(tmp_path))))
    elif ours is revision.Revision:
        known.update(dir(ours("a1", None)))
    elif ours is StampStep:
        known.update(dir(ours("a1", None, True, False)))
    elif ours is RevisionStep:
        known.update(("revision", "revision_map", "is_upgrade"))
    assert names - known == NOT_OURS.get(ours, set())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ScriptDirectory, TheirDirectory),
        (revision.Revision, their_revision.Revision),
        (revision.RevisionMap, their_revision.RevisionMap),
        (Script, TheirScript),
    ],
    ids=lambda found: found.__name__,
)
def test_methods_take_the_same_arguments(ours, theirs) -> None:
    for name, method in inspect.getmembers(theirs, inspect.isfunction):
        if name.startswith("_") and (name != "__init__" or ours is Script):
            continue
        wanted = list(inspect.signature(method).parameters)
        assert list(inspect.signature(getattr(ours, name)).parameters) == wanted, name
