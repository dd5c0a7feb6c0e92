"""Where a new revision stands: heads, splices, branches, dependencies, locations, merges."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asyncmig.config import PostWriteHook, Settings
from asyncmig.errors import (
    AmbiguousRevisionError,
    FileError,
    MultipleHeadsError,
    RevisionNotFoundError,
    ScriptError,
    TargetError,
)
from asyncmig.render import NewRevision, create_merge, create_revision, ensure_versions_folder
from asyncmig.results import CreatedRevision
from asyncmig.revisions.script_directory import ScriptDirectory


@pytest.fixture
def load(project):
    """The project's settings and history as they are now."""

    def now(**changes: object):
        settings = project.settings(**changes)
        return settings, ScriptDirectory.load(settings.version_paths, cache=False)

    return now


def line(project, *revisions):
    down = None
    for revision in revisions:
        project.revision(revision, down=down)
        down = revision


class TestRevision:
    def test_first(self, project, load):
        made = create_revision(*load(), NewRevision(message="First one"))
        assert made == CreatedRevision(
            revision=made.revision,
            path=str(project.versions / f"{made.revision}_first_one.py"),
        )
        assert load()[1].graph.heads == (made.revision,)

    def test_next(self, project, load):
        line(project, "a1", "b1")
        made = create_revision(
            *load(), NewRevision(rev_id="c1", upgrades="op.f()", imports=["import uuid"])
        )
        assert made.down_revisions == ("b1",)
        assert "import uuid" in Path(made.path).read_text()
        assert [r.id for r in load()[1].graph] == ["c1", "b1", "a1"]

    def test_sql(self, project, load):
        line(project, "a1")
        made = create_revision(*load(), NewRevision(rev_id="b1", as_sql=True))
        assert made.path.endswith("b1_.sql")
        assert load()[1].graph.get("b1").down_revisions == ("a1",)

    def test_sql_by_default(self, project, load):
        settings, directory = load(revision_format="sql")
        assert create_revision(settings, directory, NewRevision(rev_id="a1")).path.endswith(".sql")

    def test_a_hint_names_a_few_of_many_heads(self, project, load):
        for number in range(260):
            project.revision(f"r{number:03}")
        with pytest.raises(MultipleHeadsError) as caught:
            create_revision(*load(), NewRevision())
        assert "the heads are r000, r001, r002, r003, r004 and 255 more" in caught.value.hint

    def test_multiple_heads(self, project, load):
        line(project, "a1")
        project.revision("b1", down="a1")
        project.revision("b2", down="a1", labels="left")
        with pytest.raises(MultipleHeadsError) as caught:
            create_revision(*load(), NewRevision())
        assert "'head' matches several revisions" in str(caught.value)
        assert "b1" in caught.value.hint
        assert "asyncmig merge heads" in caught.value.hint
        assert set(caught.value.fields()["heads"]) == {"b1", "b2"}
        assert create_revision(*load(), NewRevision(head="b1", rev_id="c1")).down_revisions == (
            "b1",
        )
        assert create_revision(
            *load(), NewRevision(head="left@head", rev_id="c2")
        ).down_revisions == ("b2",)

    def test_from_nothing(self, project, load):
        line(project, "a1")
        made = create_revision(
            *load(), NewRevision(rev_id="z1", head="base", branch_labels=["other"])
        )
        assert made.down_revisions == ()
        assert load()[1].graph.labels("z1") == ("other",)

    def test_splice(self, project, load):
        line(project, "a1", "b1")
        with pytest.raises(
            TargetError, match="revision a1 is not a head: it is the parent of b1"
        ) as caught:
            create_revision(*load(), NewRevision(head="a1"))
        assert caught.value.hint == "give --splice to branch off there; the head is b1"
        made = create_revision(*load(), NewRevision(head="a1", splice=True, rev_id="b2"))
        assert made.down_revisions == ("a1",)
        with pytest.raises(TargetError) as caught:
            create_revision(*load(), NewRevision(head="a1"))
        assert "the heads are " in caught.value.hint

    @pytest.mark.parametrize(
        ("head", "error"), [("zzzz", RevisionNotFoundError), ("aaaa", AmbiguousRevisionError)]
    )
    def test_unknown_head(self, project, load, head, error):
        line(project, "aaaa1", "aaaa2")
        with pytest.raises(error):
            create_revision(*load(), NewRevision(head=head))

    def test_dependencies(self, project, load):
        line(project, "aaaa1")
        project.revision("bbbb1", labels="left")
        made = create_revision(
            *load(), NewRevision(rev_id="c1", head="aaaa1", depends_on=["bbbb", "left", "bbbb1"])
        )
        assert load()[1].graph.get(made.revision).depends_on == ("bbbb1", "left")
        with pytest.raises(RevisionNotFoundError):
            create_revision(*load(), NewRevision(head="c1", depends_on=["zzzz"]))

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            ({"rev_id": "a1"}, "revision 'a1'"),
            ({"rev_id": "left"}, "branch label 'left'"),
            ({"branch_labels": ["left"]}, "branch label 'left'"),
            ({"branch_labels": ["a1"]}, "revision 'a1'"),
        ],
    )
    def test_taken_names(self, project, load, arguments, kind):
        path = project.revision("a1", labels="left")
        with pytest.raises(ScriptError, match=f"there is already a {kind}") as caught:
            create_revision(*load(), NewRevision(**arguments))
        assert caught.value.fields() == {"revision": "a1", "path": str(path)}

    def test_a_new_revision_lies_beside_its_parent(self, project, load, tmp_path):
        one, two = tmp_path / "one", tmp_path / "two"
        one.mkdir()
        two.mkdir()
        project.revision("a1")
        project.revision("b1")
        (project.versions / "a1.py").rename(one / "a1.py")
        (project.versions / "b1.py").rename(two / "b1.py")
        settings, directory = load(version_locations=(one, two))
        made = create_revision(settings, directory, NewRevision(head="b1", rev_id="b2"))
        assert Path(made.path).parent == two
        made = create_revision(
            settings, directory, NewRevision(head="b1", rev_id="b3", version_path=one)
        )
        assert Path(made.path).parent == one

    @pytest.mark.parametrize("inner_first", [True, False])
    def test_a_parent_in_the_inner_one_of_nested_locations(
        self, project, load, tmp_path, inner_first
    ):
        outer = tmp_path / "outer"
        inner = outer / "inner"
        inner.mkdir(parents=True)
        for revision, folder in (("a1", outer), ("b1", inner)):
            project.revision(revision)
            (project.versions / f"{revision}.py").rename(folder / f"{revision}.py")
        locations = (inner, outer) if inner_first else (outer, inner)
        settings, directory = load(version_locations=locations)
        for parent, folder in (("a1", outer), ("b1", inner)):
            new = NewRevision(head=parent, rev_id=f"{parent}x")
            assert Path(create_revision(settings, directory, new).path).parent == folder

    def test_a_parent_that_lies_elsewhere(self, project, load, tmp_path):
        """The history may be read from more folders than are written to."""
        from asyncmig.errors import ConfigError

        line(project, "a1")
        _, directory = load()
        settings, _ = load(version_locations=(tmp_path / "x", tmp_path / "y"))
        with pytest.raises(ConfigError, match="several version locations"):
            create_revision(settings, directory, NewRevision())

    def test_hooks(self, project, load):
        hook = PostWriteHook(
            name="mark",
            type="exec",
            entrypoint=sys.executable,
            options="-c \"import sys; open(sys.argv[1], 'a').write('# marked')\""
            " REVISION_SCRIPT_FILENAME",
        )
        settings, directory = load(post_write_hooks=(hook,))
        made = create_revision(settings, directory, NewRevision())
        assert made.hooks == ("mark",)
        assert Path(made.path).read_text().endswith("# marked")


class TestMerge:
    @pytest.fixture
    def two_heads(self, project):
        project.revision("a1")
        project.revision("b1", down="a1")
        project.revision("b2", down="a1")

    def test_heads(self, two_heads, load):
        made = create_merge(*load(), NewRevision(rev_id="m1"))
        assert set(made.down_revisions) == {"b1", "b2"}
        graph = load()[1].graph
        assert graph.heads == ("m1",)
        assert graph.get("m1").message == f"merge {' and '.join(made.down_revisions)}"

    def test_named(self, two_heads, load):
        made = create_merge(
            *load(), NewRevision(message="Join", branch_labels=["joined"]), ["b1", "b2", "b1"]
        )
        assert made.down_revisions == ("b1", "b2")
        assert load()[1].graph.get(made.revision).branch_labels == ("joined",)
        assert made.path.endswith("_join.py")

    def test_inner(self, two_heads, project, load):
        project.revision("c1", down="b1")
        with pytest.raises(TargetError, match="revision b1 is not a head"):
            create_merge(*load(), NewRevision(), ["b1", "b2"])
        made = create_merge(*load(), NewRevision(splice=True), ["b1", "b2"])
        assert made.down_revisions == ("b1", "b2")

    def test_one_is_not_enough(self, two_heads, load):
        with pytest.raises(
            TargetError, match="two revisions or more, and b1 names only b1"
        ) as caught:
            create_merge(*load(), NewRevision(), ["b1"])
        assert "the heads are " in caught.value.hint

    @pytest.mark.parametrize("count", [0, 1])
    def test_nothing_to_merge(self, project, load, count):
        line(project, *["a1", "b1"][:count])
        with pytest.raises(TargetError) as caught:
            create_merge(*load(), NewRevision())
        named = "only a1" if count else "none"
        assert str(caught.value) == f"a merge needs two revisions or more, and heads names {named}"
        assert caught.value.hint == "nothing needs merging"


class TestMakeRoom:
    def test_the_folder_that_git_did_not_keep(self, tmp_path):
        (tmp_path / "migrations").mkdir()
        settings = Settings(script_location=tmp_path / "migrations")
        ensure_versions_folder(settings)
        ensure_versions_folder(settings)
        assert (tmp_path / "migrations" / "versions").is_dir()

    def test_no_script_directory(self, tmp_path):
        ensure_versions_folder(Settings(script_location=tmp_path / "mistyped"))
        assert list(tmp_path.iterdir()) == []

    def test_places_of_its_own(self, tmp_path):
        (tmp_path / "migrations").mkdir()
        places = (tmp_path / "a", tmp_path / "b")
        ensure_versions_folder(
            Settings(script_location=tmp_path / "migrations", version_locations=places)
        )
        assert not places[0].exists()

    def test_what_cannot_be_made(self, tmp_path):
        (tmp_path / "migrations").mkdir()
        (tmp_path / "migrations" / "versions").symlink_to(tmp_path / "nowhere")
        with pytest.raises(FileError, match="cannot be created: file exists"):
            ensure_versions_folder(Settings(script_location=tmp_path / "migrations"))
