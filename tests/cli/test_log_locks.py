"""``asyncmig log --locks``: predicted and actual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project
    from support.command import Command


@pytest.fixture
async def history(project: Project, pg: asyncpg.Connection) -> Project:
    """Two revisions, the second of which holds a lock for a while."""
    await pg.execute("CREATE TABLE orders (id int)")
    project.revision("aaaa", upgrade='op.execute("CREATE TABLE n (id int)")')
    project.revision(
        "bbbb",
        down="aaaa",
        upgrade='op.execute("ALTER TABLE orders ADD x int"); op.execute("SELECT pg_sleep(1.2)")',
        downgrade='op.execute("ALTER TABLE orders DROP x")',
    )
    return project


async def test_predicted_beside_actual(database_command: Command, history: Project) -> None:
    database_command("upgrade", code=0)
    database_command("downgrade", "-1", code=0)
    down, up, first = database_command("log", "--locks", "--json", code=0).document["entries"]
    assert up["predicted"]["mode"] == up["lock_mode"] == "AccessExclusiveLock"
    assert (up["predicted"]["relation"], up["lock_relation"]) == ("orders", "public.orders")
    assert up["predicted"]["blocks"] == "reads and writes"
    assert 0 < up["lock_held"] <= up["elapsed"]
    assert first["predicted"]["mode"] is None
    assert first["lock_mode"] is None
    assert (down["predicted"]["mode"], down["predicted"]["relation"]) == (
        "AccessExclusiveLock",
        "orders",
    )
    lines = database_command("log", "--locks", code=0).out.splitlines()
    assert [line.split()[:3] for line in lines[2:]] == [
        ["bbbb", "downgrade", "1"],
        ["bbbb", "upgrade", "1"],
        ["aaaa", "upgrade", "1"],
    ]
    assert "ACCESS EXCLUSIVE" in lines[3]
    assert "nothing" in lines[4]


async def test_a_changed_script_has_no_prediction(
    database_command: Command, history: Project
) -> None:
    database_command("upgrade", code=0)
    history.revision("bbbb", down="aaaa", upgrade='op.execute("SELECT 2")')
    newest, _ = database_command("log", "--locks", "--json", code=0).document["entries"]
    assert newest["predicted"] is None
    assert "unknown" in database_command("log", "--locks", code=0).out


async def test_an_empty_journal(database_command: Command, history: Project) -> None:
    assert database_command("log", "--locks", code=0).out == "no phase has run\n"
