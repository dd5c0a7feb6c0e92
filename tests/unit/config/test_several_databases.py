"""The settings of each database where none was chosen, and files that hide each other."""

from __future__ import annotations

from configparser import ConfigParser

import pytest

from asyncmig.config import load
from asyncmig.config.databases import load_each
from asyncmig.config.files.locations import working_directory
from asyncmig.config.files.search import refuse_second
from asyncmig.config.loading import load_parsed
from asyncmig.errors import ConfigError, FileError

TWO = '[databases.a]\nurl = "postgresql://a"\n[databases.b]\n{b}'
OWN = TWO.format(b='url = "postgresql://b"')
OPEN = TWO.format(b="")


def each(folder, text, **source):
    (folder / "asyncmig.toml").write_text(text, "utf-8")
    arguments = {"cwd": folder, "environ": {}} | source
    found = load_each(load(**arguments), **arguments)
    return {name: settings.url for name, settings in found.items()}


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (OWN, {}, {"a": "postgresql://a", "b": "postgresql://b"}),
        (OPEN, {}, {"a": "postgresql://a", "b": None}),
        # one URL for the whole is one database
        (OWN, {"url": "postgresql://x"}, {}),
        (OWN, {"environ": {"ASYNCMIG_URL": "postgresql://x"}}, {}),
        ('url = "postgresql://x"\n' + OWN, {}, {}),
        # DATABASE_URL is such a URL unless every table has its own
        (
            OWN,
            {"environ": {"DATABASE_URL": "postgresql://x"}},
            {"a": "postgresql://a", "b": "postgresql://b"},
        ),
        (OPEN, {"environ": {"DATABASE_URL": "postgresql://x"}}, {}),
        # a single one
        (OWN, {"name": "a"}, {}),
        ('url = "postgresql://x"', {}, {}),
    ],
)
def test_which_databases(tmp_path, text, source, expected):
    assert each(tmp_path, text, **source) == expected


@pytest.mark.parametrize(
    ("existing", "new", "message"),
    [
        ("asyncmig.toml", "pyproject.toml", "it takes precedence over pyproject.toml"),
        ("pyproject.toml", "asyncmig.toml", "asyncmig.toml would take precedence"),
        ("alembic.ini", "asyncmig.toml", "asyncmig.toml would take precedence"),
    ],
)
def test_a_second_configuration_is_refused(tmp_path, existing, new, message):
    texts = {
        "asyncmig.toml": 'script_location = "migrations"',
        "pyproject.toml": '[tool.asyncmig]\nscript_location = "migrations"',
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
    }
    (tmp_path / existing).write_text(texts[existing], "utf-8")
    with pytest.raises(ConfigError) as caught:
        refuse_second(tmp_path / new)
    assert str(tmp_path / existing) in str(caught.value)
    assert str(caught.value).endswith(message)
    native = existing != "alembic.ini"
    first = "create the folder that its script_location names" if native else "asyncmig reads it"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(first)


def test_a_file_that_hides_none(tmp_path):
    refuse_second(tmp_path / "asyncmig.toml")
    (tmp_path / "asyncmig.toml").write_text("", "utf-8")
    refuse_second(tmp_path / "asyncmig.toml")
    refuse_second(tmp_path / "other.toml")


def test_a_working_directory_that_was_deleted(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileError, match="the working directory was deleted"):
        working_directory()


def test_an_ini_that_was_parsed_and_changed(tmp_path, monkeypatch):
    """As env.py gets it: the file need not exist, and a table for Alembic comes behind it."""
    monkeypatch.chdir(tmp_path)
    parser = ConfigParser()
    parser.read_string("[alembic]\nscript_location = here\n")
    found = load_parsed(parser, tmp_path / "alembic.ini")
    assert found.script_location == tmp_path / "here"
    toml = tmp_path / "pyproject.toml"
    toml.write_text('[tool.alembic]\nscript_location = "there"\nsourceless = true\n', "utf-8")
    found = load_parsed(parser, tmp_path / "alembic.ini", toml=toml)
    assert (found.script_location, found.sourceless) == (tmp_path / "here", True)
