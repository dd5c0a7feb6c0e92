"""What pairs of random models found: each in the fewest words, there and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import sqlalchemy as sa

from asyncmig.autogenerate.renames import RenameRequests
from asyncmig.entities import CompositeType, Function, Grant, SqlText, View, register
from asyncmig.types import ServerType
from drawn_models.values import CONVENTION
from model_changes.building import (
    LONG,
    Change,
    author,
    both,
    check,
    col,
    computed,
    domain,
    enum,
    nothing,
    nothing_at_all,
    only,
    refers,
    sequence,
    table,
)
from model_changes.declaring import READER
from model_changes.proving import models, proving_at, spelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from model_changes.building import Item, Models
    from model_changes.proving import Prover


CALLED = View("v", "SELECT sum_of(1, 2) AS n")


def overload(arguments: str, result: str = "integer") -> Function:
    return Function("sum_of", arguments, returns=result, language="sql", body=f"SELECT 1::{result}")


def key(*columns: str, include: str) -> Item:
    return lambda: sa.PrimaryKeyConstraint(*columns, postgresql_include=[include])


def beside(*entities: object) -> Models:
    return lambda metadata: register(metadata, *entities)


def conventional(build: Models) -> Models:
    def built(metadata: sa.MetaData) -> None:
        metadata.naming_convention = CONVENTION
        build(metadata)

    return built


CALC = Function(
    "calc", "n integer", returns="integer", language="sql", volatility="immutable", body="SELECT n"
)
ADDRESS = CompositeType("address", {"street": "text", "zip": "integer"})
HOME = table(
    col("home", ServerType("address"), server_default="(1,1)"),
    col("more", sa.ARRAY(ServerType("address"))),
    name="person",
)
LISTED = SqlText(
    "CREATE FUNCTION listed() RETURNS bigint LANGUAGE sql STABLE "
    "BEGIN ATOMIC SELECT count(*) FROM book WHERE code IN ('a', 'b'); END"
)
NARROW, WIDE = col("n", sa.Integer), col("n", sa.BigInteger)


def carried(*labels: str) -> Models:
    return only(
        col("id", sa.Integer), col("m", enum(*labels)), key("id", include="m"), name="first"
    )


def moods(*labels: str) -> Models:
    """Columns of types whose names leave little to choose."""
    names = ("mood", "mood_old", LONG, f"{LONG[:-1]}y", "\N{SNOWMAN}" * 21)
    columns = (col(f"m{place}", enum(*labels, name=name)) for place, name in enumerate(names))
    return both(table(*columns), table(name="mood_old2"))


COLLATIONS = """\
CREATE SCHEMA other;
CREATE COLLATION nordic FROM "C";
CREATE COLLATION "My ""Coll" FROM "C";
CREATE COLLATION other."Mine" FROM "C";
"""


def collated(*collations: str) -> Models:
    """Columns and an array with each of these collations, and a domain."""
    columns = (
        col(f"{kind}{place}", type_(f"{sql} COLLATE {collation}"))
        for place, collation in enumerate(collations)
        for kind, sql, type_ in (
            ("t", "text", ServerType),
            ("c", "varchar(9)", ServerType),
            ("a", "text", lambda sql: sa.ARRAY(ServerType(sql))),
        )
    )
    return table(*columns)


FIRST = only(col("id", sa.Integer, primary_key=True), name="first")
AGAIN = only(col("id", sa.Integer, primary_key=True), col("b", sa.Text), name="first")


def to_author(name: str) -> Models:
    """A foreign key whose definition stands in SQL alone."""
    return both(
        only(col("id", sa.Integer, primary_key=True), name=name),
        table(col("by", sa.Integer), refers(["by"], [f"{name}.id"], ondelete="SET NULL (by)")),
    )


CHANGES = [
    Change(
        "a key with INCLUDE, serial, and what refers to it",
        nothing_at_all,
        both(
            only(
                col("id", sa.Integer, autoincrement=True),
                col("name", sa.Text),
                key("id", include="name"),
                name="author",
            ),
            table(col("by", sa.Integer), refers(["by"], ["author.id"])),
        ),
    ),
    Change(
        "a function that a check and a view no longer call",
        both(
            table(check("calc(id) > 0", name="ck")),
            beside(CALC, View("v", "SELECT calc(id) AS n FROM book")),
        ),
        both(nothing, beside(View("v", "SELECT id AS n FROM book"))),
    ),
    Change(
        "a renamed column with a quotation mark",
        table(col('d"q', sa.Integer), check('"d""q" > 0', name="ck")),
        table(col('r"q', sa.Integer), check('"r""q" > 0', name="ck")),
        renames={'book."d""q"': '"r""q"'},
    ),
    Change(
        "a renamed label with an apostrophe",
        table(col("m", enum("it's", "b"), server_default="it's")),
        table(col("m", enum("it is", "b"), server_default="it is")),
        renames={"mood.it's": "it is"},
    ),
    Change(
        "a renamed table under SET NULL (column)",
        to_author("author"),
        to_author('wr"iter'),
        renames={"author": '"wr""iter"'},
    ),
    Change(
        "a sequence whose owner goes",
        both(sequence(), author),
        sequence(),
        raw="ALTER SEQUENCE numbers OWNED BY author.id",
    ),
    Change(
        "a second sequence that a column owns",
        both(sequence("zebras"), author),
        both(sequence("zebras"), only(col("id", sa.BigInteger, primary_key=True), name="author")),
        raw="ALTER SEQUENCE zebras OWNED BY author.id",
    ),
    Change(
        "a column of another type that a key carries along",
        both(
            only(col("id", sa.Integer), col("n", sa.Text), key("id", include="n"), name="author"),
            table(col("by", sa.Integer), refers(["by"], ["author.id"])),
        ),
        both(
            only(
                col("id", sa.Integer), col("n", sa.String(9)), key("id", include="n"), name="author"
            ),
            table(col("by", sa.Integer), refers(["by"], ["author.id"])),
        ),
    ),
    Change(
        "a new table under the name of a renamed one",
        conventional(FIRST),
        conventional(both(only(col("id", sa.Integer, primary_key=True), name="second"), AGAIN)),
        renames={"first": "second"},
    ),
    Change(
        "a right on a generated column that is built anew",
        both(
            table(col("n", sa.Integer, computed("id * 2"))),
            beside(Grant(["select", "update (n)"], "book", READER)),
        ),
        both(
            table(col("n", sa.Integer, computed("id * 3"))),
            beside(Grant(["select", "update (n)"], "book", READER)),
        ),
    ),
    Change(
        "a list of varchars in a function's own syntax",
        table(col("code", sa.String(9))),
        both(table(col("code", sa.String(9))), beside(LISTED)),
    ),
    Change(
        "a foreign key that is renamed while its target gives way",
        both(author, table(col("by", sa.Integer), refers(["by"], ["author.id"], name="a"))),
        both(
            only(
                col("id", sa.Integer),
                col("code", sa.Text, unique=True),
                key("id", include="code"),
                name="author",
            ),
            table(col("by", sa.Integer), refers(["by"], ["author.id"], name="b")),
        ),
    ),
    Change(
        "a new table that refers to one that becomes logged",
        only(col("id", sa.Integer, primary_key=True), name="author", prefixes=["UNLOGGED"]),
        both(
            only(col("id", sa.Integer, primary_key=True), name="author"),
            table(col("by", sa.Integer), refers(["by"], ["author.id"])),
        ),
    ),
    Change(
        "an enum type that comes with a view of it",
        nothing,
        both(
            table(col("m", enum("a", "b"))),
            beside(View("v", "SELECT id FROM book WHERE m <> 'a'")),
        ),
    ),
    Change(
        "an attribute of another type, which columns have",
        both(HOME, beside(ADDRESS, View("v", "SELECT home FROM person"))),
        both(
            HOME,
            beside(
                replace(ADDRESS, attributes={"zip": "text", "city": "text"}, comment="c"),
                View("v", "SELECT home FROM person"),
            ),
        ),
    ),
    Change(
        "a type that comes back to a column with a storage",
        table(col("n", sa.Text)),
        table(col("n", sa.Integer)),
        raw="ALTER TABLE book ALTER n SET STORAGE EXTERNAL, ALTER n SET COMPRESSION pglz",
    ),
    Change(
        "another length of a column with a storage",
        table(col("n", sa.String(20))),
        table(col("n", sa.String(40))),
        raw="ALTER TABLE book ALTER n SET STORAGE EXTERNAL, ALTER n SET COMPRESSION pglz",
    ),
    Change(
        "a key named by a convention, built anew for models without one",
        conventional(carried("a", "b")),
        carried("a"),
    ),
    Change(
        "a generated column over one that is to be generated",
        table(col("a", sa.Text), col("loud", sa.Text, computed("upper(a)"))),
        table(
            col("a", sa.Integer, computed("id * 2")),
            col("loud", sa.Text, computed("upper(title)")),
        ),
    ),
    Change(
        "foreign keys to names with a dot",
        nothing_at_all,
        both(
            only(col("i.d", sa.Integer, primary_key=True), name="author"),
            lambda metadata: sa.Table(
                "a.b",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("by", sa.ForeignKey(metadata.tables["author"].c["i.d"], name="x")),
            ),
            lambda metadata: table(
                col("by", sa.Integer, lambda: sa.ForeignKey(metadata.tables["a.b"].c.id))
            )(metadata),
        ),
    ),
    Change(
        "collations of one's own",
        collated('"POSIX"', '"POSIX"', '"POSIX"'),
        collated("nordic", '"My ""Coll"', 'other."Mine"'),
        setup=COLLATIONS,
    ),
    Change(
        "a domain with a collation of one's own",
        table(col("d", domain(sa.Text))),
        table(col("d", domain(ServerType('text COLLATE other."Mine"')))),
        setup=COLLATIONS,
    ),
    Change(
        "a view that stays, of a view in whose place a table comes",
        both(
            table(),
            beside(View("a", "SELECT id FROM book"), View("c", "SELECT id FROM a")),
        ),
        both(
            both(table(), only(col("id", sa.Integer), name="a")),
            beside(View("c", "SELECT id FROM a")),
        ),
    ),
    Change(
        "a view that stays, of a table in whose place a view comes",
        both(
            both(table(), only(col("id", sa.Integer), name="a")),
            beside(View("c", "SELECT id FROM a")),
        ),
        both(
            table(),
            beside(View("a", "SELECT id FROM book"), View("c", "SELECT id FROM a")),
        ),
    ),
    Change(
        "a view that changes with a function that gets more arguments",
        both(nothing, beside(overload("a integer, b integer"), CALLED)),
        both(
            nothing,
            beside(
                overload("a integer, b integer DEFAULT 3, c integer DEFAULT 5", "bigint"), CALLED
            ),
        ),
    ),
    Change(
        "enum types that give way beside one that has the name of a retired one",
        moods("a", "b"),
        moods("b", "a"),
    ),
    Change(
        "the base types of domains that are not null",
        table(
            col("a", domain(not_null=True)),
            col("b", domain(not_null=True, name=LONG)),
        ),
        table(
            col("a", domain(sa.BigInteger, not_null=True)),
            col("b", domain(sa.BigInteger, not_null=True, name=LONG)),
        ),
    ),
]


@pytest.fixture(scope="module")
def prover_url(server, admin, template_database) -> Iterator[str]:
    admin(f"CREATE DATABASE found_at_random TEMPLATE {template_database}")
    yield server.database("found_at_random")
    admin("DROP DATABASE found_at_random WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover(prover_url: str) -> AsyncIterator[Prover]:
    async with proving_at(prover_url) as found:
        yield found


@pytest.mark.cells(5)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
async def test_there_and_back(prover: Prover, change: Change) -> None:
    await prover.prove(change, thoroughly=False)


def spelled_with(type_: type[sa.types.TypeEngine[str]]) -> Models:
    """What PostgreSQL prints with casts to text where a column is a ``varchar``."""
    return table(
        col("email", type_),
        col('E"mail', type_),
        col("code", type_, unique=True, server_default="x"),
        check("length(email) > 2 AND code <> '' AND code <> email", name="ck"),
        lambda: sa.Index("ix_lower", sa.text("lower(email)"), unique=True),
        lambda: sa.Index("ix_part", "code", postgresql_where=sa.text("email LIKE 'a%'")),
        lambda: sa.Index("ix_quoted", sa.text("""upper("E""mail") DESC""")),
    )


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("one", "other"), [(sa.String, sa.Text), (sa.Text, sa.String)])
async def test_what_is_said_of_text_stays_where_its_type_changes(prover: Prover, one, other):
    proof = await prover.prove(Change("", spelled_with(one), spelled_with(other)), thoroughly=False)
    assert proof.ours == "alter_column"
    listed = check("code IN ('a', 'b')", name="in")  # whose casts are of its constants, too
    changed = Change("", table(col("code", one), listed), table(col("code", other), listed))
    assert "create_check_constraint" in (await prover.prove(changed, thoroughly=False)).ours


@pytest.mark.asyncio(loop_scope="module")
async def test_the_schema_of_a_view_that_stays(prover: Prover) -> None:
    comparing = prover.comparing
    await prover.start(Change("", nothing_at_all, nothing_at_all), sa.MetaData())
    await comparing.driver.execute(
        "CREATE SCHEMA other; CREATE TABLE other.a (id integer); CREATE VIEW other.v AS SELECT 1 AS n"
    )
    sides = await comparing.read(sa.MetaData(), include_schemas=True)
    upgrade, downgrade = await comparing.scripted(sides, RenameRequests())
    await comparing.apply(upgrade, sides)
    await comparing.apply(downgrade, sides)
    assert (await comparing.actual(sides)).actual == sides.actual


@pytest.mark.asyncio(loop_scope="module")
async def test_the_type_of_a_partition_key(prover: Prover) -> None:
    def parts(type_: type[sa.types.TypeEngine[int]]) -> sa.MetaData:
        metadata = sa.MetaData()
        column = sa.Column("id", type_, primary_key=True, autoincrement=False)
        sa.Table("parts", metadata, column, postgresql_partition_by="HASH (id)")
        return metadata

    await prover.start(Change("", nothing_at_all, nothing_at_all), parts(sa.Integer))
    sides = await prover.comparing.read(parts(sa.BigInteger))
    upgrade, _ = await prover.comparing.scripted(sides, RenameRequests())
    with pytest.raises(NotImplementedError, match="the type of id, which is in its partition key"):
        await prover.comparing.apply(upgrade, sides)


CALLING: dict[str, Item] = {
    "generated": col("g", sa.Integer, computed("calc(n)")),
    "check": check("calc(n) > 0", name="ck"),
    "index": lambda: sa.Index("ix", sa.text("calc(n)")),
}


def calling(how: str, type_: type[sa.types.TypeEngine[int]], name: str) -> Models:
    """A table of which something calls a function of a column's type, beside a column of that name."""
    calc = replace(CALC, arguments=f"n {type_()}", body="SELECT 1")
    return both(table(col("n", type_), col(name, sa.Text), CALLING[how]), beside(calc))


@pytest.mark.cells(1)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        *((calling(how, sa.Integer, "a"), calling(how, sa.BigInteger, "b")) for how in CALLING),
        (
            calling("generated", sa.Integer, "a"),
            table(col("n", sa.BigInteger), col("g", sa.Integer), col("b", sa.Text)),
        ),
        (
            table(
                col("n", sa.Text),
                col("g", sa.Text, computed("upper(n)"), unique=True),
                col("a", sa.Text),
            ),
            table(col("n", sa.Integer), col("b", sa.Text)),
        ),
    ],
    ids=[*CALLING, "no longer generated", "gone"],
)
async def test_what_calls_a_function_of_another_type_under_a_rename(
    prover: Prover, before: Models, after: Models
) -> None:
    comparing = prover.comparing
    await prover.start(Change("", before, after), models(before))
    await comparing.driver.execute("CREATE VIEW v AS SELECT n, a FROM book")
    comparing.managed_entities = ("function", "grant")
    sides = await comparing.read(models(after))
    upgrade, downgrade = await comparing.scripted(sides, RenameRequests(given={"book.a": "b"}))
    await comparing.apply(upgrade, sides)
    assert spelled(await comparing.actual(sides)) == []
    await comparing.apply(downgrade, sides)
    assert (await comparing.actual(sides)).actual == sides.actual
