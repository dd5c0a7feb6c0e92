"""The connection of scripts written for psycopg2: the same answers from both drivers."""

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.alembic_compat.psycopg2_compat.connection import lenient_connection
from asyncmig.errors import ScriptError, StatementFailedError

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE all_kinds (
    id serial PRIMARY KEY, a_text text, a_varchar varchar(20), an_int int, a_bool bool,
    a_numeric numeric(10, 2), a_float float8, a_date date, a_time time, a_stamp timestamp,
    a_stamptz timestamptz, an_interval interval,
    a_json json, a_jsonb jsonb, a_uuid uuid, some_bytes bytea, an_inet inet, a_cidr cidr,
    some_bits bit(4), some_ints int[], some_texts text[], a_range daterange, a_mood mood
);
INSERT INTO all_kinds VALUES (1, 'x%y', 'v', 7, true, 1.50, 0.5, '2026-01-02', '03:04:05',
    '2026-01-02 03:04:05', '2026-01-02 03:04:05+02', '1 day 02:00', '{"a": [1]}', '{"b": null}',
    '5f0e4e9c-58a1-4d7c-8e4f-1d2c3b4a5f6e', '\\x0001ff', '10.0.0.1', '10.0.0.0/8', B'1010',
    '{1,NULL,3}', '{a,"b c"}', '[2026-01-01,2026-02-01)', 'sad');
"""
"""What scripts ask, each run on both drivers."""
READS = {
    "all columns": "SELECT * FROM all_kinds",
    "percent": "SELECT a_text, 'a%%b' FROM all_kinds WHERE a_text LIKE '%%y'",
    "no rows": "SELECT id, a_json FROM all_kinds WHERE id = 99",
    "several": "UPDATE all_kinds SET an_int = 8; SELECT an_int FROM all_kinds",
    "returning": "UPDATE all_kinds SET an_int = 9 RETURNING id, an_int",
    "with": "WITH x AS (DELETE FROM all_kinds RETURNING id) SELECT count(*) FROM x",
    "show": "SHOW search_path",
    "aggregates": "SELECT array_agg(an_int), json_agg(a_text), count(*), sum(a_numeric) FROM all_kinds",
    "quoted colon": "SELECT ':x', 'a;b', $q$;$q$",
}
"""A statement with parameters of Python types that asyncpg refuses for these columns."""
WRITES = [
    ("a_varchar = %(x)s", 12),
    ("a_text = %(x)s", "it's 100%"),
    ("an_int = %(x)s", "12"),
    ("a_numeric = %(x)s", "1.5"),
    ("a_date = %(x)s", "2026-05-06"),
    ("a_stamp = %(x)s", "2026-05-06T07:08:09"),
    ("a_mood = %(x)s", "happy"),
    ("a_uuid = %(x)s", "5f0e4e9c-58a1-4d7c-8e4f-1d2c3b4a5f6f"),
    ("a_json = %(x)s", '{"z": 1}'),
    ("some_texts = %(x)s", ["p", "q'r"]),
    ("some_ints = %(x)s", []),
    ("some_bytes = %(x)s", b"\x00abc"),
    ("an_int = an_int - %(x)s", -5),
    ("a_bool = %(x)s", True),
    ("an_interval = %(x)s", "3 hours"),
    ("a_text = COALESCE(%(x)s, 'none')", None),
    ("a_text = 'in' WHERE an_int IN %(x)s", (7, 8)),
]


def shown(value):
    """A value without the driver's own class."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if type(value).__name__ == "DateRange":
        return (value.lower, value.upper, value._bounds)
    if type(value).__name__ == "Range":
        return (value.lower, value.upper, value.bounds)
    return value


@pytest.fixture
def both(make_database):
    """Runs a function with a connection of each driver, on a database each; gives both results."""

    async def run(function):
        outcomes = []
        for lenient in (True, False):
            url = make_database()
            if lenient:
                driver = await asyncpg.connect(url, statement_cache_size=0)
                await driver.execute("SET timezone = 'Europe/Berlin';" + SETUP + ";BEGIN")
                connection = await lenient_connection(driver, "postgresql://server/db")
                outcomes.append(await connection.run_sync(outcome, function))
                await connection.close()
                await driver.close()
            else:
                engine = sa.create_engine(
                    url.replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.NullPool
                )
                with engine.connect() as connection:
                    connection.exec_driver_sql(
                        "SET timezone = 'Europe/Berlin';" + SETUP.replace("%", "%%")
                    )
                    outcomes.append(outcome(connection, function))
        return outcomes

    def outcome(connection, function):
        try:
            return function(connection)
        except sa.exc.DBAPIError as error:
            return type(error).__name__, error.orig.pgcode

    return run


@pytest.mark.parametrize("question", READS)
async def test_the_same_rows(both, question):
    def read(connection):
        result = connection.exec_driver_sql(READS[question])
        return list(result.keys()), [shown(tuple(row)) for row in result]

    ours, theirs = await both(read)

    assert ours == theirs


async def test_the_same_effect_of_untyped_parameters(both):
    def write(connection):
        seen = []
        for assignment, value in WRITES:
            changed = connection.exec_driver_sql(
                f"UPDATE all_kinds SET {assignment}", {"x": value}
            ).rowcount
            seen.append(
                (changed, shown(tuple(connection.exec_driver_sql("SELECT * FROM all_kinds").one())))
            )
        return seen

    ours, theirs = await both(write)

    assert ours == theirs


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM no_table",
        "SELEC 1",
        "INSERT INTO all_kinds (id) VALUES (1)",
        "SELECT 'x'::int",
        "SELECT 1/0",
        "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TYPE mood AS ENUM ()",
        "SET no_such_setting = 1",
    ],
)
async def test_the_same_exceptions(both, sql):
    ours, theirs = await both(lambda connection: connection.exec_driver_sql(sql))

    assert ours == theirs
    assert ours[0].endswith("Error")


async def test_the_same_through_sqlalchemys_types(both):
    table = sa.table(
        "all_kinds",
        *(
            sa.column(name, type_)
            for name, type_ in {
                "id": sa.Integer(),
                "a_json": sa.JSON(),
                "a_jsonb": JSONB(),
                "some_texts": ARRAY(sa.Text()),
                "some_bytes": sa.LargeBinary(),
                "a_numeric": sa.Numeric(asdecimal=False),
                "a_uuid": sa.Uuid(),
                "a_mood": sa.Enum("sad", "happy", name="mood"),
                "a_range": DATERANGE(),
                "a_stamptz": sa.DateTime(timezone=True),
                "a_bool": sa.Boolean(),
            }.items()
        ),
    )

    def typed(connection):
        connection.execute(
            table.insert().values(id=2, a_json={"k": ["v"]}, a_jsonb=[1], some_texts=["t"])
        )
        connection.execute(
            table.update().where(table.c.id == 2).values(a_mood="happy", a_bool=False)
        )
        connection.execute(table.insert(), [{"id": n, "a_json": None} for n in range(10, 15)])
        connection.execute(
            text("UPDATE all_kinds SET a_text = :t WHERE id = :i"), {"t": "1:2", "i": "2"}
        )
        with connection.begin_nested() as savepoint:
            connection.execute(table.delete())
            savepoint.rollback()
        rows = connection.execute(
            table.select().order_by(table.c.id).where(table.c.id.in_([1, 2, 10]))
        )
        found = [shown(tuple(row)) for row in rows]
        names = sa.inspect(connection).get_columns("all_kinds")
        return found, [(c["name"], str(c["type"])) for c in names], connection.dialect.name

    ours, theirs = await both(typed)

    assert ours == theirs


async def test_plain_cursors_and_further_connections(both):
    def plain(connection):
        with connection.connection.cursor() as cursor:
            cursor.execute("CREATE TABLE plain (a int, b text)")
            cursor.executemany("INSERT INTO plain VALUES (%s, %s)", [(1, "x"), (2, "100%")])
            cursor.execute("SELECT * FROM plain WHERE a = %(a)s", {"a": 2})
            first, none = cursor.fetchone(), cursor.fetchone()
            cursor.execute("SELECT a FROM plain WHERE b LIKE '%0%' ORDER BY a")
            named = [column[0] for column in cursor.description]
            return first, none, named, cursor.fetchall(), cursor.rowcount

    ours, theirs = await both(plain)

    assert ours == theirs == ((2, "100%"), None, ["a"], [(2,)], 1)


HEADER = "import sqlalchemy as sa\nfrom alembic import op"


@pytest.fixture
def script(project, database_url):
    """Runs the body of one upgrade, leniently."""

    async def run(body, **settings):
        project.revision("a1", header=HEADER, signature="def {name}():", upgrade=body)
        migrator = Migrator(
            settings=project.settings(url=database_url, psycopg2_compat=True), **settings
        )
        return await migrator.upgrade()

    return run


async def test_what_scripts_do_with_it(script, pg):
    await script("""
        bind = op.get_bind()
        op.create_table("book", sa.Column("id", sa.Integer), sa.Column("title", sa.String(50)))
        bind.execute(sa.text("INSERT INTO book VALUES (1, 'a'); INSERT INTO book VALUES (2, 'b')"))
        for row in bind.execute(sa.text("SELECT id FROM book ORDER BY id")):
            op.execute(f"ALTER TABLE book ADD COLUMN c{row.id} int")  # while the result is open
        op.execute(sa.text("UPDATE book SET title = :t").bindparams(t=5))
        raw = bind.engine.raw_connection()
        cursor = raw.cursor()
        cursor.execute("UPDATE book SET c1 = %s WHERE id = %s", ("10", 1))
        raw.commit()
        raw.close()
        with bind.engine.connect() as other:
            assert other.execute(sa.text("SELECT c1 FROM book WHERE id = 1")).scalar() == 10
        op.drop_column("book", "c2")
        with bind.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM information_schema.columns WHERE table_name = 'book'")
            assert cursor.fetchone() == (3,)
    """)

    rows = await pg.fetch("SELECT * FROM book ORDER BY id")
    assert [tuple(row) for row in rows] == [(1, "5", 10), (2, "5", None)]


async def test_a_commit_in_a_text_and_a_view_in_autocommit_end_the_phase(script, pg):
    result = await script("""
        bind = op.get_bind()
        bind.execute(sa.text("CREATE TYPE kind AS ENUM ('a')"))
        bind.execute(sa.text("COMMIT; ALTER TYPE kind ADD VALUE 'b'; COMMIT"))
        bind.execute(sa.text("CREATE TABLE t (k kind DEFAULT 'b')"))
        with bind.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.execute(sa.text("ALTER TYPE kind ADD VALUE 'c'"))
        bind.execute(sa.text("INSERT INTO t VALUES ('c')"))
    """)

    assert await pg.fetchval("SELECT k FROM t") == "c"
    assert result.applied[0].phases > 1


async def test_a_failure_names_the_line_and_keeps_nothing(script, pg):
    with pytest.raises(StatementFailedError, match="no_table") as caught:
        await script("""
            bind = op.get_bind()
            bind.execute(sa.text("CREATE TABLE t (a int)"))
            bind.connection.cursor().execute("SELECT * FROM no_table")
        """)

    assert caught.value.fields()["sqlstate"] == "42P01"
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_the_rest_of_a_directive_that_fails_in_a_savepoint_goes_nowhere(script, pg):
    await script("""
        bind = op.get_bind()
        op.create_table("book", sa.Column("id", sa.Integer))
        try:
            with bind.begin_nested():
                op.create_table("book", sa.Column("id", sa.Integer, comment="x"), comment="y")
        except sa.exc.ProgrammingError as error:
            assert error.orig.pgcode == "42P07"
        else:
            raise AssertionError("it was made twice")
        op.add_column("book", sa.Column("title", sa.Text, comment="z"))
    """)

    comments = await pg.fetchval(
        "SELECT array_agg(description) FROM pg_description WHERE objoid = 'book'::regclass"
    )
    assert comments == ["z"]


async def test_a_directive_s_error_in_a_savepoint_that_nobody_catches(script, pg):
    with pytest.raises(StatementFailedError, match="no_table") as caught:
        await script("""
            with op.get_bind().begin_nested():
                op.drop_table("no_table")
        """)

    assert caught.value.fields()["directive"] == "drop_table"
    assert caught.value.fields()["sqlstate"] == "42P01"


async def test_an_engine_s_own_connection_is_given_back_as_it_was(project, database_url):
    project.revision(
        "a1",
        header=HEADER,
        signature="def {name}():",
        upgrade="op.get_bind().execute(sa.text('CREATE TABLE t (a int); INSERT INTO t VALUES (1)'))",
    )
    engine = create_async_engine(
        database_url.replace("postgresql:", "postgresql+asyncpg:"), pool_size=1
    )
    try:
        await Migrator(engine, settings=project.settings(psycopg2_compat=True)).upgrade()
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT a FROM t"))).scalar() == 1
    finally:
        await engine.dispose()


async def test_the_strict_connection_is_still_the_default(project, database_url):
    project.revision(
        "a1",
        header=HEADER,
        signature="def {name}():",
        upgrade="op.get_bind().execute(sa.text('SELECT 1; SELECT 2'))",
    )

    with pytest.raises((StatementFailedError, ScriptError)):
        await Migrator(settings=project.settings(url=database_url)).upgrade()
