"""Real styles of ``env.py``: each through Alembic and asyncmig, and both leave the same databases."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from support.env_project import ENV_FILES, EnvFile, EnvProject

FILES = [EnvFile.read(path) for path in sorted(ENV_FILES.glob("*.py"))]


def named(files):
    return [pytest.param(file, id=file.path.stem) for file in files]


@pytest.fixture
def roles(server_url):
    """The names of roles, which go when the databases are gone that know them."""
    names = []
    yield names
    for name in names:
        execute(server_url, f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def both(tmp_path, roles, make_database):
    """Makes a project for each tool, with databases of its own: Alembic's and asyncmig's."""

    def make(file):
        projects = []
        for tool in ("alembic", "asyncmig"):
            role = f"env_role_{secrets.token_hex(4)}"
            roles.append(role)
            urls = [make_database(), make_database()]
            for statement in file.setup:
                execute(urls[0], statement.replace("@ROLE@", role))
            projects.append(EnvProject(tmp_path / tool, file, urls, role))
        return projects

    return make


def execute(url, sql):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()


def at_once(theirs, ours, *arguments):
    """The same command of both tools."""
    with ThreadPoolExecutor() as pool:
        first = pool.submit(theirs.alembic, *arguments)
        second = pool.submit(ours.asyncmig, *arguments)
        return first.result(), second.result()


def assert_same_code(file, expected, found, *, command):
    told = f"{file.path.name}, {command}\nAlembic: {expected.err[-1500:]}\nasyncmig: {found.err[-1500:]}"
    assert (expected.code == 0) == (found.code == 0), told
    if file.exit == "failure":
        assert expected.code != 0, told
    else:
        assert (expected.code, found.code) == (int(file.exit), int(file.exit)), told


def assert_same_databases(theirs, ours):
    for expected, found in zip(theirs.dumps(), ours.dumps(), strict=True):
        assert found.splitlines() == expected.splitlines()


@pytest.mark.cells(3)
@pytest.mark.parametrize("file", named(FILES))
def test_online(file, both):
    theirs, ours = both(file)

    expected, found = at_once(theirs, ours, "upgrade", "head")

    assert_same_code(file, expected, found, command="upgrade head")
    assert_same_databases(theirs, ours)
    if file.exit != "0" or not file.downgrade:
        return
    expected, found = at_once(theirs, ours, "downgrade", "-1")
    assert_same_code(file, expected, found, command="downgrade -1")
    assert_same_databases(theirs, ours)


@pytest.mark.cells(2)
@pytest.mark.parametrize("file", named(file for file in FILES if file.offline))
def test_offline(file, both):
    theirs, ours = both(file)

    expected, found = at_once(theirs, ours, "upgrade", "head", "--sql")

    assert_same_code(file, expected, found, command="upgrade head --sql")
    if file.exit != "0":
        return
    for project, done in ((theirs, expected), (ours, found)):
        written = sorted(project.folder.glob("*.sql"))
        project.psql(done.out)
        for number, path in enumerate(written):
            project.psql(path.read_text(), number)
    assert_same_databases(theirs, ours)


def test_there_are_enough():
    assert len(FILES) >= 60
