"""Entities whose owner is not the role that migrates: owners are put back, their rights are no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import Function, Grant, MaterializedView, View, register
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import asyncpg

    from fix_project import Project

READER = "pg_read_all_data"
OWNERS = """\
SELECT relname AS name, pg_get_userbyid(relowner) AS owner FROM pg_class
WHERE relname IN ('book', 'titles', 'kept')
UNION ALL SELECT proname, pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'title_of'"""


@pytest.fixture
def roles(admin: Callable[[str], Any], database_url: str) -> Iterator[tuple[str, str]]:
    """One that owns objects, and a member of it."""
    name = database_url.rsplit("/", 1)[1]
    owner, member = f"owner_{name}"[:60], f"member_{name}"[:60]
    admin(f"CREATE ROLE {owner}")
    admin(f"CREATE ROLE {member} IN ROLE {owner}")
    yield owner, member
    admin(f"DROP DATABASE {name} WITH (FORCE)")
    admin(f"DROP ROLE {member}")
    admin(f"DROP ROLE {owner}")


def book(title: Any, *entities: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", title)
    )
    register(metadata, *entities)
    return metadata


async def owners(pg: asyncpg.Connection) -> dict[str, str]:
    return {row["name"]: row["owner"] for row in await pg.fetch(OWNERS)}


@pytest.mark.cells(1)
@pytest.mark.parametrize("still", [True, False])
async def test_owners_are_put_back(
    project: Project, database_url: str, pg: asyncpg.Connection, roles, still
):
    owner, _ = roles
    declared = (
        View("titles", "SELECT title FROM book"),
        MaterializedView("kept", "SELECT title FROM book"),
        Function("title_of", "b titles", returns="text", language="sql", body="SELECT b.title"),
        Grant("select", "titles", READER),
    )
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=book(sa.Text, *declared))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute(
        f"ALTER VIEW titles OWNER TO {owner}; ALTER MATERIALIZED VIEW kept OWNER TO {owner};"
        f"ALTER FUNCTION title_of OWNER TO {owner};"
    )
    before, dump = await owners(pg), catalog_dump(database_url, version_table=False)
    assert [name for name, role in before.items() if role != owner] == ["book"]
    assert (await first.check()).ok
    wanted = book(sa.String(40), *(declared if still else ()))
    second = Migrator(settings=settings, target_metadata=wanted)
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok
    assert await owners(pg) == before
    await second.downgrade("a1")
    assert await owners(pg) == before
    assert catalog_dump(database_url, version_table=False) == dump


async def test_rights_of_an_owner_are_no_difference(
    project: Project, database_url: str, pg: asyncpg.Connection, roles
):
    owner, member = roles
    declared = (
        Function("f", "a integer", body="BEGIN END"),
        Grant(["select", "insert"], "book", [owner, member, READER]),
        Grant("execute", "f(integer)", [owner, READER], object_kind="function"),
    )
    models = book(sa.Text, *declared)
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=models)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    assert (await first.check()).ok
    await pg.execute(f"ALTER TABLE book OWNER TO {owner}; ALTER FUNCTION f OWNER TO {owner}")
    assert (await first.check()).differences == ()
    name = database_url.rsplit("/", 1)[1]
    await pg.execute(f"GRANT CREATE ON DATABASE {name} TO {member}")
    await pg.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {member}")
    as_member = Migrator(settings=settings, role=member, target_metadata=models)
    assert (await as_member.check()).differences == ()
    await pg.execute(f"REVOKE INSERT ON book FROM {READER}")
    assert [item.sql for item in (await as_member.check()).differences] == [
        (f"GRANT INSERT ON TABLE book TO {READER}",)
    ]
