"""alembic-utils as the oracle: its scripts through Alembic and asyncmig, with its classes and ours."""

import importlib.abc
import sys

import anyio.to_thread
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.alembic_compat.imports import alembic_imports
from asyncmig.config import load
from fix_database import catalog_dump

ENV = """
import alembic_utils.replaceable_entity
from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""
HEADER = """\
from alembic import op
from alembic_utils.pg_extension import PGExtension
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_grant_table import PGGrantTable, PGGrantTableChoice
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView

text_of = PGFunction(
    schema="public",
    signature="text_of(a integer, b text default 'x')",
    definition="RETURNS text LANGUAGE sql AS $$ SELECT a::text || b || 'at 12:30 :when' $$;",
)
touch = PGFunction.from_sql('''
    CREATE OR REPLACE FUNCTION "Odd".touch() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE n integer := 1; BEGIN NEW.note := 'a:b' || n::text; RETURN NEW; END $$;
''')
longer = PGView("Odd", "Longer", "SELECT id, note, '12:30'::text AS t FROM public.book WHERE id > 1;")
totals = PGMaterializedView("public", "totals", "SELECT count(*) AS n FROM book", with_data=False)
touching = PGTrigger(
    "public", "touching", "BEFORE INSERT OR UPDATE OF note ON public.book FOR EACH ROW "
    'EXECUTE FUNCTION "Odd".touch()', on_entity="public.book",
)
checking = PGTrigger.from_sql('''CREATE CONSTRAINT TRIGGER Checking AFTER INSERT ON book
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "Odd".touch()
''')
own = PGPolicy("public", "Own", "AS PERMISSIVE FOR SELECT TO public USING (note = current_user)", "book")
trigram = PGExtension("Odd", "pg_trgm")
reading = PGGrantTable("public", "book", "pg_monitor", "SELECT", ["note", "id"], with_grant_option=True)
deleting = PGGrantTable("public", "book", '"pg_monitor"', PGGrantTableChoice.DELETE)
everything = [trigram, text_of, touch, longer, totals, touching, checking, own, reading, deleting]
"""
UPGRADES = {
    "tables": """
        op.execute('CREATE SCHEMA "Odd"; CREATE TABLE book (id int PRIMARY KEY, note text)')
    """,
    "created": """
        for entity in everything:
            op.create_entity(entity)
    """,
    "replaced": """
        op.execute("CREATE INDEX ON totals (n)")
        op.execute('GRANT SELECT ON "Odd"."Longer" TO pg_monitor')
        text_of.definition = text_of.definition.replace("SELECT", "SELECT 'new' || ")
        op.replace_entity(text_of)
        op.replace_entity(PGView("Odd", "Longer", "SELECT id, note, 'x'::text AS t, 1 AS n FROM public.book"))
        op.replace_entity(PGMaterializedView.from_sql(
            'CREATE MATERIALIZED VIEW public."totals" AS SELECT max(id) AS m FROM book;'
        ))
        op.replace_entity(PGTrigger(
            "public", "touching", 'AFTER DELETE ON book EXECUTE FUNCTION "Odd".touch()', "public.book"
        ))
        op.replace_entity(PGPolicy("public", "Own", "FOR UPDATE USING (true)", "public.book"))
        op.replace_entity(PGGrantTable("public", "book", "pg_monitor", "SELECT", columns=["id"]))
        op.create_entity(PGView("public", "replaced", "SELECT 1 AS a, 2 AS b"))
    """,
    "replaced where PostgreSQL refuses": """
        op.execute('GRANT SELECT ON replaced TO pg_monitor')
        op.replace_entity(PGView.from_sql("CREATE VIEW public.replaced AS SELECT 2 AS b, 'x' AS a;"))
        op.replace_entity(PGView("public", "fresh", "SELECT 1 AS a"))
    """,
    "dropped with what depends on it": """
        op.create_entity(PGView("public", "above", "SELECT * FROM replaced"))
        op.drop_entity(PGView("public", "replaced", "# not required for op"), cascade=True)
        op.drop_entity(touching)
        op.drop_entity(deleting)
    """,
    "all dropped": """
        for entity in (checking, own, totals, longer, touch, text_of, trigram, reading):
            op.drop_entity(entity)
    """,
}  # fmt: skip
DOWNGRADE = """
        for entity in reversed(everything):
            op.drop_entity(entity)
"""


class _Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "alembic_utils":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture(params=["its classes", "ours"])
def absent(request, monkeypatch):
    """A function that takes alembic-utils away, where asyncmig is to do without."""

    def take_away():
        if request.param == "ours":
            for name in [name for name in sys.modules if name.partition(".")[0] == "alembic_utils"]:
                monkeypatch.delitem(sys.modules, name)
            monkeypatch.setattr(sys, "meta_path", [_Absent(), *sys.meta_path])

    return take_away


class Tools:
    def __init__(self, project, ours, theirs):
        self.ini = project.path / "alembic.ini"
        self.ours, self.theirs = ours, theirs

    async def alembic(self, run, target):
        config = Config(str(self.ini))
        url = self.theirs.replace("postgresql:", "postgresql+psycopg2:")
        config.set_main_option("sqlalchemy.url", url)
        await anyio.to_thread.run_sync(run, config, target)

    def migrator(self):
        return Migrator(settings=load(self.ini, url=self.ours))


@pytest.fixture
def tools(project, make_database, monkeypatch):
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    (project.script_location / "env.py").write_text(ENV)
    (project.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
    )
    for number, (name, body) in enumerate(UPGRADES.items(), 1):
        project.revision(
            f"e{number}",
            down=f"e{number - 1}" if number > 1 else None,
            message=name,
            header=HEADER,
            signature="def {name}():",
            upgrade=body,
            downgrade=DOWNGRADE if name == "created" else "pass",
        )
    return Tools(project, make_database(), make_database())


@pytest.mark.cells(1)
async def test_scripts_of_alembic_utils_leave_the_same_catalog(tools, absent):
    dumps = []
    for number in range(1, len(UPGRADES) + 1):
        await tools.alembic(command.upgrade, f"e{number}")
        dumps.append(catalog_dump(tools.theirs))
    absent()
    for number, dump in enumerate(dumps, 1):
        await tools.migrator().upgrade(f"e{number}")
        assert catalog_dump(tools.ours) == dump, number


@pytest.mark.cells(1)
async def test_the_way_back_drops_what_was_created(tools, absent):
    await tools.alembic(command.upgrade, "e2")
    await tools.alembic(command.downgrade, "e1")
    absent()
    await tools.migrator().upgrade("e2")
    await tools.migrator().downgrade("e1")

    assert catalog_dump(tools.ours) == catalog_dump(tools.theirs)


def test_the_installed_package_is_used_where_there_is_one():
    with alembic_imports():
        space = {"__name__": "a_script"}
        exec("from alembic_utils.pg_view import PGView", space)

    assert space["PGView"].__module__ == "alembic_utils.pg_view"
