"""A whole ``check``: how many queries it sends, and what it leaves to the event loop meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.autogenerate import compare
from asyncmig.catalog.models import Models
from asyncmig.database.session import Session
from asyncmig.shadow import read_sides, scratch_schemas
from support.chained_tables import chained_tables

if TYPE_CHECKING:
    from pathlib import Path

    from fix_project import Project


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of what was printed that is this test's alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every session sends."""
    sent: list[str] = []
    fetch, send = Session.fetch, Session.send

    async def fetched(self: Session, query: str, *args: Any) -> Any:
        sent.append(query)
        return await fetch(self, query, *args)

    async def told(self: Session, sql: str) -> None:
        sent.append(sql)
        await send(self, sql)

    monkeypatch.setattr(Session, "fetch", fetched)
    monkeypatch.setattr(Session, "send", told)
    return sent


async def migrated(project: Project, url: str, tables: int, **settings: Any) -> Migrator:
    """A migrator of models, and a database that is what they say."""
    migrator = Migrator(
        settings=project.settings(url=url, **settings), target_metadata=chained_tables(tables)
    )
    await migrator.revision("first", autogenerate=True, rev_id="a1")
    await migrator.upgrade()
    return migrator


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
async def test_queries_do_not_grow_with_tables(project: Project, database_url, queries, pg):
    counts = {}
    for tables in (1, 60):
        migrator = await migrated(project, database_url, tables)
        for way in ("cold", "warm"):
            queries.clear()
            assert (await migrator.check()).ok
            built = any("CREATE TABLE" in sql for sql in queries)
            assert built == (way == "cold")
            counts[tables, way] = len(queries)
        await migrator.downgrade("base")
        project.versions.joinpath("a1_first.py").unlink()
    assert counts[1, "cold"] == counts[60, "cold"] <= 25
    assert counts[1, "warm"] == counts[60, "warm"] <= 15


@pytest.mark.usefixtures("cache")
async def test_what_is_long_is_not_done_in_the_loop(project: Project, database_url, monkeypatch):
    migrator = await migrated(project, database_url, 20)
    threads: dict[str, set[int]] = {}

    def watch(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def watched(*args: Any, **keywords: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return function(*args, **keywords)

        monkeypatch.setattr(owner, name, watched)

    watch(Models, "statements")
    watch(scratch_schemas, "catalog_of")
    watch(read_sides, "_finish")
    watch(compare, "run_passes")
    watch(compare, "upgrade_operations")
    watch(compare, "downgrade_operations")
    assert (await migrator.check()).ok
    assert len(threads) == 6
    assert threading.get_ident() not in set().union(*threads.values())


@pytest.mark.usefixtures("cache")
async def test_the_loop_goes_on_between_calls_of_hooks(project: Project, database_url, monkeypatch):
    beats = 0
    heard = set()

    def include_name(name: str | None, kind: str, parents: object) -> bool:
        heard.add(beats)
        time.sleep(0.025)  # a slow function of the user's
        return True

    module = ModuleType("slow_hooks")
    monkeypatch.setitem(sys.modules, "slow_hooks", module)
    migrator = await migrated(project, database_url, 2, hooks="slow_hooks")
    vars(module)["include_name"] = include_name

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        assert (await migrator.check()).ok
        group.cancel_scope.cancel()
    assert len(heard) > 5
