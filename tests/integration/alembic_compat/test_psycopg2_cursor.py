"""What scripts do with psycopg2's own API on the raw cursor: the same from both drivers."""

import gc
import io

import asyncpg
import psycopg2.extras
import pytest
import sqlalchemy as sa
from psycopg import sql as psycopg_sql
from psycopg2 import sql
from psycopg2.extensions import AsIs, Binary

from asyncmig import Migrator
from asyncmig.alembic_compat.psycopg2_compat.connection import lenient_connection
from asyncmig.errors import StatementFailedError

TABLE = "CREATE TABLE item (id int PRIMARY KEY, name text, data jsonb, raw bytea)"


def copies_in(cursor):
    cursor.copy_from(io.StringIO("1\ta\n2\t\\N\n3\té\\tx\n"), "item", columns=("id", "name"))
    cursor.copy_from(
        io.BytesIO("4|ü\n5|none\n".encode()), "item", sep="|", null="none", columns=["id", "name"]
    )
    assert cursor.rowcount == 2
    cursor.copy_expert(
        "COPY item (id, name) FROM STDIN WITH CSV HEADER DELIMITER ';';",
        io.StringIO('id;name\n6;"a;b"\n'),
    )
    cursor.copy_expert(
        sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier("item"), sql.SQL("id")),
        io.StringIO(""),
    )


def copies_out(cursor):
    cursor.execute("INSERT INTO item (id, name) VALUES (1, 'a%%'), (2, 'é;'), (3, NULL)")
    texts, raw, table = io.StringIO(), io.BytesIO(), io.StringIO()
    cursor.copy_expert("COPY (SELECT id, name FROM item ORDER BY id) TO STDOUT (FORMAT csv)", texts)
    cursor.copy_expert("COPY item (id, name) TO STDOUT", raw, size=1)
    cursor.copy_to(table, "item", sep=",", null="", columns=("id", "name"))
    return texts.getvalue(), raw.getvalue(), table.getvalue()


def large_copy(cursor):
    lines = "".join(f"{number}\tname {number} é\n" for number in range(20_000))
    cursor.copy_from(io.StringIO(lines), "item", columns=("id", "name"))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT id, name FROM item ORDER BY id) TO STDOUT", out)
    return out.getvalue() == lines


def refusals(cursor):
    seen = []
    for statement, text in (("COPY item (id) FROM STDIN", "x\n"), ("COPY nothing FROM STDIN", "")):
        cursor.execute("SAVEPOINT s")
        try:
            cursor.copy_expert(statement, io.StringIO(text))
        except Exception as error:  # noqa: BLE001 - each driver has its own
            seen.append(
                (
                    type(error)
                    .__name__.replace("UndefinedTable", "ProgrammingError")
                    .replace("InvalidTextRepresentation", "DataError"),
                    error.pgcode,
                )
            )
        cursor.execute("ROLLBACK TO s")
    for statement in ("COPY item FROM STDIN", "COPY item TO STDOUT"):
        try:
            cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 - each driver has its own
            seen.append((type(error).__name__, error.pgcode))
        cursor.execute("ROLLBACK TO s")
    try:
        cursor.execute("INSERT INTO item (id) VALUES (9)")
        cursor.fetchone()
    except Exception as error:  # noqa: BLE001 - each driver has its own
        seen.append((type(error).__name__, str(error)))
    return seen


def values(cursor):
    rows = [(number, f"it's {number} 100%") for number in range(5)]
    psycopg2.extras.execute_values(
        cursor, "INSERT INTO item (id, name) VALUES %s", rows, page_size=2
    )
    ids = psycopg2.extras.execute_values(
        cursor,
        "INSERT INTO item (id, name) VALUES %s RETURNING id",
        [{"i": 10, "n": "é"}, {"i": 11, "n": None}],
        template="(%(i)s, upper(%(n)s))",
        fetch=True,
    )
    psycopg2.extras.execute_batch(
        cursor, "UPDATE item SET name = %s || '%%' WHERE id = %s", [("x", 1), ("y", 2)], page_size=1
    )
    return ids


def wrappers(cursor):
    cursor.execute(
        "INSERT INTO item VALUES (%s, %s, %s, %s)",
        (1, AsIs("upper('ab')"), psycopg2.extras.Json({"é": [1, "it's"]}), Binary(b"\x00\xff")),
    )


def composed(cursor):
    """With psycopg's own objects where the connection is not psycopg2's: they say the same."""
    is_psycopg2 = isinstance(cursor, psycopg2.extensions.cursor)
    rows = _composed(cursor, sql)
    cursor.execute("DELETE FROM item")
    assert is_psycopg2 or _composed(cursor, psycopg_sql) == rows
    return _composed(cursor, sql) if is_psycopg2 else rows


def _composed(cursor, sql):
    query = sql.SQL("INSERT INTO {table} ({columns}) VALUES ({id}, {place})").format(
        table=sql.Identifier("item"),
        columns=sql.SQL(", ").join(map(sql.Identifier, ["id", "name"])),
        id=sql.Literal(7),
        place=sql.Placeholder("n"),
    )
    cursor.execute(query, {"n": "named"})
    cursor.execute(sql.SQL("SELECT name FROM {}").format(sql.Identifier("public", "item")))
    return cursor.fetchall()


def bytes_as_text(cursor):
    cursor.execute(b"INSERT INTO item (id, name) VALUES (1, '5%')")
    cursor.execute(
        cursor.mogrify("UPDATE item SET name = %s WHERE id = %(id)s".replace("%(id)s", "1"), ("m",))
    )
    return cursor.mogrify("SELECT '5%'")


USES = [copies_in, copies_out, large_copy, refusals, values, wrappers, composed, bytes_as_text]


async def of_both(make_database, use, **cursor_options):
    """The results of a function that gets a cursor, and the table's rows, of each driver."""

    def outcome(connection):
        connection.exec_driver_sql(TABLE)
        with connection.connection.cursor(**cursor_options) as cursor:
            result = use(cursor)
        rows = connection.exec_driver_sql("SELECT * FROM item ORDER BY id").fetchall()
        return result, [
            tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows
        ]

    driver = await asyncpg.connect(make_database(), statement_cache_size=0)
    await driver.execute("BEGIN")
    connection = await lenient_connection(driver, "postgresql://server/db")
    ours = await connection.run_sync(outcome)
    await connection.close()
    await driver.close()
    engine = sa.create_engine(
        make_database().replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        return ours, outcome(connection)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
async def test_the_same_result_and_rows(make_database, use):
    ours, theirs = await of_both(make_database, use)

    assert ours == theirs


@pytest.mark.parametrize("factory", ["RealDictCursor", "DictCursor", "NamedTupleCursor"])
async def test_rows_with_names(make_database, factory):
    def read(cursor):
        cursor.execute("SELECT 1 AS a, 'x' AS b UNION SELECT 2, 'y' ORDER BY 1")
        first = cursor.fetchone()
        named = getattr(first, "b", None) or first["b"]
        if factory != "NamedTupleCursor":
            assert list(first.keys()) == ["a", "b"]
            assert list(first.values()) == [1, "x"]
            assert dict(first.items()) == {"a": 1, "b": "x"}
            assert first.get("c", 5) == 5
            assert "a" in first
            first["a"] = 9
        return named, list(first), [list(row) for row in cursor]

    ours, theirs = await of_both(
        make_database, read, cursor_factory=getattr(psycopg2.extras, factory)
    )

    assert ours == theirs


SCRIPT = """
    op.create_table("item", sa.Column("id", sa.Integer), sa.Column("name", sa.Text))
    raw = op.get_bind().engine.raw_connection()
    with raw.cursor() as cursor:
        cursor.copy_expert("COPY item FROM STDIN WITH (FORMAT csv)", io.StringIO({rows!r}))
    raw.close()
    op.get_bind().connection.cursor().copy_from(io.StringIO("3\\t\\\\N\\n"), "item")
    op.add_column("item", sa.Column("more", sa.Integer))
"""


async def migrate(project, database_url, rows):
    project.revision(
        "a1",
        header="import io\nimport sqlalchemy as sa\nfrom alembic import op",
        signature="def {name}():",
        upgrade=SCRIPT.format(rows=rows),
    )
    settings = project.settings(url=database_url, psycopg2_compat=True)
    return await Migrator(settings=settings).upgrade()


async def test_in_a_script_a_copy_keeps_its_place_among_the_directives(project, database_url, pg):
    await migrate(project, database_url, "1,a\n2,b\n")

    rows = await pg.fetch("SELECT id, name, more FROM item ORDER BY id")
    assert [tuple(row) for row in rows] == [(1, "a", None), (2, "b", None), (3, None, None)]


async def test_a_copy_that_fails_keeps_nothing(project, database_url, pg):
    with pytest.raises(StatementFailedError, match="invalid input syntax"):
        await migrate(project, database_url, "1,a\nx,b\n")

    assert await pg.fetchval("SELECT to_regclass('item')") is None
    gc.collect()  # of the view that the script did not close nothing is heard


def test_what_is_no_statement_is_refused():
    from asyncmig.alembic_compat.psycopg2_compat.composed import text_of
    from asyncmig.alembic_compat.psycopg2_compat.errors import ProgrammingError

    with pytest.raises(ProgrammingError, match="not int"):
        text_of(5, sa.create_engine("postgresql+psycopg2://").dialect)
