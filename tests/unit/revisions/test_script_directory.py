"""Reading folders: which files, in which order, and an index that is never wrong and never an error."""

import os
import sys
import time
from io import FileIO
from pathlib import Path

import pytest

from asyncmig.errors import FileError, HistoryError, ScriptError
from asyncmig.revisions.cache.metadata_index import RevisionIndex
from asyncmig.revisions.files import read as read_module
from asyncmig.revisions.files.listing import list_folder
from asyncmig.revisions.graph.revision import ScriptKind, Verdict
from asyncmig.revisions.script_directory import ScriptDirectory, read_revisions
from support.processes import unmeasured
from support.revision_shorthand import ids

NOW = time.time_ns
LATER = (
    60 * 10**9
)  # nanoseconds: the files of a test are new, so the index pretends that it is later


def write(
    folder: Path, name: str, *, down: str | None = None, rev: str | None = None, more: str = ""
) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rev = rev or path.stem
    path.write_text(f'"""about {rev}"""\nrevision = {rev!r}\ndown_revision = {down!r}\n{more}')
    return path


def load(*folders: Path, **options) -> list[str]:
    return ids(read_revisions(list(folders), **options))


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def byte_code_wanted(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


class TestListing:
    def test_files_by_name_whatever_the_file_system_says(self, versions):
        for name in ("c.py", "a.py", "b.py"):
            write(versions, name)
        (versions / "aa.sql").write_text("-- revision: aa\n")
        assert load(versions) == ["a", "aa", "b", "c"]

    def test_what_is_no_revision_file_is_passed_over(self, versions):
        write(versions, "a.py")
        for name in (
            "__init__.py",
            ".#a.py",
            "._a.py",
            "README.md",
            "a.pyc",
            "a.py~",
            "__init__x.py",
        ):
            (versions / name).write_text("nonsense (")
        (versions / "data.sql").write_text("INSERT INTO t VALUES (1);")
        (versions / "folder.py").mkdir()
        assert load(versions) == ["a"]

    def test_subfolders_after_files_and_only_when_asked(self, versions):
        write(versions, "b.py")
        write(versions / "2025", "z.py")
        write(versions / "2024" / "deep", "y.py")
        write(versions / "2024", "x.py")
        write(versions / "__pycache__", "no.py")
        write(versions / ".ipynb_checkpoints", "b-checkpoint.py")
        write(versions, "c.py")
        assert load(versions) == ["b", "c"]
        assert load(versions, recursive=True) == ["b", "c", "x", "y", "z"]

    def test_several_locations_in_their_order(self, versions, tmp_path):
        write(versions, "a.py")
        write(tmp_path / "other", "b.py")
        assert load(tmp_path / "other", versions) == ["b", "a"]

    def test_a_file_that_is_reached_twice_counts_once(self, versions, tmp_path):
        write(versions, "a.py")
        (versions / "link.py").symlink_to(versions / "a.py")
        (tmp_path / "again").symlink_to(versions)
        assert load(versions, tmp_path / "again", versions) == ["a"]

    def test_links_are_followed_to_what_they_are(self, versions, tmp_path):
        real = write(tmp_path / "elsewhere", "real.py", rev="a")
        (versions / "link.py").symlink_to(real)
        (versions / "text.py").symlink_to(tmp_path / "notes.txt")
        (tmp_path / "notes.txt").write_text("(")
        [found] = read_revisions([versions])
        assert found.path == str(real)

    def test_a_link_to_nothing_is_an_error(self, versions, tmp_path):
        write(versions, "a.py")
        link = versions / "b.py"
        link.symlink_to(tmp_path / "nothing.py")
        with pytest.raises(FileError) as caught:
            load(versions)
        assert (
            str(caught.value) == f"{link} is a link to {tmp_path}/nothing.py, which does not exist"
        )
        problems = []
        assert [found.id for found in read_revisions([versions], problems=problems)] == ["a"]
        assert [problem.path for problem in problems] == [str(link)]

    def test_paths_are_absolute(self, versions, monkeypatch):
        write(versions, "a.py")
        monkeypatch.chdir(versions.parent)
        [found] = read_revisions([Path("versions")])
        assert found.path == str(versions / "a.py")

    def test_no_script_directory(self, tmp_path):
        with pytest.raises(FileError, match="there is no script directory") as caught:
            ScriptDirectory.load([tmp_path / "nowhere" / "versions"])
        assert "asyncmig init" in caught.value.hint
        assert caught.value.fields()["config"] is None
        with pytest.raises(FileError):
            ScriptDirectory.load([])

    def test_a_folder_that_git_left_out_is_empty(self, versions):
        versions.rmdir()
        assert load(versions) == []
        assert len(ScriptDirectory.load([versions]).graph) == 0

    def test_one_of_several_may_be_missing(self, versions, tmp_path):
        write(versions, "a.py")
        assert load(tmp_path / "no" / "such", versions) == ["a"]

    def test_a_file_instead_of_a_folder(self, tmp_path):
        (tmp_path / "versions").write_text("")
        with pytest.raises(FileError, match="cannot be read: Not a directory"):
            load(tmp_path / "versions")

    def test_a_file_that_is_gone_while_it_is_listed(self, versions, monkeypatch):
        write(versions, "a.py")
        monkeypatch.setattr(read_module, "FileIO", lambda path: FileIO(path + "x"))
        with pytest.raises(FileError, match=r"a.py cannot be read: No such file"):
            load(versions)


class TestByteCode:
    @pytest.fixture
    def compiled(self, versions) -> Path:
        import py_compile

        source = write(versions, "a.py", more="def upgrade(): pass\n")
        cached = Path(py_compile.compile(str(source)) or "")
        source.unlink()
        return cached

    def test_only_when_asked(self, versions, compiled):
        assert load(versions) == []
        assert load(versions, sourceless=True) == ["a"]

    def test_in_the_folder_itself(self, versions, compiled):
        compiled.rename(versions / "a.pyc")
        assert load(versions, sourceless=True) == ["a"]

    def test_the_source_wins(self, versions, compiled):
        compiled.rename(versions / "a.pyc")
        write(versions, "a.py", rev="from_source")
        assert load(versions, sourceless=True) == ["from_source"]

    def test_the_source_wins_over_the_cache(self, versions, compiled):
        write(versions, "a.py", rev="from_source")
        assert load(versions, sourceless=True) == ["from_source"]

    def test_pyc_wins_over_pyo(self, versions, compiled):
        (versions / "a.pyo").write_bytes(compiled.read_bytes())
        (versions / "b.pyo").write_bytes(b"old")
        (versions / "b.pyc").write_bytes(compiled.read_bytes())
        compiled.unlink()
        (versions / "__init__.pyc").write_bytes(b"x")
        names = [file.name for file in list_folder(versions, recursive=False, sourceless=True)]
        assert names == ["a.pyo", "b.pyc"]

    def test_of_another_python_or_a_package(self, versions, compiled):
        compiled.with_name("b.cpython-27.pyc").write_bytes(b"x")
        compiled.with_name(compiled.name.replace("a.", "__init__.")).write_bytes(b"x")
        optimised = compiled.with_name(compiled.name.replace(".pyc", ".opt-1.pyc"))
        optimised.write_bytes(compiled.read_bytes())
        assert load(versions, sourceless=True) == ["a"]


class TestComputed:
    def test_a_script_that_computes_its_metadata_is_run_every_time(
        self, versions, byte_code_wanted, monkeypatch
    ):
        write(versions, "a.py", more="import os\ndepends_on = os.environ.get('DEPENDS')\n")
        now = NOW() + LATER
        monkeypatch.setattr("time.time_ns", lambda: now)
        for depends_on in ("x", "y"):
            monkeypatch.setenv("DEPENDS", depends_on)
            [found] = read_revisions([versions])
            assert found.depends_on == (depends_on,)
            assert found.message == "about a"

    def test_it_runs_inside_of_the_given_context(self, versions):
        write(versions, "a.py", more="from made_up_module import revision\n")

        class Context:
            def __enter__(self):
                sys.modules["made_up_module"] = type(sys)("made_up_module")
                sys.modules["made_up_module"].revision = "made_up"

            def __exit__(self, *exc_info):
                del sys.modules["made_up_module"]

        assert load(versions, import_context=Context) == ["made_up"]
        with pytest.raises(ScriptError, match="No module named 'made_up_module'"):
            load(versions)

    def test_it_leaves_nothing_in_the_modules(self, versions):
        write(versions, "a.py", more="depends_on = str() or None\n")
        before = set(sys.modules)
        load(versions)
        assert not {
            name for name in set(sys.modules) - before if name.startswith("asyncmig_script")
        }


class TestProblems:
    def test_the_first_one_is_raised(self, versions):
        (versions / "x.py").write_text("import re\n")
        with pytest.raises(ScriptError, match=r"x.py is not a revision"):
            ScriptDirectory.load([versions])

    def test_or_all_are_collected(self, versions):
        (versions / "a.py").write_text("(")
        write(versions, "b.py")
        (versions / "c.sql").write_text("-- down_revision: b\n")
        problems = []
        assert load(versions, problems=problems) == ["b"]
        assert [Path(problem.path).name for problem in problems] == ["a.py", "c.sql"]

    def test_a_graph_that_cannot_be(self, versions):
        write(versions, "a.py", down="zzzz")
        with pytest.raises(HistoryError) as caught:
            ScriptDirectory.load([versions])
        assert caught.value.paths == (str(versions / "a.py"),)


@pytest.mark.usefixtures("byte_code_wanted")
class TestIndex:
    @pytest.fixture(autouse=True)
    def later(self, monkeypatch):
        self.now = NOW() + LATER
        monkeypatch.setattr(
            "asyncmig.revisions.cache.metadata_index.time.time_ns", lambda: self.now
        )

    @pytest.fixture
    def reads(self, monkeypatch):
        """The files that were read, not taken from the index."""
        names: list[str] = []
        read = read_module.read_file

        def spy(path):
            names.append(Path(path).name)
            return read(path)

        monkeypatch.setattr(read_module, "read_file", spy)
        return names

    def index_of(self, versions: Path) -> Path:
        [found] = (versions / "__pycache__").glob("*.index")
        return found

    def test_files_are_read_once(self, versions, reads):
        write(versions, "a.py")
        (versions / "b.sql").write_text(
            "-- second\n-- revision: b\n-- down_revision: a\n-- depends_on: a\n"
        )
        (versions / "data.sql").write_text("SELECT 1;")
        first = read_revisions([versions])
        assert reads == ["a.py", "b.sql", "data.sql"]
        reads.clear()
        assert read_revisions([versions]) == first
        assert reads == []
        assert first[1].kind is ScriptKind.SQL

    def test_changed_new_and_deleted_files(self, versions, reads):
        write(versions, "a.py")
        write(versions, "b.py")
        load(versions)
        reads.clear()
        write(versions, "a.py", rev="changed")
        write(versions, "c.py")
        (versions / "b.py").unlink()
        assert load(versions) == ["changed", "c"]
        assert reads == ["a.py", "c.py"]
        reads.clear()
        assert load(versions) == ["changed", "c"]
        assert reads == []

    def test_a_change_that_keeps_size_and_time_is_seen(self, versions):
        path = write(versions, "a.py", rev="aa")
        os.utime(path, ns=(10**18, 10**18))
        assert load(versions) == ["aa"]
        write(versions, "a.py", rev="bb")
        os.utime(path, ns=(10**18, 10**18))
        assert load(versions) == ["bb"]

    def test_a_file_that_takes_the_place_of_another_is_seen(self, versions):
        path = write(versions, "a.py", rev="aa")
        load(versions)
        other = write(versions.parent, "a.py", rev="bb")
        stat = path.stat()
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(path)
        assert load(versions) == ["bb"]

    def test_what_changed_a_moment_ago_is_not_kept(self, versions, reads):
        self.now = NOW()
        write(versions, "a.py")
        assert load(versions) == load(versions) == ["a"]
        assert reads == ["a.py", "a.py"]
        assert not list(versions.glob("__pycache__/*.index"))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: content[:-1],
            lambda content: content + b" ",
            lambda content: content.replace(b"about a", b"about x"),
            lambda content: b"asyncmig-index-1" + content[16:],
            lambda content: content.replace(b"\n", b""),
            lambda content: os.urandom(100),
        ],
    )
    def test_a_damaged_one_is_none(self, versions, reads, damage):
        write(versions, "a.py")
        load(versions)
        index = self.index_of(versions)
        whole = index.read_bytes()
        index.write_bytes(damage(whole))
        reads.clear()
        assert load(versions) == ["a"]
        assert reads == ["a.py"]
        assert index.read_bytes() == whole

    def test_nothing_new_is_nothing_written(self, versions):
        write(versions, "a.py")
        load(versions)
        before = self.index_of(versions).stat()
        load(versions)
        assert self.index_of(versions).stat() == before

    def test_no_draft_is_left(self, versions):
        write(versions, "a.py")
        load(versions)
        assert [path.name for path in (versions / "__pycache__").iterdir()] == [
            "asyncmig-revisions.index"
        ]

    def test_where_no_byte_code_is_wanted_it_goes_to_the_user(
        self, versions, reads, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        write(versions, "a.py")
        assert load(versions) == load(versions) == ["a"]
        assert reads == ["a.py"]
        assert not (versions / "__pycache__").exists()
        [kept] = (tmp_path / "home" / ".cache" / "asyncmig").iterdir()
        assert kept.name.endswith("-asyncmig-revisions.index")

    def test_or_where_none_can_be_written(self, versions, reads, tmp_path, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        write(versions, "a.py")
        write(tmp_path / "other", "a.py", rev="b")
        assert load(versions, tmp_path / "other") == ["a", "b"]
        reads.clear()
        assert load(versions, tmp_path / "other") == ["a", "b"]
        assert reads == []
        assert len(list((tmp_path / "cache" / "asyncmig").iterdir())) == 2

    def test_or_nowhere(self, versions, reads, monkeypatch):
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        for name in ("XDG_CACHE_HOME", "HOME", "USERPROFILE"):
            monkeypatch.delenv(name, raising=False)
        write(versions, "a.py")
        assert load(versions) == load(versions) == ["a"]
        assert reads == ["a.py", "a.py"]

    def test_nor_without_cache(self, versions, reads):
        write(versions, "a.py")
        load(versions)
        reads.clear()
        assert load(versions, cache=False) == ["a"]
        assert reads == ["a.py"]

    def test_where_the_byte_code_goes(self, versions, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
        write(versions, "a.py")
        load(versions)
        assert not (versions / "__pycache__").exists()
        [index] = (tmp_path / "cache").rglob("*.index")
        assert index.parent == Path(f"{tmp_path}/cache{versions}")

    def test_a_place_where_nothing_can_be_written(self, versions):
        write(versions, "a.py")
        (versions / "__pycache__").write_text("in the way")
        assert load(versions) == load(versions) == ["a"]

    def test_a_draft_that_cannot_take_its_place(self, versions, monkeypatch):
        def refuse(self, target):
            raise OSError("read-only")

        monkeypatch.setattr(Path, "replace", refuse)
        write(versions, "a.py")
        assert load(versions) == ["a"]
        assert list((versions / "__pycache__").iterdir()) == []

    def test_subfolders_share_it(self, versions, reads):
        write(versions, "a.py")
        write(versions / "2024", "b.py")
        assert load(versions, recursive=True) == ["a", "b"]
        reads.clear()
        assert load(versions, recursive=True) == ["a", "b"]
        assert reads == []

    def test_what_it_answers(self, versions):
        write(versions, "a.py")
        (versions / "data.sql").write_text("SELECT 1;")
        load(versions)
        files = {
            file.name: file for file in list_folder(versions, recursive=False, sourceless=False)
        }
        index = RevisionIndex(versions)
        assert index.get(files["a.py"]).id == "a"
        assert index.get(files["data.sql"]) is Verdict.NO_REVISION
        assert index.get(files["a.py"]._replace(state=(0, 0, 0, 0))) is Verdict.UNREAD


def test_load_makes_the_graph(versions):
    write(versions, "a.py")
    write(versions, "b.py", down="a")
    directory = ScriptDirectory.load([versions])
    assert directory.graph.heads == ("b",)
    assert directory.locations == (versions,)


def test_what_graph_commands_import():
    import subprocess

    code = (
        "import sys; from asyncmig.revisions.script_directory import ScriptDirectory\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=unmeasured(), capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    heavy = {"sqlalchemy", "asyncpg", "anyio", "asyncio", "importlib.util", "difflib", "hashlib"}
    files = {"import_script", "loader", "script", "python_ast", "python_metadata", "sql_file"}
    ours = {f"asyncmig.revisions.files.{name}" for name in files} | {"asyncmig.revisions.validate"}
    assert not loaded & (heavy | ours)


def test_a_file_that_was_deleted_while_its_folder_was_read_is_passed_over(versions, monkeypatch):
    write(versions, "a.py")
    write(versions, "b.py")

    class Gone:
        """An entry of a folder whose file is gone."""

        def __init__(self, entry):
            self.name, self.path = entry.name, entry.path

        def is_symlink(self):
            return False

        def is_dir(self, **_):
            return False

        def is_file(self, **_):
            return True

        def stat(self):
            raise FileNotFoundError

    def entries(folder):
        with os.scandir(folder) as found:
            return [Gone(each) if each.name == "a.py" else each for each in found]

    monkeypatch.setattr("asyncmig.revisions.files.listing._entries", entries)
    found = list_folder(str(versions), recursive=False, sourceless=False)
    assert [file.name for file in found] == ["b.py"]
