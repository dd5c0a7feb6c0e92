"""Alembic as the oracle: what its Config reads from files, our settings say too."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncmig.config import load

NAMES = st.text("abz_1", min_size=1, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=3)


def _absolute(paths, folder):
    return tuple(folder / path for path in paths or ())


@given(
    versions=PATHS,
    sys_path=PATHS,
    separator=st.sampled_from(
        [None, ("path_separator", "os", os.pathsep), ("path_separator", "space", " "),
         ("path_separator", ";", ";"), ("path_separator", ":", ":"),
         ("path_separator", "newline", "\n  "), ("version_path_separator", ";", ";")]
    ),
    legacy=st.sampled_from([" ", ",", ", ", "  "]),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_lists_of_paths(tmp_path, versions, sys_path, separator, legacy):
    names = separator or (None, None, legacy)
    text = f"[alembic]\nscript_location = db\nversion_locations = {names[2].join(versions)}\n"
    only_versions = separator and separator[0].startswith("version")
    between = legacy if only_versions else names[2]
    text += f"prepend_sys_path = {between.join(sys_path)}\n"
    if separator:
        text += f"{names[0]} = {names[1]}\n"
    path = tmp_path / "alembic.ini"
    path.write_text(text)
    theirs = Config(str(path))
    ours = load(cwd=tmp_path, environ={})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert ours.version_locations == _absolute(theirs.get_version_locations_list(), tmp_path)
        assert ours.prepend_sys_path == _absolute(theirs.get_prepend_sys_paths_list(), tmp_path)


INI = """
[DEFAULT]
root = %(here)s
[alembic]
script_location = %(root)s/db
file_template = %%(year)d-%%(rev)s_%%(slug)s
timezone = Europe/Berlin
truncate_slug_length = 12
output_encoding = latin-1
sourceless = true
recursive_version_locations = false
sqlalchemy.url = postgresql://a:b%%40c@db/x
[post_write_hooks]
hooks = one, two three
one.type = console_scripts
one.entrypoint = black
one.options = -l 79 REVISION_SCRIPT_FILENAME
two.type = exec
two.executable = %(root)s/ruff
two.cwd = %(here)s/x
three.type = module
three.module = ruff
"""

TOML = """
[tool.alembic]
script_location = "%(here)s/db"
file_template = "%%(year)d-%%(rev)s_%%(slug)s"
timezone = "Europe/Berlin"
truncate_slug_length = 12
output_encoding = "latin-1"
sourceless = true
version_locations = ["%(here)s/one", "two"]
prepend_sys_path = [".", "%(here)s/src"]
[[tool.alembic.post_write_hooks]]
name = "one"
type = "console_scripts"
entrypoint = "black"
options = "-l 79 REVISION_SCRIPT_FILENAME"
[[tool.alembic.post_write_hooks]]
name = "two"
type = "exec"
executable = "%(here)s/ruff"
cwd = "%(here)s/x"
"""


@pytest.mark.parametrize("files", ["ini", "toml", "both"])
def test_script_directory(tmp_path, monkeypatch, files):
    monkeypatch.chdir(tmp_path)
    Path("db").mkdir()
    if files != "toml":
        Path("alembic.ini").write_text(INI)
    if files != "ini":
        Path("pyproject.toml").write_text(TOML)
    config = Config("alembic.ini" if files != "toml" else None, toml_file="pyproject.toml")
    theirs = ScriptDirectory.from_config(config)
    ours = load(environ={})

    assert ours.script_location == Path(theirs.dir).absolute()
    assert ours.version_paths == tuple(theirs._version_locations)
    assert ours.file_template == theirs.file_template
    assert ours.timezone == theirs.timezone
    assert ours.truncate_slug_length == theirs.truncate_slug_length
    assert ours.output_encoding == theirs.output_encoding
    assert ours.sourceless == theirs.sourceless
    assert ours.recursive_version_locations == theirs.recursive_version_locations
    assert ours.url == (None if files == "toml" else config.get_main_option("sqlalchemy.url"))
    assert [_as_alembics(hook) for hook in ours.post_write_hooks] == theirs.hooks


def _as_alembics(hook):
    target = {"exec": "executable", "module": "module"}.get(hook.type, "entrypoint")
    options = {"_hook_name": hook.name, "type": hook.type, target: hook.entrypoint}
    if hook.options:
        options["options"] = hook.options
    return options | ({"cwd": hook.cwd} if hook.cwd else {})


@pytest.mark.parametrize(
    "template", ["generic", "async", "multidb", "pyproject", "pyproject_async"]
)
def test_projects_that_alembic_makes(tmp_path, monkeypatch, template):
    from alembic import command

    monkeypatch.chdir(tmp_path)
    config = Config("alembic.ini", toml_file="pyproject.toml")
    config.messaging_opts = {"quiet": True}  # type: ignore[assignment]
    command.init(config, "db", template=template)
    ours = load(environ={})
    assert ours.script_location == tmp_path / "db"
    assert ours.prepend_sys_path == (tmp_path,)
    assert ours.databases == (("engine1", "engine2") if template == "multidb" else ())
    if template == "multidb":
        assert load(environ={}, name="engine2").url == "driver://user:pass@localhost/dbname2"
