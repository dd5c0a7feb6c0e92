"""``asyncmig plan --locks``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project
    from support.command import Command


@pytest.fixture
async def orders(project: Project, pg: asyncpg.Connection) -> Project:
    """A table with rows, and a revision that scans it."""
    await pg.execute(
        "CREATE TABLE orders (id int, amount int); "
        "INSERT INTO orders SELECT i, i FROM generate_series(1, 20000) i; ANALYZE orders"
    )
    project.revision("aaaa", upgrade='op.execute("ALTER TABLE orders ALTER amount SET NOT NULL")')
    return project


async def test_the_text(database_command: Command, orders: Project) -> None:
    lines = database_command("plan", "--locks", "-v", code=0).out.splitlines()
    assert lines[0] == (
        "impact on the database (traced in a copy: scratch database on the same server), "
        "worst level: everything"
    )
    assert "blocks reads and writes of orders (20 K rows, " in lines[3]
    assert "while it scans orders; safe form: add CHECK" in lines[3]
    assert lines[4].startswith("        ACCESS EXCLUSIVE on orders (20 K rows, ")


async def test_the_document(database_command: Command, orders: Project) -> None:
    document = json.loads(database_command("plan", "--locks", "--json", code=0).out)
    assert document["steps"][0]["revision"] == "aaaa"
    (statement,) = document["impact"]
    assert (statement["revision"], statement["phase"], statement["statement"]) == ("aaaa", 0, 0)
    assert statement["origin"].endswith("aaaa.py:11")
    assert (statement["source"], statement["blocks"]) == ("traced", "reads and writes")
    (lock,) = statement["locks"]
    assert (lock["relation"], lock["mode"], lock["rows"]) == (
        "orders",
        "AccessExclusiveLock",
        20000,
    )
    assert (statement["rewrites"], statement["scans"]) == ([], ["orders"])
    assert document["impact_facts"]["level"] == "everything"


async def test_without_a_database(database_command: Command, orders: Project) -> None:
    run = database_command("plan", "--locks", "--from", "base", "--json", code=0)
    (statement,) = json.loads(run.out)["impact"]
    assert (statement["source"], statement["scans"]) == ("known", ["orders"])


async def test_nothing_to_do(database_command: Command, project: Project) -> None:
    assert database_command("plan", "--locks", code=0).out == (
        "nothing to upgrade: the database is at <base>\n"
    )


async def test_verbose_belongs_to_locks(database_command: Command, orders: Project) -> None:
    assert "--locks is missing" in database_command("plan", "-v", code=2).err
