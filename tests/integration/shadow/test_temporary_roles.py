"""Roles that declared entities name, where the models are built in a server that lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import anyio
import asyncpg
import pytest
import sqlalchemy as sa
from anyio.from_thread import start_blocking_portal

from asyncmig import Migrator, embedded
from asyncmig.config.settings import Settings
from asyncmig.entities import Grant, Policy, RowSecurity, SqlText, View, register
from asyncmig.errors import DatabaseError, RefusedModelsError
from asyncmig.shadow.cache import ShadowCache
from asyncmig.shadow.targets import EmbeddedShadow, UrlShadow
from asyncmig.shadow.timeouts import ComparisonTimeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fix_autogenerate import Comparing
    from fix_project import Project

# the private server is one
pytestmark = pytest.mark.pg(">=18")

FOUND = "SELECT count(*) FROM pg_roles WHERE rolname = ANY($1::text[])"


@pytest.fixture
def roles(admin: Callable[[str], None], database_url: str) -> Iterator[tuple[str, str, str]]:
    """One that reads, one whose name is quoted, and one that migrates."""
    name = database_url.rsplit("/", 1)[1]
    reader, odd, migrates = f"reader_{name}", f'Odd " {name}', f"migrates_{name}"
    quoted = f'"Odd "" {name}"'
    for role in (reader, quoted, migrates):
        admin(f"CREATE ROLE {role}")
    admin(f"GRANT CREATE ON DATABASE {name} TO {migrates}")
    yield reader, odd, migrates
    admin(f"DROP DATABASE {name} WITH (FORCE)")
    for role in (reader, quoted, migrates):
        admin(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """The URL of a superuser of another server, which has none of the roles."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(embedded.server()) as running,
    ):
        yield running.url


def declared(*roles: str) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))
    register(
        metadata,
        View("thick", "SELECT id FROM book"),
        Grant("select", "thick", [*roles, "pg_read_all_data"]),
        RowSecurity("book"),
        Policy("own", "book", roles=roles[1:2] or roles, using="id > 0"),
    )
    return metadata


async def test_a_private_server_has_the_roles_of_the_database(
    project: Project, database_url, pg, roles
):
    reader, _, migrates = roles
    await pg.execute(f"GRANT ALL ON SCHEMA public TO {migrates}; GRANT {reader} TO {migrates}")
    settings = project.settings(url=database_url, role=migrates)
    models = declared(*roles)
    elsewhere = Migrator(settings=settings, target_metadata=models, shadow_url="embedded")
    await elsewhere.revision("first", autogenerate=True)
    await elsewhere.upgrade()
    assert (await elsewhere.check()).differences == ()
    assert (await Migrator(settings=settings, target_metadata=models).check()).differences == ()


async def test_an_owner_that_the_other_server_lacks(comparing: Comparing, other, roles):
    metadata = sa.MetaData()
    text = f"CREATE VIEW theirs AS SELECT 1 AS n; ALTER VIEW theirs OWNER TO {roles[0]}"
    register(metadata, SqlText(text))
    here = await comparing.sides(metadata)
    there = await comparing.sides(metadata, target=UrlShadow(Settings(), other))
    assert there.wanted == here.wanted
    driver = await asyncpg.connect(other)
    assert await driver.fetchval(FOUND, roles) == 0
    await driver.close()


@pytest.mark.slow
async def test_a_role_that_is_gone_is_no_longer_printed_from_the_cache(
    comparing: Comparing, roles, admin, tmp_path: Path
):
    cache, shadow = ShadowCache(tmp_path), EmbeddedShadow(Settings())
    sides = await comparing.sides(declared(roles[0]), target=shadow, cache=cache)
    assert {grant.role for grant in sides.wanted.entities.grants.values()} >= {roles[0]}
    admin(f"DROP ROLE {roles[0]}")
    with pytest.raises(RefusedModelsError, match=f'role "{roles[0]}" does not exist') as info:
        await comparing.sides(declared(roles[0]), target=shadow, cache=cache)
    assert "models or declared; the shadow embedded server" in (info.value.hint or "")


async def test_a_shadow_whose_role_may_not_create_roles(comparing: Comparing, other, roles):
    driver = await asyncpg.connect(other)
    await driver.execute(
        "CREATE ROLE plain LOGIN PASSWORD 'p'; GRANT CREATE ON DATABASE postgres TO plain"
    )
    await driver.close()
    host = urlsplit(other).netloc.rpartition("@")[2]
    shadow = UrlShadow(Settings(), urlunsplit(urlsplit(other)._replace(netloc=f"plain:p@{host}")))
    with pytest.raises(
        RefusedModelsError, match=r'policy own: role "Odd " test_\w+" does not exist'
    ) as info:
        await comparing.sides(declared(*roles), target=shadow)
    hint = info.value.hint or ""
    assert hint.startswith(f"the shadow {shadow.name} lacks the roles ")
    assert 'CREATE ROLE "Odd "" ' in hint
    assert "and plain cannot create roles there" in hint


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


@pytest.mark.parametrize("ending", ["ROLLBACK", "COMMIT"])
async def test_a_role_that_somebody_makes_at_the_same_time(
    comparing: Comparing, other, roles, ending
):
    shadow = UrlShadow(Settings(), other)
    driver = await asyncpg.connect(other)
    await driver.execute(f"BEGIN; CREATE ROLE {roles[0]}")
    limits = ComparisonTimeouts(lock_timeout=0.1)
    with pytest.raises(DatabaseError, match=f"while building role {roles[0]} in ") as info:
        await comparing.sides(declared(roles[0]), target=shadow, limits=limits)
    assert info.value.sqlstate == "55P03"

    async def end() -> None:
        while not await driver.fetchval(WAITING):
            await anyio.sleep(0.01)
        await driver.execute(ending)

    async with anyio.create_task_group() as group:
        group.start_soon(end)
        sides = await comparing.sides(declared(roles[0]), target=shadow)
    assert sides.wanted.entities.grants
    await driver.close()
