"""A hot standby, which follows its primary: what can be asked there, and what it says to the rest."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import TYPE_CHECKING

import asyncpg
import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.errors import DatabaseError, NotCurrentError
from support.command import Command

if TYPE_CHECKING:
    from fix_project import Project
    from fix_standby import Replicated

pytestmark = pytest.mark.slow


MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("book", metadata,
         sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("title", sa.Text, server_default="none"))
"""


def books(*more: sa.Column[object]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, server_default="none"),
        *more,
    )
    return metadata


class Shop:
    """A project on a primary at head, and on its standby."""

    def __init__(self, project: Project, replicated: Replicated) -> None:
        self.project = project
        self.replicated = replicated
        self.primary, self.standby = replicated.create_database(f"shop_{secrets.token_hex(4)}")

    def migrator(
        self, url: str, metadata: sa.MetaData | None = None, **changes: object
    ) -> Migrator:
        settings = self.project.settings(url=url, **({"shadow_cache": False} | changes))
        return Migrator(settings=settings, target_metadata=metadata or books())


@pytest.fixture
async def shop(project: Project, replicated: Replicated) -> Shop:
    found = Shop(project, replicated)
    primary = found.migrator(found.primary)
    await primary.revision("books", autogenerate=True, rev_id="a1")
    await primary.upgrade()
    replicated.catch_up()
    return found


async def test_what_is_asked_of_a_standby(shop: Shop):
    standby = shop.migrator(shop.standby)
    assert (await standby.status()).state == "current"
    assert (await standby.current()).heads == ("a1",)
    assert not (await standby.plan()).steps
    assert not await standby.upgrade()
    assert len(await standby.journal()) == 1
    assert (await standby.check_revision("a1")).ok
    await standby.wait_until_current(timeout=5)


async def test_models_are_built_elsewhere(shop: Shop):
    standby = shop.migrator(shop.standby, books(sa.Column("pages", sa.Integer)))
    for way in (standby.check, partial(standby.revision, autogenerate=True)):
        with pytest.raises(
            DatabaseError, match=r"shop_\w+ is read-only.* scratch schemas"
        ) as caught:
            await way()
        hint = str(caught.value.hint)
        assert "shadow_url" in hint
        assert "on the primary" in hint
    assert len(list(shop.project.versions.glob("*.py"))) == 1
    with pytest.raises(DatabaseError, match=r"the shadow .* is read-only"):
        await shop.migrator(shop.standby, shadow_url=shop.standby).check()
    assert (await shop.migrator(shop.standby, shadow_url=shop.primary).check()).ok
    assert (await shop.migrator(shop.standby, shadow_url="embedded").check()).ok


async def test_a_primary_that_compares_fills_the_cache_for_its_standby(shop: Shop):
    metadata = books(sa.Column("pages", sa.Integer, comment=shop.standby))
    on_primary = await shop.migrator(shop.primary, metadata, shadow_cache=True).check()
    assert not on_primary.ok
    assert await shop.migrator(shop.standby, metadata, shadow_cache=True).check() == on_primary


async def test_a_standby_is_not_migrated(shop: Shop):
    shop.project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    standby = shop.migrator(shop.standby)
    assert [step.revision for step in (await standby.plan()).steps] == ["b1"]
    assert (await standby.status()).state == "pending"
    with pytest.raises(DatabaseError, match="read-only") as refused:
        await standby.upgrade()
    assert "on the primary" in str(refused.value.hint)
    with pytest.raises(DatabaseError, match="read-only"):
        await standby.downgrade("base")
    with pytest.raises(DatabaseError, match="read-only"):
        await standby.stamp("b1")
    with pytest.raises(NotCurrentError) as behind:
        await standby.check()
    assert "primary" in str(behind.value.hint)
    await shop.migrator(shop.primary).upgrade()
    await standby.wait_until_current(timeout=30)
    assert not (await standby.plan()).steps


async def test_a_standby_that_lags(shop: Shop):
    """What it has not replayed is pending there; a wait ends in its time, or with the replay."""
    shop.project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    standby = shop.migrator(shop.standby)
    replay = await asyncpg.connect(shop.standby)
    await replay.execute("SELECT pg_wal_replay_pause()")
    try:
        await shop.migrator(shop.primary).upgrade()
        assert (await standby.status()).state == "pending"
        began = time.monotonic()
        with pytest.raises(NotCurrentError, match="pending b1"):
            await standby.wait_until_current(timeout=1)
        assert time.monotonic() - began < 20
    finally:
        await replay.execute("SELECT pg_wal_replay_resume()")
        await replay.close()
    assert (await standby.wait_until_current(timeout=60)).ok


def test_the_commands(shop: Shop):
    (shop.project.path / "shop_models.py").write_text(MODELS)
    (shop.project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "shop_models:metadata"\n'
        'prepend_sys_path = ["."]\nshadow_cache = false\n'
    )
    standby = Command(shop.project.path, shop.standby)
    standby("status", "--check", code=0)
    refused = standby("check", code=1)
    assert "is read-only" in refused.err
    assert "shadow_url" in refused.err
    standby("check", "--shadow-url", "embedded", code=0)
    shop.project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    assert "migrate on the primary" in standby("upgrade", code=1).err
    assert "the server is a standby" in standby("check", code=3).err
