"""Models that PostgreSQL refuses: what, where, why, what next; and nothing of them is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator
from asyncmig.entities import Trigger, View, register
from asyncmig.errors import RefusedModelsError
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncpg import Connection

    from fix_project import Project


def table(metadata: sa.MetaData, *items: sa.schema.SchemaItem, name: str = "book") -> sa.Table:
    return sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *items)


def key_to_what_is_not_unique(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("code", sa.Text))
    table(metadata, sa.Column("code", sa.ForeignKey("book.code")), name="loan")


def key_of_another_type(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("boss", sa.Text, sa.ForeignKey("book.id")))


def default_of_another_type(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("pages", sa.Integer, server_default="many"))


def default_of_no_function(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("a b", sa.Integer, server_default=sa.text("no_such()")))


def no_such_type(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("name", pgs.CITEXT))


def check_with_a_syntax_error(metadata: sa.MetaData) -> None:
    table(metadata, sa.CheckConstraint("id >> > 3", name="enough"))


def two_indexes_of_one_name(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("x", sa.Text), sa.Index("ix", "x"))
    table(metadata, sa.Column("x", sa.Text), sa.Index("ix", "x"), name="loan")


def index_of_no_operator_class(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("x", sa.Text), sa.Index("ix", "x", postgresql_using="gin"))


def too_many_columns(metadata: sa.MetaData) -> None:
    table(metadata, *(sa.Column(f"c{number}", sa.Integer) for number in range(1600)))


def generated_by_what_changes(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("at", sa.DateTime, sa.Computed("now()", persisted=True)))


def enum_label_too_long(metadata: sa.MetaData) -> None:
    table(metadata, sa.Column("mood", sa.Enum("x" * 64, name="mood")))


def in_another_schema(metadata: sa.MetaData) -> None:
    metadata.schema = 'we "shop"'
    table(metadata, sa.Column("x", sa.Integer, server_default=sa.text("y")))


def view_of_no_column(metadata: sa.MetaData) -> None:
    table(metadata)
    register(metadata, View("titles", "SELECT id,\n       title FROM book"))


CASES: dict[Callable[[sa.MetaData], None], tuple[str, str, str]] = {
    key_to_what_is_not_unique: (
        "table loan, foreign key (code): there is no unique constraint matching given keys",
        "FOREIGN KEY(code) REFERENCES book (code)",
        "a unique constraint",
    ),
    key_of_another_type: (
        'table book, foreign key (boss): foreign key constraint "book_boss_fkey" cannot be implemented (Key',
        "ALTER TABLE book ADD",
        "correct the models",
    ),
    default_of_another_type: (
        'table book, column pages: invalid input syntax for type integer: "many"',
        "'many'",
        "correct the models",
    ),
    default_of_no_function: (
        "table book, column a b: function no_such() does not exist",
        "no_such()",
        "run the migrations that create them first",
    ),
    no_such_type: (
        'table book, column name: type "citext" does not exist',
        "CITEXT",
        "run the migrations that create them first",
    ),
    check_with_a_syntax_error: (
        'table book, constraint enough: syntax error at or near ">"',
        "> 3",
        "correct the models",
    ),
    two_indexes_of_one_name: (
        'table loan, index ix: relation "ix" already exists',
        "CREATE INDEX ix ON loan (x)",
        "rename one",
    ),
    index_of_no_operator_class: (
        'table book, index ix: data type text has no default operator class for access method "gin"',
        "USING gin (x)",
        "postgresql_ops",
    ),
    too_many_columns: (
        "table book: tables can have at most 1600 columns",
        "CREATE TABLE book (",
        "correct the models",
    ),
    generated_by_what_changes: (
        "table book: generation expression is not immutable",
        "GENERATED ALWAYS AS (now())",
        "correct the models",
    ),
    enum_label_too_long: (
        f'enum mood: invalid enum label "{"x" * 64}" (Labels must be 63 bytes or less.)',
        "CREATE TYPE mood AS ENUM",
        "correct the models",
    ),
    in_another_schema: (
        'table we "shop".book, column x: cannot use column reference in DEFAULT expression',
        'CREATE TABLE "we ""shop""".book (',
        "correct the models",
    ),
    view_of_no_column: (
        'view titles: column "title" does not exist',
        "SELECT id,",
        "must be in the models",
    ),
}


@pytest.mark.cells(5)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_a_refused_model_is_named(
    project: Project, database_url: str, pg: Connection, case: Callable[[sa.MetaData], None]
):
    metadata = sa.MetaData()
    case(metadata)
    before = catalog_dump(database_url)
    settings = project.settings(url=database_url, shadow_cache=False)
    migrator = Migrator(settings=settings, target_metadata=metadata)
    message, sql, hint = CASES[case]
    with pytest.raises(RefusedModelsError) as check:
        await migrator.check()
    error = check.value
    assert message in error.message
    assert sql in str(error.sql)
    assert hint in str(error.hint)
    facts = error.fields()
    assert facts["sqlstate"]
    assert "asyncmig_" not in f"{error.message} {facts}"
    with pytest.raises(RefusedModelsError) as revision:
        await migrator.revision("x", autogenerate=True)
    assert revision.value.message == error.message
    assert not list(project.versions.glob("*.py"))
    assert catalog_dump(database_url) == before
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
    )
    with anyio.fail_after(10):
        while await pg.fetchval(others, pg.get_server_pid()):
            await anyio.sleep(0.01)


async def test_the_place_is_pointed_at(project: Project, database_url: str):
    metadata = sa.MetaData(schema="shop")
    default_of_another_type(metadata)
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=metadata)
    with pytest.raises(RefusedModelsError) as caught:
        await migrator.check()
    facts = caught.value.fields()
    assert (facts["subject"], facts["part"]) == ("table shop.book", "column pages")
    sql, position = str(facts["sql"]), facts["position"]
    assert isinstance(position, int)
    assert sql.startswith("CREATE TABLE shop.book (")
    assert sql[position - 1 :].startswith("'many'")


def of_a_table(metadata: sa.MetaData) -> None:
    table(metadata, name="n" * 64)


def of_an_index(metadata: sa.MetaData) -> None:
    table(metadata, sa.Index("n" * 64, "id"))


def of_a_check(metadata: sa.MetaData) -> None:
    table(metadata, sa.CheckConstraint("id > 0", name="n" * 64))


@pytest.mark.parametrize(
    "case", [of_a_table, of_an_index, of_a_check], ids=lambda case: case.__name__
)
async def test_a_name_that_postgresql_would_cut_off(project: Project, database_url: str, case):
    metadata = sa.MetaData()
    case(metadata)
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=metadata)
    with pytest.raises(
        RefusedModelsError, match=r"table \w+(, index n+)?: Identifier 'n+' exceeds maximum length"
    ):
        await migrator.check()


async def test_the_other_objects_are_compared(project: Project, database_url: str, pg: Connection):
    await pg.execute(
        "CREATE TABLE book (id serial PRIMARY KEY, title text); CREATE INDEX book_gin ON book (title);"
        "CREATE TABLE loan (id serial PRIMARY KEY, book_id integer REFERENCES book);"
        "CREATE TABLE broken (id serial PRIMARY KEY, pages integer, book_id integer REFERENCES book);"
        "CREATE TRIGGER touched BEFORE UPDATE ON broken FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger();"
        "CREATE VIEW pages AS SELECT pages FROM broken"
    )
    metadata = sa.MetaData()
    table(
        metadata,
        sa.Column("title", sa.Text),
        sa.Column("isbn", sa.Text),
        sa.Index("book_gin", "title", postgresql_using="gin"),
    )
    table(
        metadata,
        sa.Column("pages", sa.Integer, server_default="many"),
        sa.Column("book_id", sa.ForeignKey("book.id")),
        name="broken",
    )
    table(
        metadata,
        sa.Column("book_id", sa.ForeignKey("book.id")),
        sa.Column("broken_id", sa.ForeignKey("broken.id")),
        sa.Column("late", sa.Boolean),
        name="loan",
    )
    register(
        metadata,
        View("pages", "SELECT pages FROM broken"),
        View("titles", "SELECT title FROM book"),
        Trigger("touched", "broken", "before", "update", "suppress_redundant_updates_trigger()"),
    )
    settings = project.settings(url=database_url, shadow_cache=False)
    migrator = Migrator(settings=settings, target_metadata=metadata)
    locks = "SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'broken' AND seq_scan > 0"
    with pytest.raises(RefusedModelsError) as caught:
        await migrator.check()
    error = caught.value
    assert [
        (item["subject"], item["part"], item["reason"]) for item in error.fields()["refused"]
    ] == [
        ("table broken", "column pages", 'invalid input syntax for type integer: "many"'),
        (
            "table book",
            "index book_gin",
            'data type text has no default operator class for access method "gin"',
        ),
        ("table loan", "foreign key (broken_id)", "it names table broken, which is refused"),
        ("view pages", None, "it names table broken, which is refused"),
        ("trigger touched", None, "it names table broken, which is refused"),
    ]
    assert "; 4 more objects are refused" in error.message
    assert {str(item) for item in error.differences} == {
        "+ add_column book.isbn: TEXT",
        "+ add_column loan.broken_id: INTEGER",
        "+ add_column loan.late: BOOLEAN",
        "+ create_view titles",
    }
    assert not await pg.fetchval(locks)


async def test_the_others_are_compared_beside_keys_to_no_table(project: Project, database_url: str):
    metadata = sa.MetaData()
    table(metadata, sa.Column("author", sa.Integer, sa.ForeignKey("autor.id")))
    table(metadata, sa.Column("reader", sa.ForeignKey("reader.id")), name="loan")
    table(metadata, name="shelf")
    settings = project.settings(url=database_url, shadow_cache=False)
    migrator = Migrator(settings=settings, target_metadata=metadata)
    with pytest.raises(RefusedModelsError) as caught:
        await migrator.check()
    assert [(item.subject, item.part) for item in caught.value.refused] == [
        ("table loan", None),
        ("table book", "foreign key (author)"),
    ]
    assert caught.value.message.startswith(
        "asyncmig cannot create the models: table loan: the foreign"
    )
    assert {str(item) for item in caught.value.differences} == {
        "+ create_table book",
        "+ create_table shelf",
    }
