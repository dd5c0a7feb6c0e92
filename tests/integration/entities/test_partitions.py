"""What stands on a partition, when the partitioned table changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import Policy, SqlText, register
from fix_database import catalog_dump

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project

STANDING = {
    "view": "CREATE VIEW v AS SELECT v FROM a1; CREATE MATERIALIZED VIEW m AS SELECT v FROM v;"
    " GRANT SELECT ON v TO public",
    "policy": "CREATE POLICY p ON a1 USING (v = 'q')",
    "trigger": "CREATE TRIGGER own BEFORE UPDATE OF v ON a1 FOR EACH ROW EXECUTE FUNCTION heard();"
    " ALTER TABLE a1 DISABLE TRIGGER own;"
    " CREATE TRIGGER all_of_them AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION heard()",
    "rule": "CREATE RULE kept AS ON INSERT TO a1 WHERE new.v = 'zz' DO INSTEAD NOTHING",
    "statistics": "CREATE STATISTICS pair ON id, v FROM a1",
    "function": "CREATE FUNCTION listed(x a1) RETURNS text LANGUAGE sql"
    " BEGIN ATOMIC SELECT v FROM a1; END",
    "view on a partition of a partition": "CREATE VIEW v AS SELECT v FROM a21",
}
TABLES = """
    CREATE TABLE a (id integer NOT NULL, v varchar(5), at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE a1 PARTITION OF a FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE a2 PARTITION OF a FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')
        PARTITION BY LIST (id);
    CREATE TABLE a21 PARTITION OF a2 FOR VALUES IN (1);
    CREATE FUNCTION heard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""


def parts(*columns: Any, name: str = "a") -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, nullable=False),
        *columns,
        sa.Column("at", sa.Date, nullable=False),
        postgresql_partition_by="RANGE (at)",
    )
    return metadata


@pytest.mark.cells(1)
@pytest.mark.parametrize("standing", STANDING)
async def test_another_type(
    project: Project, database_url: str, pg: asyncpg.Connection, standing: str
):
    await pg.execute(TABLES + STANDING[standing])
    migrator = Migrator(
        settings=project.settings(url=database_url), target_metadata=parts(sa.Column("v", sa.Text))
    )
    before = catalog_dump(database_url, version_table=False)
    await migrator.revision("wider", autogenerate=True, rev_id="a1")
    await migrator.upgrade()
    assert (await migrator.check()).differences == ()
    after = catalog_dump(database_url, version_table=False)
    wide = before.replace("v character varying(5)", "v text")
    assert after == re.sub(r"\((new\.)?v\)::text", r"\1v", wide) != before
    await migrator.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == before


async def test_another_type_under_a_rename(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(TABLES + STANDING["policy"])
    models = parts(sa.Column("w", sa.Text))
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=models)
    before = catalog_dump(database_url, version_table=False)
    await migrator.revision("w", autogenerate=True, rev_id="a1", renames={"a.v": "w"})
    await migrator.upgrade()
    assert (await migrator.check()).differences == ()
    await migrator.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == before


async def test_a_column_that_goes(project: Project, database_url: str, pg: asyncpg.Connection):
    await pg.execute(TABLES + STANDING["trigger"] + "; " + STANDING["view"])
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=parts())
    [drop] = (await migrator.check()).differences
    assert drop.blocked_by == ("trigger own on a1", "view v")


async def test_a_table_that_goes_takes_along_what_is_on_its_partitions(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(TABLES + STANDING["trigger"] + "; " + STANDING["policy"])
    other = parts(name="b")
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=other)
    changes = [(item.change, item.blocked_by) for item in (await migrator.check()).differences]
    assert changes == [("drop_table", ()), ("create_table", ())]


async def test_what_is_on_a_partition_is_nobodys_to_drop(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(TABLES + "; ".join(STANDING[kind] for kind in ("trigger", "policy", "rule")))
    models = parts(sa.Column("v", sa.String(5)))
    sa.Table("c", models, sa.Column("id", sa.Integer))
    register(models, Policy("mine", "c", using="true"))
    register(
        models,
        SqlText(
            "CREATE TRIGGER all_of_them AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION heard()"
        ),
    )
    migrator = Migrator(
        settings=project.settings(url=database_url, managed_entities=("rule",)),
        target_metadata=models,
    )
    changes = [(item.change, item.object) for item in (await migrator.check()).differences]
    assert changes == [("create_table", "c"), ("create_policy", "c.mine")]
