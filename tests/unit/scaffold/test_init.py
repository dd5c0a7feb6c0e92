"""New projects: what each template makes, what is refused, and that nothing is left half made."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from asyncmig.config import database_url, load
from asyncmig.errors import ConfigError, ConfigKeyError, FileError, ScriptError
from asyncmig.render import NewRevision, create_revision
from asyncmig.revisions.script_directory import ScriptDirectory
from asyncmig.scaffold.init import init_project
from asyncmig.scaffold.model_search import FoundModels
from asyncmig.scaffold.project_templates import list_templates

ENVIRON = {
    "DATABASE_URL": "postgresql://db/app",
    "ENGINE1_URL": "postgresql://one/app",
    "ENGINE2_URL": "postgresql://two/app",
}


def files(folder: Path) -> set[str]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_templates():
    found = {info.name: info.description for info in list_templates()}
    assert list(found) == ["async", "generic", "multidb", "pyproject", "sql"]
    assert "generic" in found["async"]
    assert all(text.endswith(".") for text in found.values())


@pytest.mark.parametrize(
    ("template", "config", "names", "ending"),
    [
        ("generic", "asyncmig.toml", (None,), ".py"),
        ("async", "asyncmig.toml", (None,), ".py"),
        ("sql", "asyncmig.toml", (None,), ".sql"),
        ("pyproject", "pyproject.toml", (None,), ".py"),
        ("multidb", "asyncmig.toml", ("engine1", "engine2"), ".py"),
    ],
)
def test_a_revision_can_be_written_at_once(tmp_path, template, config, names, ending):
    made = init_project("migrations", template=template, cwd=tmp_path)
    assert made.template == template
    assert made.directory == str(tmp_path / "migrations")
    assert made.config == str(tmp_path / config)
    assert made.changed == ()
    assert {Path(path) for path in made} == set(tmp_path.rglob("*"))
    assert files(tmp_path) == {config, "migrations/README"}
    for name in names:
        settings = load(cwd=tmp_path, environ=ENVIRON, name=name)
        assert database_url(settings).hosts
        directory = ScriptDirectory.load(settings.version_paths, cache=False)
        created = create_revision(settings, directory, NewRevision(message="first"))
        assert created.path.endswith(f"_first{ending}")
        assert (tmp_path / "migrations") in Path(created.path).parents
        assert len(ScriptDirectory.load(settings.version_paths, cache=False).graph) == 1


def test_databases_have_their_own_urls_and_scripts(tmp_path):
    init_project("db", template="multidb", cwd=tmp_path)
    one = load(cwd=tmp_path, environ=ENVIRON, name="engine1")
    two = load(cwd=tmp_path, environ=ENVIRON, name="engine2")
    assert (one.url, two.url) == ("postgresql://one/app", "postgresql://two/app")
    assert one.version_paths == (tmp_path / "db/engine1/versions",)
    assert two.version_paths == (tmp_path / "db/engine2/versions",)


@pytest.mark.parametrize("template", ["generic", "sql", "multidb", "pyproject"])
def test_every_commented_key_is_one(tmp_path, template):
    """Uncommenting a line of the new configuration never gives an unknown key or a wrong value."""
    made = init_project("db", template=template, cwd=tmp_path)
    config = Path(made.config)
    lines = [
        re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", line) for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines) + "\n")
    assert sum(line.startswith("#") for line in lines) > 3
    for name in load(cwd=tmp_path, environ=ENVIRON).databases or (None,):
        load(cwd=tmp_path, environ=ENVIRON, name=name)


@pytest.mark.parametrize("template", ["generic", "multidb"])
def test_package(tmp_path, template):
    init_project("db", template=template, cwd=tmp_path, package=True)
    found = {name for name in files(tmp_path) if name.endswith(".py")}
    inside = {"db/__init__.py"}
    for name in ("db",) if template == "generic" else ("db/engine1", "db/engine2"):
        inside |= {f"{name}/__init__.py", f"{name}/versions/__init__.py"}
    assert found == inside


def test_an_empty_directory_may_be_there(tmp_path):
    (tmp_path / "db").mkdir()
    made = init_project("db", cwd=tmp_path)
    assert str(tmp_path / "db") not in made.created


def test_folders_above_are_made(tmp_path):
    init_project("a/b/db", cwd=tmp_path)
    assert (tmp_path / "a/b/db/versions").is_dir()
    assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "a/b/db"


def test_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert init_project("db").config == str(tmp_path / "asyncmig.toml")


def test_config_elsewhere(tmp_path):
    made = init_project("db", cwd=tmp_path, config_path="conf/dev.toml")
    assert made.config == str(tmp_path / "conf/dev.toml")
    assert tomllib.loads(Path(made.config).read_text())["script_location"] == "../db"
    assert (
        load("conf/dev.toml", cwd=tmp_path, environ={}).script_location.resolve() == tmp_path / "db"
    )


def test_a_name_that_toml_must_escape(tmp_path):
    init_project('a "b" ö', cwd=tmp_path)
    assert load(cwd=tmp_path, environ={}).script_location == tmp_path / 'a "b" ö'


def test_another_drive(tmp_path, monkeypatch):
    def fail(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", fail)
    init_project("db", cwd=tmp_path)
    text = (tmp_path / "asyncmig.toml").read_text()
    assert tomllib.loads(text)["script_location"] == (tmp_path / "db").as_posix()


class TestPyproject:
    @pytest.mark.parametrize(
        ("before", "between"),
        [
            (b"", b""),
            (b"\n", b""),
            (b'[project]\nname = "x"\n', b"\n"),
            (b'[project]\nname = "x"', b"\n\n"),
            (b'[project]\r\nname = "x"\r\n', b"\r\n"),
        ],
    )
    def test_added(self, tmp_path, before, between):
        (tmp_path / "pyproject.toml").write_bytes(before)
        made = init_project("db", template="pyproject", cwd=tmp_path)
        assert made.changed == (str(tmp_path / "pyproject.toml"),)
        assert made.config in list(made)
        content = (tmp_path / "pyproject.toml").read_bytes()
        assert content.startswith(before + between + b"[tool.asyncmig]")
        assert content.count(b"\n") == content.count(b"\r\n") or b"\r" not in before
        assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "db"

    def test_named_with_c(self, tmp_path):
        made = init_project("db", cwd=tmp_path, config_path="pyproject.toml")
        assert made.template == "pyproject"
        assert "[tool.asyncmig]" in (tmp_path / "pyproject.toml").read_text()

    def test_there_is_one(self, tmp_path):
        text = "[tool.asyncmig]\nrole = 'a'\n"
        (tmp_path / "pyproject.toml").write_text(text)
        with pytest.raises(ConfigError, match=r"already has a \[tool.asyncmig\] table"):
            init_project("db", template="pyproject", cwd=tmp_path)
        assert files(tmp_path) == {"pyproject.toml"}
        assert (tmp_path / "pyproject.toml").read_text() == text

    def test_no_toml(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[")
        with pytest.raises(ConfigError, match="not TOML"):
            init_project("db", template="pyproject", cwd=tmp_path)
        assert not (tmp_path / "db").exists()


class TestRefused:
    def test_not_empty(self, tmp_path):
        (tmp_path / "db").mkdir()
        (tmp_path / "db/x").write_text("")
        with pytest.raises(
            FileError, match=r"directory .*/db already exists and is not empty"
        ) as caught:
            init_project("db", cwd=tmp_path)
        assert caught.value.fields() == {"path": str(tmp_path / "db")}
        assert files(tmp_path) == {"db/x"}

    def test_a_file(self, tmp_path):
        (tmp_path / "db").write_text("")
        with pytest.raises(FileError, match=r"/db is a file"):
            init_project("db", cwd=tmp_path)

    def test_config_exists(self, tmp_path):
        (tmp_path / "asyncmig.toml").write_text("role = 'a'")
        with pytest.raises(FileError, match=r"asyncmig.toml already exists") as caught:
            init_project("db", cwd=tmp_path)
        assert "-c" in caught.value.hint
        assert files(tmp_path) == {"asyncmig.toml"}

    def test_ini(self, tmp_path):
        with pytest.raises(ConfigError, match=r"alembic.ini is not a TOML file"):
            init_project("db", cwd=tmp_path, config_path="alembic.ini")
        assert not files(tmp_path)

    @pytest.mark.parametrize(
        ("template", "near"), [("genric", "generic"), ("multi-db", "multidb"), ("zzz", None)]
    )
    def test_no_such_template(self, tmp_path, template, near):
        with pytest.raises(ConfigError, match=f"there is no template '{template}'") as caught:
            init_project("db", template=template, cwd=tmp_path)
        assert caught.value.fields()["nearest"] == near
        assert "there are async, generic, multidb, pyproject, sql" in caught.value.hint

    @pytest.mark.parametrize("how", ["folder", "config", "pyproject"])
    def test_nothing_is_left(self, tmp_path, monkeypatch, how):
        (tmp_path / "pyproject.toml").write_bytes(b"[project]\n")
        real_mkdir, real_open = Path.mkdir, Path.open

        def mkdir(path: Path, *arguments: object) -> None:
            if how == "folder" and path.name == "versions":
                raise PermissionError(13, "Permission denied", str(path))
            real_mkdir(path)

        def opened(path: Path, mode: str = "r", **arguments: object) -> object:
            if how == "config" and path.name == "asyncmig.toml" and mode == "xb":
                raise OSError("full")
            file = real_open(path, mode, **arguments)  # type: ignore[call-overload]  # passed on
            if how == "pyproject" and mode == "ab":
                file.write(b"[half")
                file.close()
                raise PermissionError(13, "Permission denied", str(path))
            return file

        monkeypatch.setattr(Path, "mkdir", mkdir)
        monkeypatch.setattr(Path, "open", opened)
        template = "pyproject" if how == "pyproject" else "generic"
        with pytest.raises(
            FileError, match=r"cannot be written: (permission denied|full)"
        ) as caught:
            init_project("a/db", template=template, cwd=tmp_path)
        assert caught.value.hint.startswith("nothing of the project was left behind")
        assert list(tmp_path.iterdir()) == [tmp_path / "pyproject.toml"]
        assert (tmp_path / "pyproject.toml").read_bytes() == b"[project]\n"


class TestOwnTemplates:
    @pytest.fixture
    def own(self, tmp_path):
        folder = tmp_path / "house style"
        (folder / "docs").mkdir(parents=True)
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__/x.pyc").write_bytes(b"")
        (folder / "docs/HOWTO").write_text("${script_location}")
        (folder / "revision.py.template").write_text(
            '"""${message}"""\nrevision = ${revision_literal}\ndown_revision = ${down_revision}\n'
        )
        (folder / "asyncmig.toml.template").write_text('script_location = "${script_location}"\n')
        return folder

    def test_used(self, own, tmp_path):
        made = init_project("db", template="house style", cwd=tmp_path)
        assert made.template == "house style"
        assert files(tmp_path / "db") == {"docs/HOWTO", "revision.py.template"}
        assert (tmp_path / "db/docs/HOWTO").read_text() == "${script_location}"
        settings = load(cwd=tmp_path, environ={})
        directory = ScriptDirectory.load(settings.version_paths, cache=False)
        text = Path(create_revision(settings, directory, NewRevision(rev_id="a1")).path).read_text()
        assert text.startswith('"""empty message"""\nrevision = "a1"\n')

    def test_by_absolute_path(self, own, tmp_path):
        assert init_project("db", template=str(own), cwd=tmp_path).changed == ()

    @pytest.mark.parametrize("both", [True, False])
    def test_one_configuration(self, own, tmp_path, both):
        if both:
            (own / "pyproject.toml.template").write_text("")
        else:
            (own / "asyncmig.toml.template").unlink()
        with pytest.raises(ConfigError, match=r"has (both|neither) of asyncmig.toml.template"):
            init_project("db", template="house style", cwd=tmp_path)

    @pytest.mark.parametrize(
        ("config", "error"),
        [
            ("a = ${nope}", ScriptError),
            ("nope = 1", ConfigKeyError),
            ("[", ConfigError),
        ],
    )
    def test_nothing_is_left_of_a_bad_one(self, own, tmp_path, config, error):
        (own / "asyncmig.toml.template").write_text(config)
        before = files(tmp_path)
        with pytest.raises(error):
            init_project("db", template="house style", cwd=tmp_path)
        assert files(tmp_path) == before
        assert not (tmp_path / "db").exists()


@pytest.mark.parametrize("template", ["generic", "sql", "pyproject"])
def test_the_models_are_written_into_the_configuration(tmp_path, template):
    models = FoundModels(("shop.models:Base.metadata", "audit:metadata"), "src")
    made = init_project("migrations", template=template, models=models, cwd=tmp_path)
    assert made.target_metadata == models.names
    settings = load(cwd=tmp_path, environ=ENVIRON)
    assert settings.target_metadata == models.names
    assert tmp_path / "src" in settings.prepend_sys_path


def test_a_template_without_a_place_for_models(tmp_path):
    with pytest.raises(
        ConfigError, match="the template 'multidb' has no place for target_metadata"
    ):
        init_project("migrations", template="multidb", models=FoundModels(("a:b",)), cwd=tmp_path)
    assert files(tmp_path) == set()
