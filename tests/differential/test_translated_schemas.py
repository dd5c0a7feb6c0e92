"""``schema_translate_map`` of a connection: what directives make of it, beside Alembic's."""

import io
import warnings

import anyio.to_thread
import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.migration import MigrationContext
from alembic.operations import Operations as Theirs
from sqlalchemy.schema import DDLElement

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.ddl.dialect import MigrationDialect, with_schema_map
from asyncmig.operations.facade import Operations
from fix_database import catalog_dump
from support.directive_cases import CASES, CONVENTION, normal
from support.recording_sink import RecordingSink

MAP = {None: "tenant", "s": "Other", "S": "third"}


def compiled(self, construct, *_args, **_options):
    """Alembic's ``_exec`` as a connection with the map compiles, writing to the buffer all the same."""
    kind = {} if isinstance(construct, DDLElement) else {"literal_binds": True}
    sql = (sa.text(construct) if isinstance(construct, str) else construct).compile(
        dialect=self.dialect,
        schema_translate_map=dict(MAP),
        render_schema_translate=True,
        compile_kwargs=kind,
    )
    self.static_output(f"{str(sql).replace(chr(9), '    ').strip()};")


def alembic_sql(script, metadata, monkeypatch):
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer, "target_metadata": metadata}
    context = MigrationContext.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, opts=options
    )
    context.dialect._backslash_escapes = False
    monkeypatch.setattr(DefaultImpl, "_exec", compiled)
    with Theirs.context(context) as op:
        script(op)
    return buffer.getvalue()


@pytest.mark.parametrize("name", CASES)
def test_the_same_directives_follow_it(name, monkeypatch):
    metadata = sa.MetaData(naming_convention=CONVENTION if name == "naming_convention" else None)
    sink = RecordingSink(target_metadata=metadata)
    sink.dialect = MigrationDialect(schema_translate_map=MAP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what SQLAlchemy warns of is the same for both
        CASES[name](Operations(sink))
        theirs = alembic_sql(CASES[name], metadata, monkeypatch)

    assert sorted_parts(";\n".join(sink.sql)) == sorted_parts(theirs)


def sorted_parts(sql):
    return normal(sql.replace('UNLOGGED TABLE "Other".t', "UNLOGGED TABLE s.t"))


ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

schemas = {None: "tenant", "s": "other"}
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        connection = connection.execution_options(schema_translate_map=schemas)
        context.configure(connection=connection, version_table_schema=SCHEMA)
        with context.begin_transaction():
            context.run_migrations()
"""
SCRIPTS = [
    """
        op.create_table(
            "t",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("mood", sa.Enum("sad", "happy", name="mood")),
            comment="of a tenant",
        )
        op.create_table(
            "u", sa.Column("t_id", sa.Integer, sa.ForeignKey("t.id"), index=True), schema="s"
        )
        op.create_index("ix_mood", "t", ["mood"])
        op.create_table_comment("u", "others", schema="s")
        op.create_check_constraint("positive", "t", "id > 0")
        op.add_column("here", sa.Column("added", sa.Integer))  # ALTER TABLE is not translated
        op.execute("INSERT INTO here (id) VALUES (1)")
    """,
    """
        table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer))
        bind = op.get_bind()
        bind.execute(table.insert().values(id=1))
        op.bulk_insert(table, [{"id": 2}])
        op.execute(table.update().where(table.c.id == 2).values(id=3))
        assert [row[0] for row in bind.execute(sa.select(table.c.id).order_by(table.c.id))] == [1, 3]
        bind.execution_options(schema_translate_map={None: "other"})
        op.create_table("v", sa.Column("id", sa.Integer))
        op.execute(table.insert().values(id=9), execution_options={"schema_translate_map": {None: "tenant"}})
    """,
]


class Tools:
    """A project of two revisions whose connection has the map, and the two tools."""

    def __init__(self, project, schema):
        (project.script_location / "env.py").write_text(ENV.replace("SCHEMA", repr(schema)))
        self.ini = project.path / "alembic.ini"
        self.ini.write_text(
            "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
        )
        header = "import sqlalchemy as sa\nfrom alembic import op\n"
        for number, body in enumerate(SCRIPTS, 1):
            previous = f"r{number - 1}" if number > 1 else None
            project.revision(
                f"r{number}", down=previous, header=header, signature="def {name}():", upgrade=body
            )

    async def alembic(self, url, target="head"):
        config = Config(str(self.ini))
        config.set_main_option("sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:"))
        await anyio.to_thread.run_sync(command.upgrade, config, target)

    async def asyncmig(self, url, target="head"):
        await Migrator(settings=load(self.ini, url=url)).upgrade(target)


@pytest.fixture
def prepared(make_database, monkeypatch):
    """Makes a database with the schemas."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)

    async def make():
        url = make_database()
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE SCHEMA tenant; CREATE SCHEMA other; CREATE TABLE here (id int)"
        )
        await connection.close()
        return url

    return make


async def test_a_project_leaves_the_same_database(project, prepared):
    tools, ours, theirs = Tools(project, None), await prepared(), await prepared()

    await tools.asyncmig(ours)
    await tools.alembic(theirs)

    assert catalog_dump(ours, data=True) == catalog_dump(theirs, data=True)
    assert "CREATE TABLE tenant.alembic_version" in catalog_dump(ours)


async def test_each_goes_on_where_the_other_stopped(project, prepared):
    tools, first, second = Tools(project, "tenant"), await prepared(), await prepared()

    await tools.asyncmig(first, "r1")
    await tools.alembic(first)
    await tools.alembic(second, "r1")
    await tools.asyncmig(second)

    assert catalog_dump(first, data=True) == catalog_dump(second, data=True)


def test_a_dialect_with_the_same_map_is_itself():
    dialect = MigrationDialect((18, 1))

    assert with_schema_map(dialect, {}) is dialect
    other = with_schema_map(dialect, {None: "tenant"})
    assert with_schema_map(other, {None: "tenant"}) is other
    assert other.server_version_info == (18, 1)
