"""``asyncmig.alembic`` for callers of Alembic's Python API: the same output, results and errors."""

from __future__ import annotations

import inspect
import io
import re
from pathlib import Path

import anyio.to_thread
import pytest
import sqlalchemy as sa
from alembic import autogenerate as their_autogenerate
from alembic import command as their_command
from alembic import config as their_config
from alembic.operations import Operations as TheirOperations
from alembic.runtime.environment import EnvironmentContext as TheirEnvironmentContext
from alembic.runtime.migration import MigrationContext as TheirMigrationContext
from alembic.script import ScriptDirectory as TheirScriptDirectory
from alembic.util import CommandError as TheirCommandError

from asyncmig.alembic import (
    Config,
    EnvironmentContext,
    MigrationContext,
    ScriptDirectory,
    autogenerate,
    command,
)
from asyncmig.errors import AsyncmigError
from fix_database import catalog_dump

ENV = """
from alembic import context
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, pool

config = context.config
metadata = MetaData()
Table("t1", metadata, Column("i", Integer))
if config.attributes.get("more"):
    Table("more", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
url = config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
"""
TREE = {"a1": None, "b1": "a1", "b2": "b1", "c1": "a1"}
OUTPUT = {
    "heads": lambda api: api.heads(),
    "heads, verbose": lambda api: api.heads(verbose=True),
    "heads with dependencies": lambda api: api.heads(resolve_dependencies=True),
    "branches": lambda api: api.branches(),
    "branches, verbose": lambda api: api.branches(verbose=True),
    "history": lambda api: api.history(),
    "history, verbose": lambda api: api.history(verbose=True),
    "a range": lambda api: api.history("a1:b2"),
    "from a revision": lambda api: api.history("b1:"),
    "up to a revision": lambda api: api.history(":b1"),
    "the first steps": lambda api: api.history(":+1"),
    "steps from the current": lambda api: (api.upgrade("b1"), api.history("current:+1")),
    "from the current": lambda api: (api.upgrade("b1"), api.history("current:b2")),
    "what is current": lambda api: (api.upgrade("b1"), api.history(indicate_current=True)),
    "show": lambda api: api.show("b1"),
    "show heads": lambda api: api.show("heads"),
    "show current": lambda api: (api.upgrade("b1"), api.show("current")),
    "current of nothing": lambda api: api.current(),
    "current": lambda api: (api.upgrade("heads"), api.current()),
    "current, verbose": lambda api: (api.upgrade("b1"), api.current(verbose=True)),
    "current behind a stamp": lambda api: (api.stamp(["b2", "c1"]), api.current()),
    "current behind a purge": lambda api: (
        *(api.stamp("b2"), api.stamp("b1", purge=True)),
        api.current(),
    ),
    "current behind a downgrade": lambda api: (
        *(api.upgrade("heads"), api.downgrade("b2@b1")),
        api.current(),
    ),
    "a check": lambda api: (api.merge("heads", rev_id="m1"), api.upgrade("head"), api.check()),
}


class Api:
    """One of both APIs on a project: its commands without the configuration.

    Attributes:
        out: the configuration's output.
    """

    def __init__(self, module, config_class, ini, url, **attributes) -> None:
        self.out = io.StringIO()
        self._module = module
        self.config = config_class(
            str(ini), stdout=self.out, output_buffer=self.out, attributes=attributes
        )
        self.config.set_main_option(
            "sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:")
        )

    def __getattr__(self, name):
        function = getattr(self._module, name)
        return lambda *args, **kwargs: function(self.config, *args, **kwargs)


@pytest.fixture
def apis(project, make_database, monkeypatch, tmp_path):
    """Both APIs, each with a copy of the project and a database of its own: ours and Alembic's."""
    import shutil

    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    (project.script_location / "env.py").write_text(ENV)
    (project.script_location / "script.py.mako").write_text(
        '"""${message}"""\nfrom alembic import op\nimport sqlalchemy as sa\n${imports if imports else ""}\n'
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
        "branch_labels = ${repr(branch_labels)}\ndepends_on = ${repr(depends_on)}\n\n"
        "def upgrade():\n    ${upgrades if upgrades else 'pass'}\n\n"
        "def downgrade():\n    ${downgrades if downgrades else 'pass'}\n"
    )
    for number, (rev, down) in enumerate(TREE.items(), 1):
        project.revision(
            rev,
            down=down,
            message=f"Change {number}\n\nIn words.",
            header="from alembic import op",
            signature="def {name}():",
            upgrade=f'op.execute("CREATE TABLE t{number} (i int)")' if number == 1 else "pass",
            downgrade="pass",
        )
    (project.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
    )
    theirs = tmp_path / "theirs"
    shutil.copytree(project.path, theirs)

    def make(**attributes):
        ours_url, theirs_url = make_database(), make_database()
        return (
            Api(command, Config, project.path / "alembic.ini", ours_url, **attributes),
            Api(
                their_command, their_config.Config, theirs / "alembic.ini", theirs_url, **attributes
            ),
        )

    return make


def said(api) -> list[str]:
    """The lines of the output, without what differs by folder and database."""
    text = re.sub(r"Path: \S*/", "Path: ", api.out.getvalue())
    return re.sub(r"/?test_\w+|:\d+/", "", text).splitlines()


@pytest.mark.cells(6)
@pytest.mark.parametrize("name", OUTPUT)
async def test_output(apis, name) -> None:
    ours, theirs = apis()
    for api in (ours, theirs):
        await anyio.to_thread.run_sync(OUTPUT[name], api)
    assert sorted(said(ours)) == sorted(said(theirs))
    assert said(ours) != [] or name == "current of nothing"


@pytest.mark.cells(2)
@pytest.mark.parametrize("range_", ["-1:", "-2:", "-1:head", "base:-1", "-2:current", ":+2"])
async def test_ranges_by_steps(apis, range_) -> None:
    ours, theirs = apis()
    answers = []
    for api in (ours, theirs):
        (Path(api.config.get_main_option("script_location")) / "versions" / "c1.py").unlink()
        await anyio.to_thread.run_sync(api.upgrade, "head")
        try:
            await anyio.to_thread.run_sync(api.history, range_)
        except (AsyncmigError, TheirCommandError):
            answers.append("refused")
        else:
            answers.append(said(api))
    assert answers[0] == answers[1]


async def test_a_new_revision_is_given_back(apis) -> None:
    results = []
    for api in apis(more=True):
        await anyio.to_thread.run_sync(lambda api=api: api.merge("heads", rev_id="m1"))
        await anyio.to_thread.run_sync(api.upgrade, "heads")
        made = await anyio.to_thread.run_sync(
            lambda api=api: api.revision("add more", autogenerate=True, rev_id="n1")
        )
        empty = await anyio.to_thread.run_sync(
            lambda api=api: api.revision(
                "empty", head="base", splice=True, rev_id="n2", branch_label="apart"
            )
        )
        results.append(
            [(one.revision, one.down_revision, one.branch_labels, one.doc) for one in (made, empty)]
        )
        assert "op.create_table(" in Path(made.path).read_text()
        await anyio.to_thread.run_sync(api.upgrade, "heads")
    assert results[0] == results[1]


async def test_a_check_that_finds_differences(apis) -> None:
    told = []
    for api, kind in zip(apis(more=True), (AsyncmigError, TheirCommandError), strict=True):
        await anyio.to_thread.run_sync(lambda api=api: api.merge("heads", rev_id="m1"))
        await anyio.to_thread.run_sync(api.upgrade, "heads")
        with pytest.raises(kind, match="New upgrade operations detected") as raised:
            await anyio.to_thread.run_sync(api.check)
        told.append([(diff[0], diff[1].name) for diff in raised.value.diffs])
    assert told[0] == told[1] == [("add_table", "more")]


@pytest.mark.parametrize("sql", ["upgrade", "downgrade", "stamp"])
async def test_scripts_for_psql_are_written_to_the_buffer(apis, sql) -> None:
    for api in apis():
        target = {"upgrade": "a1:b2", "downgrade": "b2:-1", "stamp": "b2"}[sql]
        await anyio.to_thread.run_sync(lambda api=api, t=target: getattr(api, sql)(t, sql=True))
        assert "alembic_version" in api.out.getvalue()
        assert ("b2" if sql != "downgrade" else "b1") in api.out.getvalue()


ERRORS = {
    "a target that is not there": (lambda api: api.upgrade("nowhere"), "command"),
    "several heads": (lambda api: api.upgrade("head"), "command"),
    "a range online": (lambda api: api.upgrade("a1:b1"), "command"),
    "a downgrade script without a range": (lambda api: api.downgrade("a1", sql=True), "command"),
    "a step too far": (lambda api: api.downgrade("-9"), "command"),
    "a history of nothing": (lambda api: api.history("a1"), "command"),
    "a revision without a head": (lambda api: api.revision("x"), "command"),
    "a merge of one": (lambda api: api.show("nowhere"), "command"),
    "not at the heads": (lambda api: api.current(check_heads=True), "command"),
}


@pytest.mark.cells(3)
@pytest.mark.parametrize("name", ERRORS)
async def test_errors_are_command_errors(apis, name) -> None:
    call, _ = ERRORS[name]
    for api, kind in zip(apis(), (AsyncmigError, TheirCommandError), strict=True):
        with pytest.raises(kind):
            await anyio.to_thread.run_sync(call, api)


FAILING = {
    "the server refuses": (
        'op.execute("SELECT 1 FROM missing")',
        sa.exc.ProgrammingError,
        "missing",
    ),
    "the script raises": ("raise KeyError('own')", KeyError, "own"),
    "the script ends the process": ("raise SystemExit(7)", SystemExit, "7"),
}


@pytest.mark.parametrize("name", FAILING)
async def test_errors_of_scripts_are_their_own(apis, project, name) -> None:
    body, kind, text = FAILING[name]
    ours, theirs = apis()
    for api in (ours, theirs):
        script = await anyio.to_thread.run_sync(
            lambda api=api: api.revision("fails", head="b2", rev_id="f1")
        )
        more = f"\ndef upgrade():\n    {body}\n\ndef downgrade():\n    pass\n"
        Path(script.path).write_text(Path(script.path).read_text() + more)
        with pytest.raises(kind, match=text):
            await anyio.to_thread.run_sync(api.upgrade, "f1")


async def test_a_downgrade_that_is_not_written(apis) -> None:
    for api in apis():
        script = await anyio.to_thread.run_sync(
            lambda api=api: api.revision("one way", head="b2", rev_id="f1")
        )
        more = "\ndef downgrade():\n    raise NotImplementedError\n"
        Path(script.path).write_text(Path(script.path).read_text() + more)
        await anyio.to_thread.run_sync(api.upgrade, "f1")
        with pytest.raises(NotImplementedError):
            await anyio.to_thread.run_sync(api.downgrade, "b2")


async def test_a_running_loop_is_no_hindrance(apis, pg) -> None:
    ours, _ = apis()
    ours.upgrade("heads")  # in the thread of the loop
    ours.current()
    assert sorted(ours.out.getvalue().split()) == ["(head)", "(head)", "b2", "c1"]


def test_without_a_loop(apis) -> None:
    ours, theirs = apis()
    for api in (ours, theirs):
        api.upgrade("b2")
        api.current()
    assert said(ours) == said(theirs) == ["b2 (head)"]


def test_an_environment_for_a_function(apis) -> None:
    seen = []
    for api, contexts, scripts in zip(
        apis(),
        (EnvironmentContext, TheirEnvironmentContext),
        (ScriptDirectory, TheirScriptDirectory),
        strict=True,
    ):
        script = scripts.from_config(api.config)

        def upgrade(rows, context, script=script):
            seen.append(
                (tuple(rows), "metadata" in dict(context.opts) or "target_metadata" in context.opts)
            )
            return script._upgrade_revs("b2", rows)

        def look(rows, context):
            seen.append((tuple(rows), context.connection.execute(sa.text("SELECT 7")).scalar()))
            return []

        for function in (upgrade, look):
            with contexts(api.config, script, fn=function):
                script.run_env()
        api.current()
        assert said(api) == ["b2 (head)"]
    assert seen[:2] == seen[2:] == [((), True), (("b2",), 7)]


@pytest.fixture
def engine(database_url):
    made = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg2:"))
    yield made
    made.dispose()


def test_operations_on_a_connection(engine, make_database, database_url) -> None:
    other = make_database()
    dumps = []
    for url, contexts, kind in (
        (database_url, MigrationContext, None),
        (other, TheirMigrationContext, TheirOperations),
    ):
        if kind is None:
            from asyncmig import Operations as kind  # noqa: N813 - either class
        own = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
        with own.begin() as connection:
            op = kind(contexts.configure(connection))
            op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), comment="5% of it")
            op.add_column("t", sa.Column("name", sa.String(10), server_default="a%b"))
            op.create_index("ix", "t", ["name"])
            op.execute("INSERT INTO t VALUES (1, 'x')")
            assert op.get_bind() is connection
        own.dispose()
        dumps.append(catalog_dump(url, data=True))
    assert dumps[0] == dumps[1]


def test_compare_metadata(engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE old (i int); CREATE TABLE kept (i int, j int)")
    metadata = sa.MetaData()
    sa.Table("kept", metadata, sa.Column("i", sa.Integer), sa.Column("k", sa.String))
    sa.Table("fresh", metadata, sa.Column("i", sa.Integer))
    told = []
    for module, contexts in (
        (autogenerate, MigrationContext),
        (their_autogenerate, TheirMigrationContext),
    ):
        with engine.connect() as connection:
            context = contexts.configure(connection)
            found = module.compare_metadata(context, metadata)
            told.append(
                sorted(
                    (diff[0], *(getattr(part, "name", part) for part in diff[1:])) for diff in found
                )
            )
            script = module.produce_migrations(context, metadata)
            assert "create_table" in module.render_python_code(script.upgrade_ops)
    assert told[0] == told[1]


def test_compare_metadata_refuses_what_only_the_caller_sees(engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE unseen (i int)")
        with pytest.raises(AsyncmigError, match="uncommitted changes"):
            autogenerate.compare_metadata(MigrationContext.configure(connection), sa.MetaData())


@pytest.mark.parametrize("name", [n for n in dir(their_command) if n in command.__all__])
def test_commands_take_the_same_arguments(name) -> None:
    theirs = inspect.signature(getattr(their_command, name)).parameters.values()
    ours = inspect.signature(getattr(command, name)).parameters.values()
    assert [(one.name, one.default, one.kind) for one in ours] == [
        (one.name, one.default, one.kind) for one in theirs
    ]


def test_no_command_is_forgotten() -> None:
    functions = {
        name
        for name, found in inspect.getmembers(their_command, inspect.isfunction)
        if found.__module__ == their_command.__name__ and not name.startswith("_")
    }
    assert functions == set(command.__all__)


@pytest.mark.parametrize(
    ("ours", "theirs", "internal"),
    [
        (Config(), their_config.Config(), set()),
        (EnvironmentContext, TheirEnvironmentContext, {"create_module_class_proxy"}),
    ],
    ids=["Config", "EnvironmentContext"],
)
def test_no_public_member_is_forgotten(ours, theirs, internal) -> None:
    names = {name for name in dir(theirs) if not name.startswith("_")}
    assert names - set(dir(ours)) == internal
