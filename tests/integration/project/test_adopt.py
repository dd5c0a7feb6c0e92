"""``adopt``: the native configuration of a project that was Alembic's, and nothing lost on the way."""

import os
import sys
import tomllib
from dataclasses import fields
from textwrap import dedent

import pytest

from asyncmig import Migrator
from asyncmig.adopt import adopt
from asyncmig.alembic_compat.detection import find_env_file
from asyncmig.config import load
from asyncmig.errors import ConfigError, FileError
from support.forked_tools import run_tool

INI = """
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
file_template = %%(year)d_%%(rev)s
timezone = UTC
our_team = storage
sqlalchemy.url = driver://user:pass@localhost/dbname

[post_write_hooks]
hooks = black
black.type = console_scripts
black.entrypoint = black
black.options = -l 79 REVISION_SCRIPT_FILENAME
"""
ENV = """
from adopted_app import hooks, settings
from adopted_app.models import Base
from adopted_app.hooks import include_object, render_item
from alembic import context
from sqlalchemy import create_engine

target_metadata = Base.metadata
with create_engine(settings.url()).connect() as connection:
    connection.exec_driver_sql("SET search_path TO app, public")
    connection.exec_driver_sql("SET lock_timeout = '2s'")
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        version_table_schema="app",
        include_schemas=True,
        transaction_per_migration=False,
        include_object=include_object,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
"""
APP = {
    "__init__.py": "",
    "settings.py": "import os\ndef url(): return os.environ['ADOPTED_URL']\n",
    "models.py": """
        import sqlalchemy as sa
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass

        class Book(Base):
            __tablename__ = "book"
            id = sa.Column(sa.Integer, primary_key=True)
        """,
    "hooks.py": """
        def include_object(*args): return True
        def render_item(*args): return False
        """,
    "more.py": """
        import sqlalchemy as sa
        from adopted_app.models import Base

        class Author(Base):
            __tablename__ = "author"
            id = sa.Column(sa.Integer, primary_key=True)
        """,
}


@pytest.fixture
def alembic_project(project, database_url, monkeypatch):
    """A project of Alembic's with an application; its modules are forgotten afterwards."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ADOPTED_URL", database_url)
    monkeypatch.setattr(sys, "path", [*sys.path])
    app = project.path / "adopted_app"
    app.mkdir()
    for name, text in APP.items():
        (app / name).write_text(dedent(text))
    (project.path / "alembic.ini").write_text(INI)
    (project.script_location / "env.py").write_text(ENV)
    project.revision(
        "a1",
        header="from alembic import op",
        signature="def {name}():",
        upgrade='op.execute("CREATE SCHEMA IF NOT EXISTS app")',
    )
    yield project
    for name in [name for name in sys.modules if name.partition(".")[0] == "adopted_app"]:
        del sys.modules[name]


def read(project, **keywords):
    return load(project.path / "alembic.ini", cwd=project.path, **keywords)


async def test_every_setting_comes_over(alembic_project, pg):
    project = alembic_project
    await pg.execute("CREATE SCHEMA app")
    before = {
        path: path.read_bytes()
        for path in (project.path / "alembic.ini", project.script_location / "env.py")
    }
    settings = read(project)
    theirs = Migrator(settings=settings)
    await theirs.upgrade()

    result = await adopt(settings)

    assert (result.path, result.written) == (str(project.path / "asyncmig.toml"), True)
    assert (result.ok, result.revisions, result.database.state) == (True, 1, "current")
    native = load(cwd=project.path)
    assert find_env_file(native) is None
    same = {field.name for field in fields(native)} - {
        *("config_path", "section", "url_source", "extra", "psycopg2_compat"),
        *("target_metadata", "hooks", "search_path"),
    }
    for name in same:
        assert getattr(native, name) == getattr(theirs.settings, name), name
    assert native.target_metadata == "adopted_app.models:Base.metadata"
    assert native.hooks == "adopted_app.hooks"
    assert native.search_path == "app, public"
    assert native.psycopg2_compat
    assert [line for line in result.decide if "our_team" in line] == list(result.decide)
    assert {key.name: key.source for key in result.keys}["url"].startswith("env.py")
    assert {path: path.read_bytes() for path in before} == before
    assert (await Migrator(settings=native).status()).state == "current"
    assert (await Migrator(settings=read(project)).status()).state == "current"


@pytest.mark.slow
async def test_a_pyproject_keeps_every_byte(alembic_project):
    path = alembic_project.path / "pyproject.toml"
    written = (
        b'# ours\r\n[project]\r\nname   =  "x"\r\n\r\n[tool.black]\r\nline-length = 79  # short'
    )
    path.write_bytes(written)
    path.chmod(0o640)

    shown = await adopt(read(alembic_project), dry_run=True, database=False)
    assert path.read_bytes() == written
    assert not shown.written

    await adopt(read(alembic_project), database=False)

    assert path.read_bytes().startswith(written)
    assert path.stat().st_mode & 0o777 == 0o640
    table = tomllib.loads(path.read_text())["tool"]["asyncmig"]
    assert tomllib.loads(shown.text)["tool"]["asyncmig"] == table
    assert table["post_write_hooks"][0]["options"] == "-l 79 REVISION_SCRIPT_FILENAME"
    with pytest.raises(FileError, match=r"has a .* already"):
        await adopt(read(alembic_project), path="pyproject.toml", database=False)
    with pytest.raises(ConfigError, match="configures asyncmig already"):
        await adopt(load(cwd=alembic_project.path), database=False)


async def test_nothing_is_overwritten_or_left_half(alembic_project):
    (alembic_project.path / "asyncmig.toml").write_text("")
    with pytest.raises(FileError, match="is not overwritten"):
        await adopt(read(alembic_project), database=False)

    odd = alembic_project.path / "pyproject.toml"
    odd.write_text("tool = {black = {x = 1}}\n")
    with pytest.raises(FileError, match="no table can be added"):
        await adopt(read(alembic_project), database=False)
    assert odd.read_text() == "tool = {black = {x = 1}}\n"
    result = await adopt(read(alembic_project), path="own.toml", database=False)
    assert result.path.endswith("own.toml")


async def test_what_has_no_name_is_left_to_decide(alembic_project, monkeypatch, database_url):
    monkeypatch.delenv("ADOPTED_URL")
    (alembic_project.script_location / "env.py").write_text(
        ENV.replace("settings.url()", "'postgresql://u:secret@nowhere/d'")
        .replace("from adopted_app.hooks import include_object, render_item", "import adopted_app.more")
        .replace("target_metadata = Base", "def include_object(*_): return True\n"
                 "render_item = hooks.render_item\ntarget_metadata = Base")
        .replace('version_table_schema="app",', 'tenant="t1",')
        .replace('"SET lock_timeout', '"CREATE SCHEMA app"); connection.exec_driver_sql("SET work_mem')
        .replace("run_migrations()", "run_migrations(flag=1)")
    )  # fmt: skip

    result = await adopt(read(alembic_project), dry_run=True)

    assert "secret" not in str(result)
    assert result.database is None
    assert result.database_problem
    for words in (
        *("has a password", "render_item, include_object", "CREATE SCHEMA", "work_mem"),
        *("tenant", "flag", "models of 1 of 2 tables (author)", "our_team"),
    ):
        assert len([line for line in result.decide if words in line]) == 1, (words, result.decide)
    assert not {"url", "hooks", "lock_timeout"} & {key.name for key in result.keys}


@pytest.mark.parametrize("where", ["through env.py", "without env.py"])
async def test_a_plain_url_is_copied(alembic_project, monkeypatch, where):
    """Also where env.py takes it from the file; not where it has a password."""
    monkeypatch.delenv("ADOPTED_URL")
    plain, project = "postgresql+asyncpg://app@db.example/shop", alembic_project
    ini = project.path / "alembic.ini"
    if where == "through env.py":
        (project.script_location / "env.py").write_text(
            ENV.replace("settings.url()", "context.config.get_main_option('sqlalchemy.url')")
        )
    else:
        (project.script_location / "env.py").unlink()
    text = INI.replace("driver://user:pass@localhost/dbname", plain)
    ini.write_text(text)

    result = await adopt(read(project), dry_run=True, database=False)

    found = {key.name: (key.value, key.source) for key in result.keys}
    assert found["url"] == (f'"{plain}"', "alembic.ini")
    assert not any("URL" in line for line in result.decide)

    ini.write_text(text.replace("app@", "app:s3cr3t@"))
    result = await adopt(read(project), dry_run=True, database=False)
    assert "url" not in {key.name for key in result.keys}
    assert "s3cr3t" not in str(result)
    assert any("has a password, which is not copied" in line for line in result.decide)


async def test_several_databases_stay_with_env_py(alembic_project):
    env = alembic_project.script_location / "env.py"
    env.write_text(
        ENV + "    context.configure(version_table='other')\n    context.run_migrations()\n"
    )
    with pytest.raises(ConfigError, match="migrates 2 databases"):
        await adopt(read(alembic_project), database=False)


async def test_rows_that_the_code_does_not_know(alembic_project, pg):
    await pg.execute("CREATE SCHEMA app; CREATE TABLE app.alembic_version (version_num text)")
    await pg.execute("INSERT INTO app.alembic_version VALUES ('gone')")

    result = await adopt(read(alembic_project), dry_run=True)

    assert (result.ok, result.database.unknown) == (False, ("gone",))


def test_on_the_command_line(alembic_project):
    def run(*words):
        environ = os.environ | {"NO_COLOR": "1"}
        return run_tool("asyncmig", ["adopt", *words], cwd=alembic_project.path, environ=environ)

    shown = run("--dry-run", "--no-db")
    assert shown.code == 0, shown.err
    assert "would write asyncmig.toml" in shown.out
    assert "left to decide:" in shown.out
    assert run("--json").out.startswith("{")
    again = run()
    assert again.code == 1
    assert "already" in again.err
