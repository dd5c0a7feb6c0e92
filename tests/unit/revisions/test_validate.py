"""Validating a history: every rule, with histories that break it and ones that do not."""

from pathlib import Path

import pytest

from asyncmig.errors import FileError, ScriptError
from asyncmig.revisions.graph.revision import Revision
from asyncmig.revisions.validate import check, validate
from asyncmig.revisions.validation_rules import RULES, RevisionFiles
from support.revision_shorthand import line, revisions


class Written:
    """A script with these directions."""

    def __init__(self, *, up: bool = True, down: bool = True) -> None:
        self.has_upgrade = up
        self.has_downgrade = down


def found(text, **options) -> list[tuple[str, str | None]]:
    """The rules that find something in a history in short, and where."""
    history = RevisionFiles(
        revisions=revisions(text) if isinstance(text, str) else text,
        load=options.pop("load", lambda revision: Written()),
        **options,
    )
    report = check(history)
    assert report.ok is not bool(report.findings)
    for finding in report.findings:
        assert finding.message
        assert finding.hint
    return [(finding.rule, finding.revision) for finding in report.findings]


SOUND = "a; b < a; c < a ~ b; d < b c # label"


def test_a_sound_history():
    assert found(SOUND) == []


def test_an_empty_one():
    assert found("") == []


def test_the_report_says_what_was_checked():
    report = check(RevisionFiles(revisions=revisions(SOUND), load=lambda revision: Written()))
    assert report.revisions == 4
    assert len(report.checked) == len(RULES)
    assert "no-cycle: no revision is below itself" in report.checked
    assert report.ok


def test_some_rules_only():
    rules = [rule for rule in RULES if rule.name == "one-base"]
    report = check(RevisionFiles(revisions=revisions("a; b < zz; c")), rules)
    assert [finding.rule for finding in report.findings] == ["one-base", "one-base"]
    assert len(report.checked) == 1


class TestRules:
    def test_unique_ids(self):
        twice = [
            Revision(id="a", path="1.py"),
            Revision(id="a", path="2.py"),
            Revision(id="a", path="3.py"),
        ]
        assert found(twice) == [("unique-ids", "a")] * 2

    @pytest.mark.parametrize(
        "name", ["a-b", "a@b", "a:b", "a+b", "head", "heads", "base", "current"]
    )
    def test_legal_ids(self, name):
        assert found([Revision(id=name, path="1.py")]) == [("legal-ids", name)]

    def test_an_empty_id(self):
        assert found([Revision(id="", path="1.py")]) == [("legal-ids", "")]

    def test_unique_labels(self):
        assert found("a # l; b < a # l") == [("unique-labels", "b")]
        assert found("a # l l") == [("unique-labels", "a")]
        assert found("a # b; b < a") == [("unique-labels", "a")]

    def test_parents(self):
        assert found("a; b < a; c < b gone") == [("parents", "c")]
        assert found("abcdef # l; c < abcd # k") == [("parents", "c")]

    def test_a_slip_of_the_finger_is_helped(self):
        report = check(
            RevisionFiles(revisions=revisions("abcdef; c < abcdeg"), load=lambda r: Written())
        )
        assert report.findings[0].hint == "did you mean 'abcdef'?"

    def test_dependencies(self):
        assert found("a; b < a ~ gone") == [("dependencies", "b")]
        assert found("abcd1; abcd2 < abcd1; c < abcd2 ~ abcd") == [("dependencies", "c")]
        assert found("abcd1 # l; b < abcd1 ~ l; c < b ~ abcd") == []

    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("a < a", ["a"]),
            ("a ~ a", ["a"]),
            ("a; b < a c; c < b", ["b"]),
            ("a < b; b < a; c < d; d < c; e < a c", ["a", "c"]),
            ("a < b a; b < a", ["a"]),
            ("x < a; a < b; b < c; c < a; y < c", ["a"]),
        ],
    )
    def test_no_cycle(self, text, at):
        assert [revision for rule, revision in found(text) if rule == "no-cycle"] == at

    def test_a_cycle_in_a_long_line(self):
        long = line(20_000)
        assert found([*long, Revision(id="x", down_revisions=("x",), path="x.py")]) == [
            ("no-cycle", "x")
        ]

    def test_one_base(self):
        assert found("a; b; m < a b") == [("one-base", "a"), ("one-base", "b")]
        assert found("a # left; b # right; m < a b") == []
        assert found("a # left; b; m < a b") == [("one-base", "b")]
        assert found("a; c < a # left; b # right; m < c b") == []

    def test_heads(self):
        assert found("a; b < a; c < a") == [("heads", "b"), ("heads", "c")]
        assert found("a; b < a # left; c < a # right") == []
        assert found("a; b < a # left; c < a") == [("heads", "c")]
        assert found("a # l; b < a; c < a; m < b c; x # k") == []
        assert found("a # both; b < a; c < a") == [("heads", "b"), ("heads", "c")]

    def test_so_many_heads(self):
        assert found("a; b < a # left; c < a # right", heads_allowed=1) == [("heads", None)]
        assert found("a; b < a; c < a", heads_allowed=2) == []

    def test_imports(self):
        def load(revision):
            raise ScriptError("broken", hint="mend it", path=revision.path)

        assert found("a; b < a", load=load) == [("imports", "a"), ("imports", "b")]

    def test_each_script_is_loaded_once(self):
        loaded = []

        def load(revision):
            loaded.append(revision.id)
            return Written()

        found("a; b < a", load=load)
        assert loaded == ["a", "b"]

    def test_upgrades_and_downgrades(self):
        assert found("a", load=lambda r: Written(up=False)) == [("upgrades", "a")]
        assert found("a", load=lambda r: Written(down=False)) == [("downgrades", "a")]


def test_everything_at_once_is_all_found():
    text = "a; a; b-b < a; c < gone # l; d < c ~ none # l; e < f; f < e; g"
    rules = {rule for rule, _ in found(text, load=lambda r: Written(up=False, down=False))}
    assert rules == {
        "unique-ids",
        "legal-ids",
        "unique-labels",
        "parents",
        "dependencies",
        "no-cycle",
        "one-base",
        "heads",
        "upgrades",
        "downgrades",
    }


class TestFolders:
    @pytest.fixture
    def versions(self, tmp_path) -> Path:
        folder = tmp_path / "versions"
        folder.mkdir()
        return folder

    def write(
        self, versions, name, *, down=None, body="def upgrade(): pass\ndef downgrade(): pass\n"
    ):
        path = versions / name
        path.write_text(f'revision = "{path.stem}"\ndown_revision = {down!r}\n{body}')
        return path

    def test_sound(self, versions):
        self.write(versions, "a.py")
        self.write(versions, "b.py", down="a")
        (versions / "c.sql").write_text(
            "-- revision: c\n-- down_revision: b\n-- upgrade\nSELECT 1;\n-- downgrade\n"
        )
        report = validate([versions])
        assert report.findings == ()
        assert report.revisions == 3

    def test_files_that_cannot_be_read(self, versions):
        (versions / "x.py").write_text("import re\n")
        (versions / "y.py").write_text("(\n")
        self.write(versions, "z.py")
        report = validate([versions])
        assert [(item.rule, Path(item.path or "").name) for item in report.findings] == [
            ("readable", "x.py"),
            ("readable", "y.py"),
        ]

    def test_scripts_that_do_not_import(self, versions):
        path = self.write(versions, "a.py", body="import nothing_of_that_name\n")
        [finding] = validate([versions]).findings
        assert (finding.rule, finding.revision, finding.path) == ("imports", "a", str(path))
        assert "nothing_of_that_name" in finding.message

    def test_the_context_is_passed_on(self, versions):
        from contextlib import contextmanager

        entered = []

        @contextmanager
        def context():
            entered.append(1)
            yield

        self.write(versions, "a.py")
        validate([versions], import_context=context)
        assert entered == [1]

    def test_files_that_are_reached_twice(self, versions, tmp_path):
        path = self.write(versions, "a.py")
        (versions / "again.py").symlink_to(path)
        [finding] = validate([versions, tmp_path / "nowhere"]).findings
        assert (finding.rule, finding.path) == ("unique-files", str(path))
        [finding] = validate([versions / "..", tmp_path], recursive=True).findings
        assert finding.rule == "unique-files"

    def test_heads_as_allowed(self, versions):
        self.write(versions, "a.py")
        self.write(versions, "b.py", down="a")
        self.write(versions, "c.py", down="a")
        assert validate([versions], heads_allowed=2).ok
        [finding] = validate([versions], heads_allowed=1).findings
        assert "asyncmig merge heads" in (finding.hint or "")

    def test_no_script_directory(self, tmp_path):
        with pytest.raises(FileError):
            validate([tmp_path / "no" / "such"])
