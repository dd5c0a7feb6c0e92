"""Entities in a project: what nobody declared, what is refused, whose objects are taken, how it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import CompositeType, Function, Policy, SqlText, Trigger, View, register
from asyncmig.errors import ConfigError, DatabaseError, RefusedModelsError
from fix_autogenerate import as_script
from fix_database import catalog_dump

if TYPE_CHECKING:
    import asyncpg

    from fix_autogenerate import Comparing
    from fix_project import Project

UNDECLARED = """\
CREATE VIEW short AS SELECT id, title FROM book WHERE title <> '';
COMMENT ON VIEW short IS 'by hand';
COMMENT ON COLUMN short.title IS 'and this';
GRANT SELECT ON short TO pg_read_all_data WITH GRANT OPTION;
CREATE VIEW shorter WITH (security_barrier) AS SELECT title FROM short;
CREATE MATERIALIZED VIEW kept AS SELECT title FROM book WITH NO DATA;
CREATE UNIQUE INDEX ix_kept ON kept (title);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE OF title ON book FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON book USING (title = CURRENT_USER);
CREATE FUNCTION title_of(b book) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT (b).title; END;
REVOKE EXECUTE ON FUNCTION title_of(book) FROM PUBLIC"""


def book(title: Any = sa.Text, column: str = "title", *entities: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column(column, title)
    )
    register(metadata, *entities)
    return metadata


def migrator(project: Project, url: str, metadata: sa.MetaData, **options: Any) -> Migrator:
    return Migrator(settings=project.settings(url=url, **options), target_metadata=metadata)


async def test_what_nobody_declared_is_put_back(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    first = migrator(project, database_url, book())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(UNDECLARED)
    origin = catalog_dump(database_url, version_table=False)
    second = migrator(project, database_url, book(sa.String(40)))
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok
    assert await pg.fetchval("SELECT obj_description('short'::regclass, 'pg_class')") == "by hand"
    changed = catalog_dump(database_url, version_table=False)
    assert changed != origin
    for piece in ("GRANT SELECT ON TABLE public.short", "ix_kept", "touched", "POLICY own"):
        assert piece in changed
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == origin


async def test_a_view_follows_a_renamed_column(project: Project, database_url: str):
    old = View("titles", "SELECT title FROM book")
    new = View("titles", "SELECT name FROM book")
    first = migrator(project, database_url, book(sa.Text, "title", old))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    second = migrator(project, database_url, book(sa.Text, "name", new))
    await second.revision(
        "second", autogenerate=True, rev_id="b2", renames={"book.title": "book.name"}
    )
    await second.upgrade()
    assert (await second.check()).ok


async def test_an_undeclared_view_is_dropped_only_where_views_are_managed(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    first = migrator(project, database_url, book())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute("CREATE VIEW other AS SELECT id FROM book")
    declared = book(sa.Text, "title", View("titles", "SELECT title FROM book"))
    assert [item.change for item in (await first.check()).differences] == []
    differences = (await migrator(project, database_url, declared).check()).differences
    assert {(item.change, item.object) for item in differences} == {
        ("drop_view", "other"),
        ("create_view", "titles"),
    }
    listed = migrator(project, database_url, book(), managed_entities=("view",))
    assert [item.change for item in (await listed.check()).differences] == ["drop_view"]
    unknown = migrator(project, database_url, book(), managed_entities=("veiw",))
    with pytest.raises(ConfigError, match="managed_entities contains veiw"):
        await unknown.check()


class ForeignEntity:
    """As those of alembic_utils look from outside."""

    def __init__(self, schema: str, sql: str) -> None:
        self.schema = schema
        self.sql_text = sql

    def to_sql_statement_create(self) -> Any:
        return sa.text(self.sql_text)


async def test_objects_of_alembic_utils_are_taken(comparing: Comparing):
    one = book(
        sa.Text,
        "title",
        ForeignEntity("public", "CREATE VIEW public.titles AS SELECT title FROM public.book"),
        ForeignEntity(
            "public",
            "CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'a\\:b'; END$$",
        ),
    )
    up, down = await comparing.there_and_back(book(), one)
    assert len(up) == 2
    assert down == ["DROP VIEW titles", "DROP FUNCTION f()"]
    assert "a:b" in up[0]


class ForeignPolicy(ForeignEntity):
    """A policy of alembic_utils, which keeps no quotes."""

    on_entity = "public.CamelCase"


async def test_a_policy_of_alembic_utils_on_a_table_with_capitals(comparing: Comparing):
    def table(*entities: object) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("CamelCase", metadata, sa.Column("id", sa.Integer))
        register(metadata, *entities)
        return metadata

    sql = "CREATE POLICY own on public.CamelCase for select using (id = 1)"
    up, down = await comparing.there_and_back(table(), table(ForeignPolicy("public", sql)))
    assert up == ['CREATE POLICY own ON "CamelCase" FOR SELECT TO PUBLIC USING (id = 1)']
    assert down == ['DROP POLICY own ON "CamelCase"']


async def test_a_trigger_reaches_for_nothing_outside_of_the_models(
    comparing: Comparing, pg: asyncpg.Connection
):
    await pg.execute("CREATE TABLE legacy (id integer)")
    outside = book(sa.Text, "title", Trigger("t", "legacy", "before", "update", "touch()"))
    with pytest.raises(
        ConfigError, match=r"trigger t: public\.legacy is neither a model nor declared"
    ):
        await comparing.sides(outside)


async def test_what_the_server_refuses_is_named(comparing: Comparing):
    wrong = book(
        sa.Text, "title", View("good", "SELECT 1 AS one"), View("bad", "SELECT nothing FROM book")
    )
    with pytest.raises(
        RefusedModelsError, match='view bad: column "nothing" does not exist'
    ) as error:
        await comparing.sides(wrong)
    assert error.value.fields()["subject"] == "view bad"


@pytest.mark.parametrize(
    "entity", [CompositeType("address", {"zip": "no type"}), View("v", "SELEC id FROM book")]
)
async def test_a_syntax_error_is_named(comparing: Comparing, entity: View | CompositeType):
    with pytest.raises(RefusedModelsError, match=rf" {entity.name}: syntax error at or near"):
        await comparing.read(book(sa.Text, "title", entity))


@pytest.mark.parametrize("sql", ["", "SELECT 1", "CREATE TABLE a (b integer)"])
def test_a_text_that_declares_nothing_is_refused(sql):
    with pytest.raises(ConfigError, match="declares no entity"):
        SqlText(sql)


def test_what_is_no_entity_is_refused():
    with pytest.raises(ConfigError, match="str is not an entity"):
        register(sa.MetaData(), "CREATE VIEW a AS SELECT 1")


async def test_how_a_script_reads(comparing: Comparing):
    metadata = book(
        sa.Text,
        "title",
        Function(
            "touch", returns="trigger", body="BEGIN\n    NEW.title := '';\n    RETURN NEW;\nEND"
        ),
        Trigger("touched", "book", "before", ["insert", "update of title"], "touch()"),
        View("titles", "SELECT id, title FROM book", options={"security_barrier": True}),
        Policy("own", "book", command="select", using="title = CURRENT_USER"),
    )
    await comparing.build(book())
    sides = await comparing.sides(metadata)
    from asyncmig.diff.compare import compare

    text, imports = as_script(compare(sides.actual, sides.wanted))
    assert imports == {"from textwrap import dedent"}
    # servers before 16 print the table with each column
    assert (
        text.replace("book.", "")
        == '''\
op.create_function(
    "touch",
    returns="trigger",
    body=dedent("""\\
        BEGIN
            NEW.title := '';
            RETURN NEW;
        END"""),
)
op.create_view(
    "titles",
    """
    SELECT id,
        title
       FROM book
    """,
    options={"security_barrier": True},
)
op.create_policy("own", "book", command="select", using="title = CURRENT_USER")
op.create_trigger(
    "touched",
    "book",
    "before",
    ["insert", "update of title"],
    "public.touch()",
)'''
    )


@pytest.mark.cells(1)
@pytest.mark.parametrize("sql_file", [False, True])
async def test_what_a_dropped_column_is_kept_by_is_named(
    project: Project, database_url: str, pg: asyncpg.Connection, sql_file
):
    first = migrator(project, database_url, book())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(UNDECLARED)
    second = migrator(project, database_url, book(sa.Text, "label"))
    dropped = {item.object: item for item in (await second.check()).differences}["book.title"]
    assert dropped.blocked_by == (
        "function title_of(public.book)",
        "materialized view kept",
        "policy own on book",
        "trigger touched on book",
        "view short",
    )
    assert str(dropped).endswith("trigger touched on book, view short depends on it)")
    await second.revision("second", autogenerate=True, rev_id="b2", sql_file=sql_file)
    (written,) = project.versions.glob("b2_second.*")
    assert ", view short depends on it and is not declared" in written.read_text()
    with pytest.raises(DatabaseError, match="depend"):
        await second.upgrade()


async def test_what_a_dropped_table_is_kept_by_is_named(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    first = migrator(project, database_url, book())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(
        "CREATE SCHEMA other; CREATE VIEW other.many AS SELECT count(*) FROM book;"
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER touched BEFORE UPDATE OF title ON book FOR EACH ROW EXECUTE FUNCTION touch();"
        "CREATE POLICY own ON book USING (title = CURRENT_USER)"
    )
    second = migrator(project, database_url, sa.MetaData(), include_schemas=True)
    (dropped,) = (await second.check()).differences
    assert (dropped.change, dropped.blocked_by) == ("drop_table", ("view other.many",))


async def test_a_declared_view_hinders_nothing(project: Project, database_url: str):
    old, new = View("v", "SELECT id, title FROM book"), View("v", "SELECT id FROM book")
    first = migrator(project, database_url, book(sa.Text, "title", old))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    second = migrator(project, database_url, book(sa.Text, "label", new))
    assert {item.blocked_by for item in (await second.check()).differences} == {()}
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok


async def test_an_enum_goes_with_the_entities_that_name_it(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer),
        sa.Column("state", sa.Enum("new", name="state")),
    )
    register(
        metadata,
        View("fresh", "SELECT id FROM book WHERE state = 'new'"),
        Function("named", "s state", returns="text", language="sql", body="SELECT s::text"),
    )
    it = migrator(project, database_url, metadata)
    await it.revision("first", autogenerate=True, rev_id="a1")
    for _ in range(2):
        await it.upgrade()
        assert (await it.check()).ok
        await it.downgrade("base")
    assert await pg.fetchval("SELECT to_regtype('state')") is None

    await it.upgrade()
    await pg.execute("CREATE SCHEMA theirs; CREATE VIEW theirs.v AS SELECT 'new'::state")
    it = migrator(project, database_url, sa.MetaData(), managed_entities=["view", "function"])
    found = await it.check()
    assert "drop_table" in {item.change for item in found.differences}
    assert "drop_enum" not in {item.change for item in found.differences}


async def test_a_view_that_calls_a_function_with_other_arguments(
    project: Project, database_url: str
):
    def calling(arguments: str) -> Migrator:
        declared = Function("f", arguments, returns="integer", language="sql", body="SELECT 1")
        called = View("v", "SELECT f(1, 2) AS n")
        return migrator(project, database_url, book(sa.Text, "title", declared, called))

    first, second = calling("a integer, b integer"), calling("a numeric, b numeric")
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    origin = catalog_dump(database_url, version_table=False)
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == origin
