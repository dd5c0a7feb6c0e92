"""What is not compared is neither dropped nor in the way of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs
from sqlalchemy.types import UserDefinedType

from asyncmig import Migrator
from asyncmig.entities import Aggregate, Rule, SqlText, Statistics, View, register
from fix_database import catalog_dump

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project

OTHERS = """
    CREATE COLLATION loose FROM "C";
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
    CREATE TEXT SEARCH CONFIGURATION terse (COPY = simple);
    CREATE FUNCTION near(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
    CREATE OPERATOR ~~~~ (FUNCTION = near, LEFTARG = text, RIGHTARG = text);
    CREATE OPERATOR CLASS lengths FOR TYPE integer USING btree AS
        OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
        FUNCTION 1 btint4cmp(integer, integer);
    CREATE CAST (span AS text) WITH INOUT;
    CREATE FOREIGN DATA WRAPPER nothing;
    CREATE SERVER afar FOREIGN DATA WRAPPER nothing;
    CREATE FOREIGN TABLE far (id integer) SERVER afar;
    CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER heard ON sql_drop EXECUTE FUNCTION heard();
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_read_all_data;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    CREATE TABLE book (id integer NOT NULL, title text COLLATE loose, during span,
        found tsvector GENERATED ALWAYS AS (to_tsvector('terse', '')) STORED,
        CONSTRAINT apart CHECK (NOT title ~~~~ 'x'));
    CREATE INDEX ix_book ON book (id lengths);
    CREATE PUBLICATION everything FOR TABLE book;
    CREATE AGGREGATE product(integer) (SFUNC = int4mul, STYPE = integer);
    CREATE RULE kept AS ON DELETE TO book DO INSTEAD NOTHING;
    CREATE STATISTICS pair ON id, title FROM book;
"""


class Span(UserDefinedType[Any]):
    """A range type that nobody declares."""

    def get_col_spec(self, **_: Any) -> str:
        return "span"


def book(*more: Any, type_: Any = sa.Integer) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", type_, nullable=False),
        sa.Column("title", sa.Text(collation="loose")),
        sa.Column("during", Span()),
        sa.Column("found", pgs.TSVECTOR, sa.Computed("to_tsvector('terse', '')", persisted=True)),
        sa.CheckConstraint("NOT title ~~~~ 'x'", name="apart"),
        sa.Index("ix_book", "id", postgresql_ops={"id": "lengths"})
        if type_ is sa.Integer
        else sa.Index("ix_book", "id"),
        *more,
    )
    return metadata


async def test_what_is_not_compared_stays_and_disturbs_nothing(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(OTHERS)
    settings = project.settings(url=database_url)
    assert (await Migrator(settings=settings, target_metadata=book()).check()).differences == ()
    other = Migrator(
        settings=settings, target_metadata=book(sa.Column("n", sa.Integer), type_=sa.BigInteger)
    )
    before = catalog_dump(database_url, version_table=False)
    await other.revision("wider", autogenerate=True, rev_id="a1")
    await other.upgrade()
    assert (await other.check()).differences == ()
    await other.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == before


async def test_statements_are_understood(project: Project, database_url: str):
    metadata = book_of_text()
    register(
        metadata,
        SqlText("CREATE AGGREGATE product(integer) (SFUNC = int4mul, STYPE = integer)"),
        SqlText("CREATE RULE kept AS ON DELETE TO book DO INSTEAD NOTHING"),
        SqlText("CREATE STATISTICS pair (mcv) ON id, title FROM book"),
        View("products", "SELECT product(id) AS all FROM book"),
    )
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=metadata)
    await migrator.revision("first", autogenerate=True)
    await migrator.upgrade()
    same = book_of_text()
    register(
        same,
        Aggregate("product", "integer", "int4mul", "integer"),
        Rule("kept", "book", "delete", "nothing", instead=True),
        Statistics("pair", "book", ["id", "title"], kinds=["mcv"]),
        View("products", "SELECT product(id) AS all FROM book"),
    )
    settings = project.settings(url=database_url)
    assert (await Migrator(settings=settings, target_metadata=same).check()).differences == ()


def book_of_text() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("book", metadata, sa.Column("id", sa.Integer), sa.Column("title", sa.Text))
    return metadata


OWNED = """
    CREATE FUNCTION distance(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
    CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = distance);
    CREATE FUNCTION taken(span) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE half;
    CREATE FUNCTION half_in(cstring) RETURNS half LANGUAGE internal IMMUTABLE STRICT AS 'int2in';
    CREATE FUNCTION half_out(half) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int2out';
    CREATE TYPE half (INPUT = half_in, OUTPUT = half_out, LIKE = int2);
    CREATE FUNCTION to_text(half) RETURNS text LANGUAGE sql AS 'SELECT ''half''';
    CREATE CAST (half AS text) WITH FUNCTION to_text(half);
    CREATE FUNCTION near(half, half) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR ~~~~ (FUNCTION = near, LEFTARG = half, RIGHTARG = half);
    CREATE FUNCTION on_drop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION on_drop();
"""


async def test_functions_of_types_and_event_triggers_are_not_dropped(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(OWNED)
    settings = project.settings(url=database_url, managed_entities=["function"])
    migrator = Migrator(settings=settings, target_metadata=sa.MetaData())
    found = [(item.change, item.object) for item in (await migrator.check()).differences]
    assert found == [("drop_function", "taken")]
    origin = catalog_dump(database_url, version_table=False)
    await migrator.revision("fewer", autogenerate=True, rev_id="a1")
    await migrator.upgrade()
    assert (await migrator.check()).ok
    assert "taken" not in catalog_dump(database_url, version_table=False)
    await migrator.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == origin
