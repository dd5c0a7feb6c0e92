"""Projects of several databases: configured by us, or by an env.py of Alembic's multidb template."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, ConfigError, NotCurrentError

if TYPE_CHECKING:
    from fix_database import MakeDatabase
    from fix_project import Project

CREATE = 'op.execute("CREATE TABLE {table} (id serial PRIMARY KEY)")'
MODELS = """
import sqlalchemy as sa
app, audit = sa.MetaData(), sa.MetaData()
sa.Table("book", app, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("entry", audit, sa.Column("id", sa.Integer, primary_key=True))
"""
ENV = """
from alembic import context
from sqlalchemy import engine_from_config
from several_models import app, audit

config = context.config
for name, models in (("app", app), ("audit", audit)):
    section = config.get_section(name)
    with engine_from_config(section, prefix="sqlalchemy.").connect() as connection:
        context.configure(
            connection=connection,
            upgrade_token=f"{name}_upgrades",
            downgrade_token=f"{name}_downgrades",
            target_metadata=models,
        )
        context.run_migrations(engine_name=name)
"""


@pytest.fixture
def urls(make_database: MakeDatabase) -> dict[str, str]:
    return {"app": make_database(), "audit": make_database()}


@pytest.fixture(autouse=True)
def no_urls(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    for name in ("ASYNCMIG_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (project.path / "several_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(str(project.path))
    monkeypatch.delitem(__import__("sys").modules, "several_models", raising=False)


@pytest.fixture
def native(project: Project, urls: dict[str, str]) -> Migrator:
    """Two databases, each with a folder, models and a history of its own."""
    text = 'prepend_sys_path = ["."]\n'
    for name, url in urls.items():
        folder = project.path / name / "versions"
        folder.mkdir(parents=True)
        table = {"app": "book", "audit": "entry"}[name]
        (folder / f"{name}1.py").write_text(
            f'revision = "{name}1"\ndown_revision = None\n'
            f"def upgrade(op):\n    {CREATE.format(table=table)}\n"
            f'def downgrade(op):\n    op.execute("DROP TABLE {table}")\n'
        )
        text += dedent(f"""
            [databases.{name}]
            script_location = "{name}"
            url = "{url}"
            target_metadata = "several_models:{name}"
        """)
    path = project.path / "asyncmig.toml"
    path.write_text(text)
    return Migrator.from_config(path)


@pytest.fixture
def alembic(project: Project, urls: dict[str, str]) -> Migrator:
    """One history, of which each database takes its own part."""
    (project.script_location / "env.py").write_text(ENV)
    project.revision(
        "a1",
        header="from alembic import op",
        signature="def {name}(engine_name):",
        upgrade='table = {"app": "book", "audit": "entry"}[engine_name]\n'
        'op.execute(f"CREATE TABLE {table} (id serial PRIMARY KEY)")',
    )
    sections = "".join(
        f"[{name}]\nsqlalchemy.url = {url.replace('%', '%%')}\n" for name, url in urls.items()
    )
    path = project.path / "alembic.ini"
    path.write_text(
        f"[alembic]\nscript_location = {project.script_location}\n"
        f"prepend_sys_path = {project.path}\n{sections}"
    )
    return Migrator.from_config(path)


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {row["relname"] for row in rows} & {"book", "entry"}
    finally:
        await connection.close()


async def test_configured_databases_from_nothing_to_the_same(native, urls):
    before = await native.status()
    assert (before.state, before.ok, set(before.databases)) == ("empty", False, {"app", "audit"})
    created = await native.ensure_version()
    assert (created.created, set(created.databases)) == (True, {"app", "audit"})
    result = await native.upgrade()
    assert result.revisions == ("app1", "audit1")
    assert result.databases["audit"].after == ("audit1",)
    assert [await tables(url) for url in urls.values()] == [{"book"}, {"entry"}]
    after = await native.status()
    assert (after.state, after.ok) == ("current", True)
    assert after.databases["app"].current == ("app1",)
    assert (await native.wait_until_current(timeout=5)).ok
    current = await native.current()
    assert (current.heads, current.is_current) == (("app1", "audit1"), True)
    checked = await native.check()
    assert (checked.ok, set(checked.databases)) == (True, {"app", "audit"})
    assert [(entry.database, entry.revision) for entry in await native.journal()] == [
        ("audit", "audit1"),
        ("app", "app1"),
    ]
    assert len(await native.journal(limit=1)) == 1


async def test_one_behind_makes_all_of_them_pending(native):
    _, audit = await native.databases()
    assert audit.name == "audit"
    await audit.upgrade()
    status = await native.status()
    assert (status.state, status.databases["audit"].state) == ("pending", "current")
    assert (await native.current()).is_current is False
    with pytest.raises(NotCurrentError, match=r"^app: ") as info:
        await native.check()
    assert info.value.fields()["database"] == "app"
    with pytest.raises(NotCurrentError, match=r"^app: "):
        await native.wait_until_current(timeout=0.1)


async def test_what_is_about_one_of_them(native):
    for doing in (
        native.plan(),
        native.sql(),
        native.revision("x"),
        native.merge(),
        native.downgrade("base"),
        native.upgrade("app1"),
        native.stamp("head"),
        native.resolve("app1", "done"),
    ):
        with pytest.raises(ConfigError, match="several databases, app, audit") as info:
            await doing
        assert "-n app" in str(info.value.hint)


async def test_one_of_them_is_as_any_other(native, project, urls):
    one = Migrator.from_config(project.path / "asyncmig.toml", name="audit")
    assert await one.databases() == (one,)
    assert (await one.upgrade()).databases == {}
    assert (await one.check()).ok
    assert [await tables(url) for url in urls.values()] == [set(), {"entry"}]


async def test_a_failure_says_where(native, project):
    script = project.path / "audit" / "versions" / "audit1.py"
    script.write_text(script.read_text().replace("CREATE TABLE", "CREATE TABEL"))
    with pytest.raises(AsyncmigError, match=r"^audit: "):
        await native.upgrade()
    assert (await native.status()).databases["app"].state == "current"


async def test_a_url_for_the_whole_is_one_database(native, project, urls, monkeypatch):
    path = project.path / "asyncmig.toml"
    assert len(await Migrator.from_config(path, url=urls["app"]).databases()) == 1
    monkeypatch.setenv("DATABASE_URL", urls["app"])
    assert len(await Migrator.from_config(path).databases()) == 2
    path.write_text(path.read_text().replace(f'url = "{urls["audit"]}"\n', ""))
    assert len(await Migrator.from_config(path).databases()) == 1


async def test_an_env_file_of_several_databases(alembic, urls):
    assert (await alembic.status()).state == "empty"
    result = await alembic.upgrade()
    assert {name: one.revisions for name, one in result.databases.items()} == {
        "app": ("a1",),
        "audit": ("a1",),
    }
    assert [await tables(url) for url in urls.values()] == [{"book"}, {"entry"}]
    status = await alembic.status()
    assert (status.state, set(status.databases)) == ("current", {"app", "audit"})
    assert (await alembic.current()).heads == ("a1",)
    assert (await alembic.check()).ok
    assert {entry.database for entry in await alembic.journal()} == {"app", "audit"}
    stamped = await alembic.stamp("base")
    assert {name: one.after for name, one in stamped.databases.items()} == {"app": (), "audit": ()}
    plans = [await one.plan() for one in await alembic.databases()]
    assert ["book" in str(plan.to_dict()) for plan in plans] == [True, False]
    assert (await alembic.sql()).count("CREATE TABLE") == 2 * 3


async def test_one_of_an_env_file(alembic, project, urls):
    one = Migrator.from_config(project.path / "alembic.ini", name="audit")
    await one.upgrade()
    assert [await tables(url) for url in urls.values()] == [set(), {"entry"}]
    assert "entry" in await one.sql()


TEMPLATE = '''\
"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

def upgrade(engine_name):
    globals()["upgrade_" + engine_name]()

def downgrade(engine_name):
    globals()["downgrade_" + engine_name]()

% for name in ("app", "audit"):
def upgrade_${name}():
    ${context.get(name + "_upgrades", "pass")}

def downgrade_${name}():
    ${context.get(name + "_downgrades", "pass")}
% endfor
'''


def more_models(project, app, audit):
    text = MODELS + "\n".join(
        f'sa.Table("{name}", {models}, sa.Column("id", sa.Integer, primary_key=True))'
        for models, name in (("app", app), ("audit", audit))
        if name
    )
    (project.path / "several_models.py").write_text(text)


async def test_one_script_for_the_databases_of_an_env_file(alembic, project, urls):
    (project.script_location / "script.py.mako").write_text(TEMPLATE)
    more_models(project, "author", "actor")
    await alembic.upgrade()
    made = await alembic.revision("more", autogenerate=True)
    assert made.changes == 2
    await alembic.upgrade()
    assert (await alembic.check()).ok
    assert [await relations(url) for url in urls.values()] == [
        {"book", "author"},
        {"entry", "actor"},
    ]
    await alembic.downgrade("-1")
    assert [await relations(url) for url in urls.values()] == [{"book"}, {"entry"}]


async def test_a_script_for_one_database_of_an_env_file(alembic, project, urls):
    (project.script_location / "script.py.mako").write_text(TEMPLATE)
    more_models(project, "author", None)
    await alembic.upgrade()
    one = Migrator.from_config(project.path / "alembic.ini", name="app")
    made = await one.revision("more", autogenerate=True)
    assert made.changes == 1
    await alembic.upgrade()
    assert [await relations(url) for url in urls.values()] == [{"book", "author"}, {"entry"}]


async def test_one_place_for_databases_that_lack_the_same(alembic, project, urls):
    more_models(project, "note", "note")
    await alembic.upgrade()
    await alembic.revision("more", autogenerate=True)
    text = next(project.versions.glob("*more*")).read_text()
    assert text.count('op.create_table(\n        "note"') == 1


async def test_one_place_is_too_few_for_databases_that_differ(alembic, project, urls):
    more_models(project, "author", "actor")
    await alembic.upgrade()
    with pytest.raises(ConfigError, match="app, audit need different changes") as caught:
        await alembic.revision("more", autogenerate=True)
    assert "-n NAME" in (caught.value.hint or "")
    assert not list(project.versions.glob("*more*"))


async def relations(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {row["relname"] for row in rows} - {"alembic_version", "asyncmig_journal"}
    finally:
        await connection.close()
