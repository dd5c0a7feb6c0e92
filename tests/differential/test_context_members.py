"""What a script is told by ``context`` and ``op.get_context()``: the same by both tools."""

import json
from argparse import Namespace
from dataclasses import replace

import anyio.to_thread
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.config import load

ENV = """
from alembic import context
from sqlalchemy import MetaData, create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
options = {"target_metadata": MetaData(), "version_table": "versions", "tenant": "t1", "compare_type": True}
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations(given=5)
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, version_table_schema="public", **options)
        with context.begin_transaction():
            context.run_migrations(given=5)
"""
TOLD = [
    "given",
    "op.get_context().opts['tenant']",
    "op.get_context().opts['compare_type']",
    "op.get_context().opts['version_table']",
    "op.get_context().opts.get('nothing')",
    "type(op.get_context().opts['target_metadata']).__name__",
    "op.get_context().dialect.name",
    "op.get_context().config.get_main_option('own_key')",
    "op.get_context().config is context.config",
    "op.get_context().config.config_ini_section",
    "op.get_context().config.get_section_option('other', 'key')",
    "op.get_context().version_table",
    "op.get_context().as_sql",
    "op.get_context().environment_context.is_offline_mode()",
    "op.get_context().script.get_current_head()",
    "op.get_context().impl.dialect.name",
    "op.get_context().impl.transactional_ddl",
    "op.context is not None",
    "context.is_offline_mode()",
    "context.get_x_argument()",
    "context.get_x_argument(as_dictionary=True)",
    "context.get_tag_argument()",
    "context.get_head_revision()",
    "list(context.get_head_revisions())",
    "context.get_context() is op.get_context()",
    "context.script.get_base()",
    "context.script.get_revision('r1').doc",
    "context.is_transactional_ddl()",
    "context.requires_connection()",
    "context.config.attributes.get('nothing')",
    "context.config.get_section('other')['key']",
    "context.get_impl().as_sql",
]
ONLINE = [
    "op.get_context().version_table_schema",
    "op.get_context().bind is op.get_bind()",
    "op.get_context().connection is op.get_bind()",
    "op.get_context().connection.execute(sa.text('SELECT 7')).scalar()",
    "op.get_context().get_current_revision()",
    "list(op.get_context().get_current_heads())",
    "context.get_bind() is op.get_bind()",
    "op.get_bind().engine.name",
    "op.get_bind().dialect.server_version_info[0] > 12",
]
SCRIPT = '''
"""{name}, the revision"""
import json
from dataclasses import replace
import os
import sqlalchemy as sa
from alembic import context, op

revision = {name!r}
down_revision = {down!r}


def upgrade(given=None):
    told = {{}}
    for expression in {expressions!r}:
        try:
            told[expression] = eval(expression, {{**globals(), "given": given}})
        except Exception as error:
            told[expression] = f"{{type(error).__name__}}: {{error}}"
    with open(os.environ["TOLD"] + revision, "w") as file:
        json.dump(told, file)
'''


@pytest.fixture
def told_by(project, make_database, monkeypatch, tmp_path):
    """Runs the project by one of the tools; gives what each of its scripts was told."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    ini = project.path / "alembic.ini"
    ini.write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\nown_key = mine\n"
        "[other]\nkey = value\n"
    )
    (project.script_location / "env.py").write_text(ENV)

    async def run(tool, *, offline=False):
        expressions = TOLD if offline else TOLD + ONLINE
        for name, down in (("r1", None), ("r2", "r1")):
            project.write(
                f"{name}.py", SCRIPT.format(name=name, down=down, expressions=expressions).lstrip()
            )
        out = tmp_path / f"{tool}-{offline}-"
        monkeypatch.setenv("TOLD", str(out))
        url = make_database()
        x = ["tenant=a", "fast"]
        if tool == "alembic":
            config = Config(str(ini), cmd_opts=Namespace(x=x, tag="t"))
            config.set_main_option(
                "sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:")
            )
            await anyio.to_thread.run_sync(
                lambda: command.upgrade(config, "head", sql=offline, tag="t")
            )
        else:
            migrator = Migrator(settings=replace(load(ini, url=url, x=x), tag="t"))
            await (migrator.sql("head") if offline else migrator.upgrade("head"))
        return [json.loads((tmp_path / f"{out.name}{name}").read_text()) for name in ("r1", "r2")]

    return run


@pytest.mark.parametrize("offline", [False, True])
async def test_the_same_is_told(told_by, offline, capsys):
    ours = await told_by("asyncmig", offline=offline)
    theirs = await told_by("alembic", offline=offline)

    assert ours == theirs
    errors = [value for value in theirs[1].values() if "Error:" in str(value)]
    assert errors == []
