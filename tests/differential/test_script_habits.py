"""Scripts that rely on how Alembic with psycopg2 takes them: each alone, through both tools."""

from __future__ import annotations

import asyncio
from argparse import Namespace

import anyio.to_thread
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.config import load
from fix_database import catalog_dump

ENV = """
from alembic import context
from sqlalchemy import MetaData, create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
options = {"transactional_ddl": context.get_x_argument(as_dictionary=True).get("ddl") != "false"}
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **options)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
"""
HEADER = """\
import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql
"""
TABLE = """
op.create_table(
    "t",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.String),
    sa.Column("flag", sa.Boolean, server_default="true"),
)
"""
MODEL = """
numbers = iter(range(100))
model = sa.table("t", sa.column("id", sa.Integer), sa.column("note", sa.String))
filled = sa.Table(
    "t", sa.MetaData(),
    sa.Column("id", sa.Integer, default=lambda: next(numbers)),
    sa.Column("note", sa.String, default="standard"),
    sa.Column("flag", sa.Boolean, server_default="true"),
)
"""
HABITS = {
    "a Column for a name": """
        op.alter_column("t", sa.Column("note", sa.String, nullable=False))
        with op.batch_alter_table("t") as batch:
            batch.alter_column(sa.Column("flag", sa.Boolean, nullable=False))
    """,
    "keys that the table lacks": """
        op.bulk_insert(model, [{"id": 1, "other": 5}, {"id": 2, "more": 6}])
    """,
    "keys that the first row lacks": """
        op.bulk_insert(model, [{"id": 1}, {"id": 2, "note": "lost"}, {"note": "x", "id": 3}])
    """,
    "keys that are columns": """
        op.bulk_insert(model, [{model.c.id.key: 1, "note": None}, {"id": 2, "note": "two"}])
    """,
    "defaults go before later rows": """
        op.bulk_insert(filled, [{"flag": False}, {"flag": None, "note": "lost", "id": 50}])
        op.bulk_insert(filled, [{"id": 10, "note": None}, {"id": 11, "note": "eleven", "flag": False}])
    """,
    "a row a statement": """
        rows = [{"id": 1}, {"id": 2, "note": "two"}]
        op.bulk_insert(model, rows, multiinsert=False)
        op.bulk_insert(filled, [{"id": 3}, {"id": 4, "note": "four"}], multiinsert=False)
    """,
    "operations of a context": """
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        own = Operations(MigrationContext.configure(op.get_bind()))
        own.create_table("own", sa.Column("i", sa.Integer))
        assert own.get_bind() is op.get_bind()
        with own.batch_alter_table("own") as batch:
            batch.add_column(sa.Column("j", sa.Integer))
        with Operations.context(MigrationContext.configure(op.get_bind())) as other:
            other.execute("INSERT INTO own VALUES (1, 2)")
    """,
    "no rows": """
        op.bulk_insert(model, [])
    """,
    "an error in an autocommit block": """
        with op.get_context().autocommit_block():
            for name in ("note", "absent"):
                try:
                    op.create_index(f"ix_{name}", "t", [name], postgresql_concurrently=True)
                except sa.exc.ProgrammingError:
                    op.bulk_insert(model, [{"id": 1, "note": "caught"}])
    """,
    "labels that are there": """
        op.execute("CREATE TYPE mood AS ENUM ('sad')")
        with op.get_context().autocommit_block():
            for label in ("sad", "happy", "sad"):
                try:
                    op.execute(f"ALTER TYPE mood ADD VALUE '{label}'")
                except sa.exc.DBAPIError as error:
                    op.execute(f"COMMENT ON TYPE mood IS '{error.orig.pgcode}'")
    """,
    "an index that rows violate": """
        op.bulk_insert(model, [{"id": 1, "note": "x"}, {"id": 2, "note": "x"}])
        with op.get_context().autocommit_block():
            try:
                op.create_index("ux", "t", ["note"], unique=True, postgresql_concurrently=True)
            except sa.exc.IntegrityError:
                op.execute("DROP INDEX CONCURRENTLY ux")
                op.execute("DELETE FROM t WHERE id = 2")
                op.create_index("ux", "t", ["note"], unique=True, postgresql_concurrently=True)
    """,
    "an error in a savepoint": """
        for statement in ("CREATE TABLE t ()", "CREATE TABLE other (i int)", "ALTER TABLE t DROP z"):
            try:
                with op.get_bind().begin_nested():
                    op.execute(statement)
            except sa.exc.ProgrammingError:
                pass
    """,
    "SQL of psycopg2 that writes itself": """
        from psycopg2 import sql
        from psycopg2.sql import Identifier, Literal
        import psycopg2.sql

        cursor = op.get_bind().connection.cursor()
        for context in (cursor, op.get_bind().connection.dbapi_connection):
            op.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(
                sql.Identifier("t"), sql.Identifier("T x")).as_string(context))
            op.execute("ALTER TABLE %s RENAME TO t" % Identifier("public", "T x").as_string(cursor))
        names = psycopg2.sql.SQL(", ").join(map(psycopg2.sql.Identifier, ("id", "note"))).as_string(cursor)
        values = sql.Composed([Literal(1), sql.SQL(", "), Literal("it's 5%")]).as_string(cursor)
        cursor.execute(f"INSERT INTO t ({names}) VALUES ({values})")
        assert isinstance(Identifier("x"), sql.Composable)
    """,
    "SQL of psycopg that writes itself": """
        from psycopg import sql
        from psycopg.sql import Identifier

        cursor = op.get_bind().connection.cursor()
        for context in (None, cursor, op.get_bind().connection.dbapi_connection):
            if not type(context).__module__.startswith("psycopg2"):
                op.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(
                    Identifier("t"), Identifier("T x")).as_string(context))
                op.execute("ALTER TABLE %s RENAME TO t" % Identifier("public", "T x").as_string(context))
    """,
    "the inspector between directives": """
        inspector = sa.inspect(op.get_bind())
        columns = {column["name"] for column in inspector.get_columns("t")}
        if "more" not in columns:
            op.add_column("t", sa.Column("more", sa.Integer))
        if "ix_more" not in {index["name"] for index in inspector.get_indexes("t")}:
            op.create_index("ix_more", "t", ["more"])
        fresh = sa.inspect(op.get_bind())
        assert "more" in {column["name"] for column in fresh.get_columns("t")}
        assert fresh.has_table("t") and not fresh.has_table("u")
        table = sa.Table("t", sa.MetaData(), autoload_with=op.get_bind())
        op.get_bind().execute(table.insert(), [{"id": 1, "note": "reflected", "more": 5}])
    """,
    "rows moved by a session": """
        from sqlalchemy.orm import Session, declarative_base
        Base = declarative_base()
        class T(Base):
            __tablename__ = "t"
            id = sa.Column(sa.Integer, primary_key=True)
            note = sa.Column(sa.String)
        session = Session(bind=op.get_bind())
        session.add_all([T(id=number, note=str(number)) for number in range(5)])
        session.commit()
        for row in session.query(T).filter(T.id > 2).order_by(T.id):
            row.note = f"{row.note}!"
        session.flush()
        session.query(T).filter_by(id=0).delete()
        session.commit()
        session.close()
    """,
    "rows of a cursor in many forms": """
        from psycopg2.extras import DictCursor, RealDictCursor, execute_values
        raw = op.get_bind().connection
        with raw.cursor() as cursor:
            execute_values(cursor, "INSERT INTO t (id, note) VALUES %s", [(1, "a"), (2, None), (3, "%")])
            cursor.execute("SELECT id, note FROM t WHERE id = ANY(%s) ORDER BY 1", ([1, 3],))
            assert cursor.fetchall() == [(1, "a"), (3, "%")]
            assert cursor.rowcount == 2
        with raw.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute("SELECT count(*) AS n FROM t WHERE note LIKE %(like)s", {"like": "a%"})
            assert cursor.fetchone()["n"] == 1
        for row in op.get_bind().execute(sa.text("SELECT id FROM t WHERE note IS NOT NULL")).mappings():
            op.execute(sa.text("UPDATE t SET note = :n WHERE id = :i").bindparams(n="x:y", i=row["id"]))
    """,
    "statements in one text": """
        op.execute('''
            -- a comment; with a semicolon
            CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
            INSERT INTO t (id, note) VALUES (1, 'a;b:c%d'), (2, E'it\\\\'s');
        ''')
        op.execute(sa.text(r"UPDATE t SET note = note || '\\:x' WHERE id = 1"))
        op.get_bind().exec_driver_sql("UPDATE t SET note = '100%%' WHERE id = 2")
    """,
    "a script that looks whether it may": """
        connection = op.get_bind()
        if connection.dialect.name == "postgresql" and not context.is_offline_mode():
            if not connection.dialect.has_table(connection, "extra"):
                op.create_table("extra", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))
            if connection.engine.dialect.has_index(connection, "t", "absent"):
                op.drop_index("absent")
            op.execute(sa.schema.CreateSequence(sa.Sequence("numbers", start=5)))
            op.execute(sa.schema.DropSequence(sa.Sequence("missing"), ) if False else sa.text("SELECT 1"))
        sa.Enum("x", "y", name="kind").create(connection, checkfirst=True)
        sa.Enum("x", "y", name="kind").create(connection, checkfirst=True)
        op.add_column("extra", sa.Column("kind", sa.Enum("x", "y", name="kind", create_type=False)))
    """,
    "a table copied with the models of then": """
        old = sa.table("t", sa.column("id"), sa.column("note"))
        op.rename_table("t", "t_old")
        new = op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("note", sa.Text))
        op.execute("INSERT INTO t_old (id, note) VALUES (1, 'n')")
        source = sa.table("t_old", sa.column("id"), sa.column("note"))
        op.execute(new.insert().from_select(["id", "note"], sa.select(source.c.id, source.c.note)))
        assert op.get_bind().execute(sa.select(sa.func.count()).select_from(old)).scalar_one() == 1
        op.drop_table("t_old")
    """,
}
TYPES = """
import enum
import json

class Upper(sa.types.TypeDecorator):
    impl = sa.String
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return None if value is None else value.upper()

class Marked(sa.types.UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **kw):
        return "text"
    def bind_processor(self, dialect):
        return lambda value: None if value is None else f"<{value}>"

class Packed(sa.types.TypeDecorator):
    impl = postgresql.JSONB
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return {"packed": value}

class Plain(sa.types.TypeDecorator):
    impl = sa.Text
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value)

class Color(enum.Enum):
    RED = "r"
    BLUE = "b"

typed = sa.Table(
    "typed", sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("upper", Upper),
    sa.Column("marked", Marked),
    sa.Column("packed", Packed),
    sa.Column("plain", Plain),
    sa.Column("color", sa.Enum(Color, name="color", values_callable=lambda e: [c.value for c in e])),
    sa.Column("j", sa.JSON),
    sa.Column("b", postgresql.JSONB(none_as_null=True)),
    sa.Column("js", sa.ARRAY(sa.JSON)),
    sa.Column("bs", postgresql.ARRAY(postgresql.JSONB)),
    sa.Column("uppers", postgresql.ARRAY(Upper)),
    sa.Column("colors", postgresql.ARRAY(
        sa.Enum(Color, name="color", values_callable=lambda e: [c.value for c in e], create_type=False)
    )),
)
rows = [
    {"id": 1, "upper": "a", "marked": "m", "packed": [1], "plain": {"x": 1}, "color": Color.RED,
     "j": {"a": None}, "b": [1, None], "js": [None, {"a": 1}, [None]], "bs": [{"b": "it's 5%"}, None, 7, "x"],
     "uppers": ["q", None], "colors": [Color.BLUE]},
    {"id": 2, "upper": None, "marked": None, "packed": None, "plain": None, "color": None, "j": None,
     "b": None, "js": None, "bs": [], "uppers": [], "colors": None},
    {"id": 3, "upper": "b", "marked": "", "packed": "s", "plain": [], "color": Color.BLUE, "j": sa.JSON.NULL,
     "b": sa.JSON.NULL, "js": [{"k": [1, 2]}, "t"], "bs": [sa.JSON.NULL], "uppers": ["r"], "colors": []},
]
"""
TYPED = {
    "bulk_insert": "op.bulk_insert(typed, rows)",
    "each on its own": "op.bulk_insert(typed, rows, multiinsert=False)",
    "an insert": "[op.execute(typed.insert().values(**row)) for row in rows]",
    "executemany": "op.get_bind().execute(typed.insert(), rows)",
    "values": "op.get_bind().execute(typed.insert().values(rows))",
    "an update": """
        op.get_bind().execute(typed.insert().values(id=1))
        for row in rows:
            op.execute(typed.update().where(typed.c.id == 1).values({**row, "id": 1}))
            op.get_bind().execute(typed.update().where(typed.c.id == 1).values({**row, "id": 1}))
    """,
    "parameters": """
        kind = postgresql.ARRAY(postgresql.JSONB)
        statement = sa.text("INSERT INTO typed (id, bs, upper) VALUES (:id, :bs, :upper)")
        typed_text = statement.bindparams(sa.bindparam("bs", type_=kind), sa.bindparam("upper", type_=Upper))
        op.get_bind().execute(typed_text, [{key: row[key] for key in ("id", "bs", "upper")} for row in rows])
    """,
}
LOOPS = {
    "asyncio.run": """
        op.execute("CREATE TABLE before ()")
        result = asyncio.run(work(5))
    """,
    "asyncio.run between queries": """
        connection = op.get_bind()
        before = connection.execute(sa.text("SELECT 2")).scalar()
        result = asyncio.run(work(before)) + connection.execute(sa.text("SELECT 3")).scalar()
    """,
    "asyncio.Runner": """
        with asyncio.Runner() as runner:
            result = runner.run(work(1)) + runner.run(work(4))
    """,
    "a loop of its own": """
        loop = asyncio.new_event_loop()
        try:
            result = loop.run_until_complete(work(5))
        finally:
            loop.close()
    """,
    "the thread's loop": """
        result = asyncio.get_event_loop().run_until_complete(work(5))
    """,
    "anyio.run": """
        import anyio
        result = anyio.run(work, 5)
    """,
    "a thread with a loop": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(asyncio.run, work(5)).result()
    """,
    "a connection of its own": """
        import asyncpg

        async def ask():
            url = op.get_bind().engine.url.render_as_string(hide_password=False)
            connection = await asyncpg.connect(url.replace("+psycopg2", ""))
            try:
                return await connection.fetchval("SELECT 5")
            finally:
                await connection.close()

        try:
            result = asyncio.run(ask())
        except asyncpg.InvalidPasswordError:
            result = 5
    """,
    "an error in the loop": """
        async def fail():
            raise KeyError("x")
        try:
            asyncio.run(fail())
        except KeyError:
            result = asyncio.run(work(5))
    """,
}
ALONE = {
    "op at module level": """
        name = op.get_bind().engine.url.database
        def upgrade(): op.execute("CREATE TABLE t (i int)" if name else "SELECT 1 / 0")
        def downgrade(): op.execute("DROP TABLE t")
    """,
    "a query at module level": """
        settings = dict(op.get_bind().execute(sa.text("SELECT 'a', 5 UNION SELECT 'b', 6")).fetchall())
        def upgrade(): op.execute(f"CREATE TABLE t AS SELECT {sum(settings.values())} AS n")
        def downgrade(): op.execute("DROP TABLE t")
    """,
    "context at module level": """
        version = context.get_context().dialect.server_version_info[0]
        database = context.get_bind().execute(sa.text("SELECT 7")).scalar()
        def upgrade(): op.execute(f"CREATE TABLE t AS SELECT {version > 9} AS ok, {database} AS n")
        def downgrade(): op.execute("DROP TABLE t")
    """,
    "empty metadata": """
        depends_on = ""
        branch_labels = ()
        def upgrade(): op.execute("CREATE TABLE t (i int)")
        def downgrade(): op.execute("DROP TABLE t")
    """,
    "no dependency in brackets": """
        depends_on = ("",)
        def upgrade(): op.execute("CREATE TABLE t (i int)")
        def downgrade(): op.execute("DROP TABLE t")
    """,
}
COMMITS = """
    op.execute("CREATE TABLE u (id int)")
    op.get_bind().commit()
    try:
        op.execute("CREATE TABLE lost (id int)")
        op.execute("SELECT 1 FROM missing")
    except Exception:
        op.get_bind().rollback()
    op.execute("CREATE TABLE v (id int)")
    op.get_bind().commit()
"""


@pytest.fixture
def both(project, make_database, monkeypatch):
    """Runs the project through each tool, in a database of its own; gives the two dumps with all rows."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    (project.script_location / "env.py").write_text(ENV)
    ini = project.path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n")

    async def run(*x: str) -> tuple[list[str], list[str]]:
        theirs, ours = make_database(), make_database()
        config = Config(str(ini), cmd_opts=Namespace(x=list(x)))
        config.set_main_option(
            "sqlalchemy.url", theirs.replace("postgresql:", "postgresql+psycopg2:")
        )
        await anyio.to_thread.run_sync(upgrade_by_alembic, config)
        await Migrator(settings=load(ini, url=ours, x=x)).upgrade("heads")
        return dump(theirs), dump(ours)

    return run


def upgrade_by_alembic(config: Config) -> None:
    """In a thread whose event loop is set, as the main thread's is."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        command.upgrade(config, "heads")
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def dump(url):
    return catalog_dump(url, data=True).splitlines()


@pytest.mark.cells(4)
@pytest.mark.parametrize("name", HABITS)
async def test_a_habit_leaves_the_same_database(project, both, name) -> None:
    project.revision("r1", header=HEADER, signature="def {name}():", upgrade=TABLE)
    project.revision(
        "r2", down="r1", header=HEADER + MODEL, signature="def {name}():", upgrade=HABITS[name]
    )
    theirs, ours = await both()
    assert ours == theirs


@pytest.mark.cells(2)
@pytest.mark.parametrize("name", TYPED)
async def test_types_process_their_values(project, both, name) -> None:
    project.revision(
        "r1",
        header=HEADER + TYPES,
        signature="def {name}():",
        upgrade="typed.create(op.get_bind())",
    )
    project.revision(
        "r2",
        down="r1",
        header=HEADER + TYPES,
        signature="def {name}():",
        upgrade=TYPED[name],
    )
    theirs, ours = await both()
    assert ours == theirs


@pytest.mark.cells(3)
@pytest.mark.parametrize("name", LOOPS)
async def test_a_script_may_run_event_loops(project, both, name) -> None:
    header = f"""{HEADER}
import asyncio
async def work(n):
    await asyncio.sleep(0)
    return n
"""
    made = 'op.execute(f"CREATE TABLE t AS SELECT {result} AS n")'
    for rev, down in (("r1", None), ("r2", "r1")):
        body = "\n".join(line.removeprefix("        ") for line in LOOPS[name].splitlines())
        script = f"{body}\n{made}\nop.execute('DROP TABLE IF EXISTS before')"
        if down is None:
            script = script.replace("TABLE t ", "TABLE s ")
        project.revision(rev, down=down, header=header, signature="def {name}():", upgrade=script)
    loop = asyncio.get_running_loop()
    theirs, ours = await both()
    assert ours == theirs
    assert asyncio.get_running_loop() is loop
    assert asyncio.current_task() is not None


@pytest.mark.parametrize("name", ALONE)
async def test_a_module_leaves_the_same_database(project, both, name) -> None:
    from textwrap import dedent

    project.write("0.py", f"{HEADER}revision = 'r0'\ndown_revision = None\ndef upgrade(): pass\n")
    project.write("1.py", f"{HEADER}revision = 'r1'\ndown_revision = 'r0'\n{dedent(ALONE[name])}")
    theirs, ours = await both()
    assert ours == theirs


async def test_a_script_may_commit_without_transactional_ddl(project, both) -> None:
    project.revision("r1", header=HEADER, signature="def {name}():", upgrade=COMMITS)
    theirs, ours = await both("ddl=false")
    assert ours == theirs


@pytest.mark.parametrize(
    ("rows", "missing"),
    [([{"id": 1, "note": "a"}, {"id": 2}], "note"), ([{"id": 1}, {"note": "b"}], "id")],
)
async def test_a_row_without_a_key_of_the_first_is_refused_by_both(
    project, both, database_url, rows, missing
) -> None:
    from asyncmig.errors import DirectiveError

    project.revision("r1", header=HEADER, signature="def {name}():", upgrade=TABLE)
    project.revision(
        "r2",
        down="r1",
        header=HEADER + MODEL,
        signature="def {name}():",
        upgrade=f"op.bulk_insert(model, {rows})",
    )
    with pytest.raises(Exception, match=f"'{missing}', in parameter group 1"):
        await both()
    ini = project.path / "alembic.ini"
    with pytest.raises(DirectiveError, match=f"row 2 has no value for column '{missing}'"):
        await Migrator(settings=load(ini, url=database_url)).upgrade("heads")
