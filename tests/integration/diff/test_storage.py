"""What belongs to a table beside its columns: stored how, partitioned how, indexes built how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator
from asyncmig.diff.compare import compare
from asyncmig.errors import AsyncmigError, ScriptError
from fix_autogenerate import as_script
from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_autogenerate import Comparing
    from fix_project import Project


def log(*columns: Any, name: str = "log", **keywords: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.Date, nullable=False),
        *columns,
        **keywords,
    )
    return metadata


STORED = {
    "parameters": (
        {"postgresql_with": {"fillfactor": 70}},
        {"postgresql_with": {"fillfactor": 80}},
    ),
    "parameters gone": (
        {"postgresql_with": {"fillfactor": 70, "autovacuum_enabled": "false"}},
        {"postgresql_with": {"fillfactor": 70}},
    ),
    "access method": ({}, {"postgresql_using": "heap_too"}),
    "unlogged": ({}, {"prefixes": ["UNLOGGED"]}),
}


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            *pair, id=name, marks=[pytest.mark.pg(">=15")] if name == "access method" else []
        )
        for name, pair in STORED.items()
    ],
)
async def test_storage_of_tables(comparing: Comparing, before, after):
    await comparing.driver.execute(
        "CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler"
    )
    up, down = await comparing.there_and_back(log(**before), log(**after))
    assert up
    assert down


async def test_what_models_do_not_say_stays(comparing: Comparing):
    await comparing.driver.execute(
        "CREATE TABLE log (id integer NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);"
        "CREATE TABLE book (id integer NOT NULL, at date NOT NULL, t text) WITH (fillfactor=70);"
        "ALTER TABLE book ALTER t SET STORAGE EXTERNAL, ALTER t SET COMPRESSION pglz"
    )
    sides = await comparing.sides(log(), log(sa.Column("t", sa.Text), name="book"))
    wanted = sides.wanted
    assert compare(sides.actual, wanted) == []
    assert compare(wanted, sides.actual) == []


async def test_storage_comes_back_with_its_column(comparing: Comparing):
    await comparing.driver.execute(
        "CREATE TABLE log (id integer NOT NULL, at date NOT NULL, t text);"
        "ALTER TABLE log ALTER t SET STORAGE EXTERNAL, ALTER t SET COMPRESSION pglz;"
        "CREATE TABLE gone (t text) WITH (fillfactor=70); ALTER TABLE gone ALTER t SET STORAGE MAIN"
    )
    sides = await comparing.sides(log())
    wanted = sides.wanted
    down = compare(wanted, sides.actual)
    await comparing.apply(compare(sides.actual, wanted), sides)
    assert (await comparing.sides(log())).actual != sides.actual
    await comparing.apply(down, sides)
    assert (await comparing.sides(log())).actual == sides.actual


async def test_a_partition_key_cannot_be_altered(project: Project, database_url, pg):
    await pg.execute(
        "CREATE TABLE log (id integer NOT NULL, at date NOT NULL) PARTITION BY RANGE (at)"
    )
    other = log(postgresql_partition_by="LIST (id)", comment="kept")
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=other)
    found = (await migrator.check()).differences
    first = found[0]
    assert (first.change, first.before, first.after, first.sql) == (
        "impossible_change",
        "RANGE (at)",
        "LIST (id)",
        (),
    )
    await migrator.revision("x", autogenerate=True, rev_id="a1")
    text = project.versions.joinpath("a1_x.py").read_text()
    assert text.count("# PostgreSQL cannot alter this: create a new table") == 2
    assert (
        "raise NotImplementedError(\n"
        '        "log: its partitioning is RANGE (at), and is to be LIST (id)",\n'
    ) in text
    with pytest.raises(AsyncmigError, match="its partitioning is RANGE"):
        await migrator.upgrade()
    project.versions.joinpath("a1_x.py").unlink()
    await migrator.revision("x", autogenerate=True, rev_id="a1", sql_file=True)
    with pytest.raises(AsyncmigError, match="its partitioning is RANGE"):
        await migrator.upgrade()


async def test_a_script_that_only_says_that_it_cannot(project: Project, database_url, pg):
    await pg.execute("CREATE TABLE log (id integer NOT NULL, at date NOT NULL)")
    other = log(postgresql_partition_by="LIST (id)")
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=other)
    await migrator.revision("x", autogenerate=True, rev_id="a1")
    path = project.versions.joinpath("a1_x.py")
    lines = path.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "raise NotImplementedError" in text)
    with pytest.raises(ScriptError) as caught:
        await migrator.upgrade()
    assert str(caught.value) == (
        "revision a1 has no upgrade: log: its partitioning is no partition key, and is to be LIST (id) "
        f"({path}:{line})"
    )
    assert "in place of `raise NotImplementedError`" in str(caught.value.hint)
    assert caught.value.fields()["line"] == line


DOMAINS = {
    "type": (pgs.DOMAIN("price", sa.Integer), pgs.DOMAIN("price", sa.Numeric(8, 2))),
    "type and check": (
        pgs.DOMAIN("price", sa.Integer, check="VALUE > 0", constraint_name="c"),
        pgs.DOMAIN("price", sa.BigInteger, check="VALUE > 1", constraint_name="c"),
    ),
    "collation": (pgs.DOMAIN("price", sa.Text), pgs.DOMAIN("price", sa.Text, collation="C")),
}


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", DOMAINS)
async def test_base_type_of_a_domain(comparing: Comparing, name):
    def models(domain: Any) -> sa.MetaData:
        return log(
            sa.Column("price", domain, server_default="7", index=True),
            sa.Column("several", pgs.ARRAY(domain)),
            sa.CheckConstraint("price IS NOT NULL", name="ck"),
        )

    before, after = DOMAINS[name]
    up, _ = await comparing.there_and_back(models(before), models(after))
    assert "ALTER DOMAIN price RENAME TO price_old" in up


RAW = {
    "no inherit": "CONSTRAINT c CHECK (id > 0) NO INHERIT",
    "not valid": "CONSTRAINT c CHECK (id > 0) NOT VALID",
    "nulls not distinct": "CONSTRAINT c UNIQUE NULLS NOT DISTINCT (id)",
    "include": "CONSTRAINT c UNIQUE (id) INCLUDE (at)",
    "match full": "CONSTRAINT c FOREIGN KEY (id) REFERENCES other MATCH FULL",
    "set null of some": "CONSTRAINT c FOREIGN KEY (id, id) REFERENCES pair ON DELETE SET NULL (id)",
    "without overlaps": "CONSTRAINT c PRIMARY KEY (id, during WITHOUT OVERLAPS)",
    "period": "CONSTRAINT c FOREIGN KEY (id, PERIOD during) REFERENCES times (id, PERIOD during)",
    "not enforced": "CONSTRAINT c CHECK (id > 0) NOT ENFORCED",
    "key not enforced": "CONSTRAINT c FOREIGN KEY (id) REFERENCES other NOT ENFORCED",
}
SINCE = {
    "nulls not distinct": 15,
    "set null of some": 15,
    "without overlaps": 18,
    "period": 18,
    "not enforced": 18,
    "key not enforced": 18,
}


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    "constraint",
    [
        pytest.param(sql, id=name, marks=[pytest.mark.pg(f">={SINCE.get(name, 14)}")])
        for name, sql in RAW.items()
    ],
)
async def test_constraints_that_models_cannot_say(comparing: Comparing, constraint):
    """They are found, dropped, and the downgrade has them again to the letter."""
    if "during" in constraint:
        await comparing.driver.execute("CREATE EXTENSION btree_gist")
    temporal = ", PRIMARY KEY (id, during WITHOUT OVERLAPS)" if "PERIOD" in constraint else ""
    await comparing.driver.execute(
        "CREATE TABLE other (id integer PRIMARY KEY);"
        "CREATE TABLE pair (a integer, b integer, PRIMARY KEY (a, b));"
        f"CREATE TABLE times (id integer NOT NULL, during daterange NOT NULL{temporal});"
        "CREATE TABLE log (id integer NOT NULL, at date NOT NULL, during daterange NOT NULL);"
        f"ALTER TABLE log ADD {constraint}"
    )
    models = log(sa.Column("during", pgs.DATERANGE, nullable=False))
    if "id > 0" in constraint:
        models.tables["log"].append_constraint(sa.CheckConstraint("id > 0", name="c"))
    sa.Table("other", models, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    sa.Table(
        "pair",
        models,
        sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("b", sa.Integer, primary_key=True, autoincrement=False),
    )
    await comparing.driver.execute("DROP TABLE times") if not temporal else None
    sides = await comparing.sides(models)
    actual, wanted = sides.actual, sides.wanted
    up, down = compare(actual, wanted), compare(wanted, actual)
    assert up
    await comparing.apply(up, sides)
    await comparing.nothing_to_do(await comparing.sides(models))
    await comparing.apply(down, sides)
    assert (await comparing.sides(models)).actual == actual


@pytest.mark.pg(">=18")
async def test_virtual_columns(comparing: Comparing):
    before = log()
    after = log(sa.Column("twice", sa.Integer, sa.Computed("id * 2", persisted=False)))
    again = log(sa.Column("twice", sa.Integer, sa.Computed("id * 3", persisted=False)))
    up, _ = await comparing.there_and_back(before, after)
    assert up == ["ALTER TABLE log ADD COLUMN twice INTEGER GENERATED ALWAYS AS (id * 2) VIRTUAL"]
    await comparing.driver.execute("DROP TABLE log")
    await comparing.there_and_back(after, again)


def shop(*, indexed: bool) -> sa.MetaData:
    metadata = log(sa.Column("kind", sa.Text), sa.Column("n", sa.Integer))
    table = metadata.tables["log"]
    parts = sa.Table(
        "parts", metadata, sa.Column("at", sa.Date), postgresql_partition_by="RANGE (at)"
    )
    if indexed:
        sa.Index("ix_kind", table.c.kind)
        sa.Index("ix_lower", sa.text("lower(kind) DESC"), table.c.n, _table=table)
        sa.Index("ix_at", parts.c.at)
        table.append_constraint(sa.UniqueConstraint("n", name="uq_n", deferrable=True))
        table.append_constraint(sa.PrimaryKeyConstraint("id", name="pk_log"))
        new = sa.Table("new", metadata, sa.Column("a", sa.Integer, index=True, unique=True))
        table.append_constraint(sa.ForeignKeyConstraint(["n"], [new.c.a], name="fk_n"))
    return metadata


async def test_concurrent_indexes(project: Project, database_url):
    def migrator(*, indexed: bool) -> Migrator:
        settings = project.settings(url=database_url, concurrent_indexes=True)
        return Migrator(settings=settings, target_metadata=shop(indexed=indexed))

    await migrator(indexed=False).revision("x", autogenerate=True, rev_id="a1")
    await migrator(indexed=False).upgrade()
    before = catalog_dump(database_url, version_table=False)
    indexed = migrator(indexed=True)
    await indexed.revision("x", autogenerate=True, rev_id="b2")
    text = project.versions.joinpath("b2_x.py").read_text()
    print(text)
    up, down = text.split("def upgrade")[1].split("def downgrade")
    assert 'op.create_index("ix_kind", "log", ["kind"], postgresql_concurrently=True)' in up
    assert "CREATE INDEX CONCURRENTLY ix_lower ON log USING btree (lower(kind) DESC, n)" in up
    assert 'op.create_index("ix_at", "parts", ["at"])' in up
    assert 'op.create_index("ix_new_a", "new", ["a"], unique=True)' in up
    assert 'op.create_index("uq_n", "log", ["n"], unique=True, postgresql_concurrently=True)' in up
    assert "ADD CONSTRAINT uq_n UNIQUE USING INDEX uq_n DEFERRABLE" in up
    assert "ADD CONSTRAINT pk_log PRIMARY KEY USING INDEX pk_log" in up
    assert 'op.drop_index("ix_kind", "log", postgresql_concurrently=True)' in down
    assert 'op.drop_index("ix_at", "parts")' in down
    await indexed.upgrade()
    assert (await indexed.check()).ok
    await indexed.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before


async def test_no_concurrent_indexes_unless_asked(project: Project, database_url, pg):
    await pg.execute("CREATE TABLE log (id integer NOT NULL, at date NOT NULL)")
    metadata = log()
    sa.Index("ix", metadata.tables["log"].c.at)
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=metadata)
    await migrator.revision("x", autogenerate=True, rev_id="a1")
    assert "concurrently" not in project.versions.joinpath("a1_x.py").read_text()


async def test_a_script_for_columns_that_are_altered(comparing: Comparing):
    """The cautions, as a reviewer reads them."""
    before = log(
        sa.Column("a", sa.String(10)),
        sa.Column("b", sa.Integer),
        sa.Column("c", sa.Text),
        sa.Column("d", sa.Numeric(8, 2)),
        sa.Column("e", pgs.ENUM("x", "y", name="kind")),
        sa.Column("f", sa.DateTime),
        sa.Column("g", pgs.ARRAY(sa.String(3))),
        sa.Column("gone", sa.Integer),
    )
    after = log(
        sa.Column("a", sa.String(20)),
        sa.Column("b", sa.BigInteger),
        sa.Column("c", sa.String(5), nullable=False),
        sa.Column("d", sa.Numeric(8, 1)),
        sa.Column("e", pgs.ENUM("y", name="kind")),
        sa.Column("f", sa.DateTime(timezone=True)),
        sa.Column("g", pgs.ARRAY(sa.String(5))),
        sa.Column("new", sa.Integer, nullable=False),
    )
    await comparing.build(before)
    sides = await comparing.sides(after)
    body, _ = as_script(compare(sides.actual, sides.wanted), sides.models)
    remarks = [line for line in body.splitlines() if line.startswith("#")]
    assert remarks == [
        "# fails if log.e is 'x' in a row: change those rows first, or convert them in",
        "# postgresql_using",
        "# rewrites log, which is locked meanwhile",
        "# rewrites log, which is locked meanwhile",
        "# fails if log.c has NULLs: fill them first",
        "# rewrites log, which is locked meanwhile; fails if a value of c does not fit",
        "# rewrites log, which is locked meanwhile; values of d are rounded to 1 decimal",
        "# rewrites log, which is locked meanwhile",
        "# rewrites log, which is locked meanwhile",
        "# fails if log has rows: give a server_default; or add it with nullable=True, fill",
        '# it, and then op.alter_column("log", "new", nullable=False)',
        "# drops column log.gone with its data",
    ]


def author(**keywords: Any) -> sa.MetaData:
    """A foreign key to a column that something makes unique."""
    metadata = sa.MetaData()
    sa.Table("author", metadata, sa.Column("code", sa.Text, nullable=False, **keywords))
    sa.Table("book", metadata, sa.Column("code", sa.ForeignKey("author.code")))
    return metadata


def halves(number: Any, expression: str | None = "n * 0.5") -> sa.MetaData:
    """A generated column before the one that it is made of."""
    half = sa.Column("half", sa.Numeric, sa.Computed(expression or "0", True), index=True)
    return log(*([] if expression is None else [half]), sa.Column("n", number))


ORDERS = {
    "a key to a unique index": (sa.MetaData(), author(index=True, unique=True)),
    "a unique index behind a key": (author(index=True, unique=True), author(unique=True)),
    "retyped beneath a generated column": (halves(sa.Integer), halves(sa.BigInteger)),
    "retyped as its generated column comes": (halves(sa.Integer, None), halves(sa.BigInteger)),
    "retyped as its generated column goes": (halves(sa.Integer), halves(sa.BigInteger, None)),
}


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", ORDERS)
async def test_orders_that_run(comparing: Comparing, name):
    up, down = await comparing.there_and_back(*ORDERS[name])
    assert up
    assert down
