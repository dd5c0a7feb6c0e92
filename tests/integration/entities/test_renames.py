"""Entities over renamed tables and columns: written anew on the way there, as they were on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import (
    Function,
    Grant,
    MaterializedView,
    Policy,
    RowSecurity,
    SqlText,
    Trigger,
    View,
    ViewIndex,
    register,
)
from asyncmig.errors import PlanError
from fix_database import catalog_dump

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project

READER = "pg_read_all_data"
KINDS = ("view", "materialized_view", "function", "trigger", "policy", "row_security", "grant")


def models(
    table: str, column: str, entities: list[Any], *more: Any, type_: Any = sa.Text
) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        table,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(column, type_),
        *more,
    )
    register(metadata, *entities)
    return metadata


def view(table: str, column: str) -> list[Any]:
    return [
        View("titles", f"SELECT id, {column} FROM {table}", comment="all"),
        View("long", f"SELECT {column} FROM titles WHERE {column} > 'm'"),
        Grant("select", "long", READER),
    ]


def view_with_names(table: str, column: str) -> list[Any]:
    return [View("titles", f"SELECT id, {column} AS title FROM {table}")]


def materialized(table: str, column: str) -> list[Any]:
    return [
        MaterializedView(
            "titles",
            f"SELECT id, {column} FROM {table}",
            indexes=[ViewIndex("ix_titles", [column], unique=True)],
        ),
        Grant("select", "titles", READER),
    ]


def sql_function(table: str, column: str) -> list[Any]:
    body = f"SELECT count({column}) FROM {table}"
    return [Function("counted", returns="bigint", language="sql", body=body)]


def atomic_function(table: str, column: str) -> list[Any]:
    return [
        SqlText(
            "CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql STABLE\n"
            f"BEGIN ATOMIC\n    SELECT count({column}) FROM {table};\nEND"
        )
    ]


def row_function(table: str, column: str) -> list[Any]:
    return [
        Function("said", f"r {table}", returns="text", language="sql", body=f"SELECT r.{column}"),
        Grant("execute", f"said({table})", READER, object_kind="function"),
    ]


def trigger(table: str, column: str) -> list[Any]:
    body = f"BEGIN NEW.{column} := ''; RETURN NEW; END"
    return [
        Function("touch", returns="trigger", body=body),
        Trigger(
            "touched",
            table,
            "before",
            ["insert", f"update of {column}"],
            "touch()",
            when=f"NEW.{column} IS NOT NULL",
            comment="c",
        ),
        Trigger("later", table, "after", "update", "touch()", constraint=True, deferrable=True),
    ]


def policy(table: str, column: str) -> list[Any]:
    return [
        RowSecurity(table),
        Policy("own", table, using=f"{column} = CURRENT_USER", check=f"{column} <> ''"),
        Grant(["select", f"update ({column})"], table, READER),
    ]


ENTITIES = (
    view,
    view_with_names,
    materialized,
    sql_function,
    atomic_function,
    row_function,
    trigger,
    policy,
)


async def there_and_back(
    project: Project,
    url: str,
    before: sa.MetaData,
    after: sa.MetaData,
    renames: dict[str, str],
    managed: tuple[str, ...] = KINDS,
    **options: Any,
) -> str:
    """The script; upgraded by it nothing is left to do, and its downgrade restores the catalog."""
    settings = project.settings(url=url, managed_entities=managed)
    first = Migrator(settings=settings, target_metadata=before)
    if not list(project.versions.glob("a1_*")):
        await first.revision("first", autogenerate=True, rev_id="a1")
        await first.upgrade()
    origin = catalog_dump(url, version_table=False)
    second = Migrator(settings=settings, target_metadata=after)
    await second.revision("second", autogenerate=True, rev_id="b2", renames=renames, **options)
    (written,) = project.versions.glob("b2_second.*")
    await second.upgrade()
    assert (await second.check()).differences == ()
    there = catalog_dump(url, version_table=False)
    await second.downgrade("a1")
    assert catalog_dump(url, version_table=False) == origin
    await second.upgrade()
    assert catalog_dump(url, version_table=False) == there
    return written.read_text()


@pytest.mark.cells(2)
@pytest.mark.parametrize("entities", ENTITIES)
@pytest.mark.parametrize("table", ["book", "tome"])
async def test_what_names_a_renamed_column(project: Project, database_url: str, entities, table):
    renames = {"book.title": "name"} | ({} if table == "book" else {"book": table})
    await there_and_back(
        project,
        database_url,
        models("book", "title", entities("book", "title")),
        models(table, "name", entities(table, "name")),
        renames,
    )


@pytest.mark.slow
@pytest.mark.cells(1)
@pytest.mark.parametrize("entities", [view, trigger])
async def test_a_renamed_column_that_changes_its_type(
    project: Project, database_url: str, entities
):
    await there_and_back(
        project,
        database_url,
        models("book", "title", entities("book", "title")),
        models("book", "name", entities("book", "name"), type_=sa.String(40)),
        {"book.title": "name"},
    )


@pytest.mark.slow
async def test_a_new_column_takes_the_old_name(project: Project, database_url: str):
    text = await there_and_back(
        project,
        database_url,
        models("book", "title", view("book", "title")),
        models("book", "name", view("book", "name"), sa.Column("title", sa.Integer)),
        {"book.title": "name"},
    )
    assert text.count("new_column_name") == 2


async def test_entities_come_and_go_with_a_rename(project: Project, database_url: str):
    await there_and_back(
        project,
        database_url,
        models("book", "title", [*policy("book", "title"), *view("book", "title")]),
        models("tome", "name", [*trigger("tome", "name"), *materialized("tome", "name")]),
        {"book": "tome", "book.title": "name"},
    )


@pytest.mark.slow
async def test_a_default_calls_what_goes_with_the_rename(project: Project, database_url: str):
    slug = Function("slug", returns="text", body="BEGIN RETURN 'x'; END")
    called = sa.Column("slug", sa.Text, server_default=sa.text("slug()"))
    other = View("titles", "SELECT name FROM book")
    text = await there_and_back(
        project,
        database_url,
        models("book", "title", [slug], called),
        models("book", "name", [other]),
        {"book.title": "name"},
    )
    assert text.index("op.drop_column") < text.index("op.drop_function")


@pytest.mark.slow
async def test_a_sql_revision_renames_back_too(project: Project, database_url: str):
    text = await there_and_back(
        project,
        database_url,
        models("book", "title", view("book", "title")),
        models("book", "name", view("book", "name")),
        {"book.title": "name"},
        sql_file=True,
    )
    back = text[text.index("downgrade") :]
    assert back.index("DROP VIEW") < back.index("RENAME") < back.index("CREATE VIEW")


async def test_what_nobody_declared_follows_by_itself(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=models("book", "title", []))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute("CREATE VIEW titles AS SELECT id, title FROM book")
    text = await there_and_back(
        project,
        database_url,
        models("book", "title", []),
        models("tome", "name", []),
        {"book": "tome", "book.title": "name"},
        managed=(),
    )
    assert "view" not in text


UNDECLARED = {
    "view": """
        CREATE VIEW titles WITH (security_barrier = true) AS SELECT id, title FROM book;
        CREATE VIEW long AS SELECT title FROM titles WHERE title > 'm';
        COMMENT ON VIEW titles IS 'all'; COMMENT ON COLUMN titles.title IS 'one';
        GRANT SELECT ON long TO pg_read_all_data; GRANT UPDATE (title) ON titles TO pg_read_all_data;
        ALTER VIEW titles OWNER TO pg_monitor;
    """,
    "materialized": """
        CREATE MATERIALIZED VIEW titles AS SELECT id, title FROM book;
        CREATE UNIQUE INDEX ix_titles ON titles (title); GRANT SELECT ON titles TO pg_read_all_data;
        COMMENT ON MATERIALIZED VIEW titles IS 'all';
    """,
    "trigger": """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER touched BEFORE UPDATE OF title ON book FOR EACH ROW
            WHEN (NEW.title IS NOT NULL) EXECUTE FUNCTION touch();
        COMMENT ON TRIGGER touched ON book IS 'c'; ALTER TABLE book ENABLE ALWAYS TRIGGER touched;
    """,
    "policy": """
        ALTER TABLE book ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON book USING (title = CURRENT_USER) WITH CHECK (title <> '');
        COMMENT ON POLICY own ON book IS 'c';
    """,
    "rule_and_statistics": """
        CREATE RULE kept AS ON DELETE TO book DO INSTEAD UPDATE book SET title = old.title;
        COMMENT ON RULE kept ON book IS 'c'; ALTER TABLE book DISABLE RULE kept;
        CREATE STATISTICS pair (mcv) ON id, title FROM book; ALTER STATISTICS pair SET STATISTICS 9;
    """,
    "atomic_function": """
        CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql STABLE
            BEGIN ATOMIC SELECT count(title) FROM book; END;
        COMMENT ON FUNCTION counted() IS 'c'; REVOKE ALL ON FUNCTION counted() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION counted() TO pg_read_all_data;
    """,
}


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("kind", "table"), [("view", "book"), *((it, "tome") for it in UNDECLARED)]
)
async def test_what_nobody_declared_is_rebuilt_around_a_renamed_column_with_another_type(
    project: Project, database_url: str, pg: asyncpg.Connection, kind, table
):
    plain = sa.Column("pages", sa.Integer, sa.CheckConstraint("pages > 0", name="paged"))
    before = models("book", "title", [], plain, sa.Index("ix_title", "title"))
    after = models(
        table,
        "name",
        [],
        sa.Column("leaves", sa.BigInteger, sa.CheckConstraint("leaves > 1", name="leafy")),
        sa.Index("ix_title", "name"),
        sa.Column("year", sa.Integer),
        type_=sa.String(40),
    )
    first = Migrator(settings=project.settings(url=database_url), target_metadata=before)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(UNDECLARED[kind])
    renames = {"book.title": "name", "book.pages": "leaves"}
    if table != "book":
        renames["book"] = table
    await there_and_back(project, database_url, before, after, renames, managed=())


async def test_what_cannot_be_rebuilt_is_said_before_anything_is_written(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=models("book", "title", []))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    # grouped by its primary key, which gives way to one of another name
    await pg.execute("CREATE VIEW titles AS SELECT id, title FROM book GROUP BY id")
    other = sa.MetaData()
    columns = sa.Column("id", sa.Integer), sa.Column("name", sa.Text)
    sa.Table("book", other, *columns, sa.PrimaryKeyConstraint("id", "name", name="two"))
    second = Migrator(settings=settings, target_metadata=other)
    with pytest.raises(PlanError, match=r"view public\.titles uses a renamed object") as found:
        await second.revision("second", autogenerate=True, renames={"book.title": "name"})
    assert "declare it" in str(found.value.hint)
    assert list(project.versions.glob("*second*")) == []


def labelled(column: str, language: str) -> list[Any]:
    """A function whose source names a column of one table, and that another table calls."""
    source = f"SELECT b || (SELECT count({column}) FROM book WHERE false)::text"
    body = source if language == "sql" else f"BEGIN RETURN ({source}); END"
    return [
        Function(
            "label", "b text", returns="text", language=language, body=body, volatility="immutable"
        )
    ]


CALLS = {
    "default": lambda: [sa.Column("label", sa.Text, server_default=sa.text("label('a')"))],
    "check": lambda: [sa.CheckConstraint("label(place) <> 'x'", name="labelled")],
}


@pytest.mark.cells(1)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("moment", "language"),
    [("stays", "sql"), ("comes", "sql"), ("goes", "sql"), ("goes", "plpgsql")],
)
async def test_a_table_calls_a_function_whose_source_names_a_renamed_column(
    project: Project, database_url: str, pg: asyncpg.Connection, language, call, moment
):
    def made(column: str, *, calls: bool) -> sa.MetaData:
        metadata = models("book", column, labelled(column, language) if calls else [])
        columns = sa.Column("id", sa.Integer), sa.Column("place", sa.Text)
        sa.Table("shelf", metadata, *columns, *(CALLS[call]() if calls else ()))
        return metadata

    before = made("title", calls=moment != "comes")
    first = Migrator(settings=project.settings(url=database_url), target_metadata=before)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(
        "INSERT INTO book (title) VALUES ('a'); INSERT INTO shelf (place) VALUES ('b')"
    )
    after = made("name", calls=moment != "goes")
    await there_and_back(project, database_url, before, after, {"book.title": "name"})


@pytest.mark.slow
async def test_a_source_that_goes_on_saying_the_old_name_is_told(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=models("book", "title", []))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(
        "CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql AS 'SELECT count(title) FROM book'"
    )
    await pg.execute(
        "CREATE FUNCTION other() RETURNS bigint LANGUAGE sql AS 'SELECT count(id) FROM book'"
    )
    text = await there_and_back(
        project,
        database_url,
        models("book", "title", []),
        models("tome", "name", []),
        {"book": "tome", "book.title": "name"},
        managed=(),
    )
    assert "# the source of function counted(), function other() uses book" in text
    assert "# the source of function counted() uses title, which PostgreSQL does not change" in text
