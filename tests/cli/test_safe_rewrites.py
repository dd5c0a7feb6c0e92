"""Safe rewrites in an Alembic project: the setting in ``alembic.ini``, the plan, its JSON, and the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project
    from support.command import Command

PLAIN = "ALTER TABLE item ADD COLUMN token UUID DEFAULT gen_random_uuid() NOT NULL"
REWRITTEN = [
    ("transaction", "ALTER TABLE item ADD COLUMN token UUID"),
    ("transaction", "ALTER TABLE item ALTER COLUMN token SET DEFAULT gen_random_uuid()"),
    ("backfill", "UPDATE item SET token = DEFAULT\nWHERE (token IS NULL)"),
]


@pytest.fixture
async def tokens(project: Project, pg: asyncpg.Connection) -> Project:
    """A table with rows, and a revision that adds a column with a volatile default."""
    await pg.execute("CREATE TABLE item (id int PRIMARY KEY)")
    await pg.execute("INSERT INTO item SELECT generate_series(1, 3000)")
    project.revision(
        "aaaa",
        header="import sqlalchemy as sa",
        upgrade='op.add_column("item", sa.Column("token", sa.Uuid, nullable=False,'
        ' server_default=sa.text("gen_random_uuid()")))',
    )
    (project.path / "asyncmig.toml").unlink()
    (project.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nsafe_rewrites = true\n"
        "[asyncmig.lint]\ndisable = add-column-volatile-default\n"
    )
    return project


async def test_the_document_of_a_plan(database_command: Command, tokens: Project) -> None:
    (step,) = json.loads(database_command("plan", "--json", code=0).out)["steps"]
    found = [
        (phase["kind"], statement["sql"], statement["replaces"])
        for phase in step["phases"]
        for statement in phase["statements"]
    ]
    assert [each[:2] for each in found[:3]] == REWRITTEN
    assert {each[2] for each in found} == {PLAIN}
    assert step["rewrite_facts"]["key item"] is True
    (statement,) = step["phases"][1]["statements"]
    assert statement["backfill"]["name"] == "item_token_default"


async def test_the_text_of_a_plan(database_command: Command, tokens: Project) -> None:
    out = database_command("plan", code=0).out
    assert out.count(f"-- safe form of: {PLAIN}") >= 5
    assert "backfill" in out


async def test_the_impact_of_its_phases(database_command: Command, tokens: Project) -> None:
    document = json.loads(database_command("plan", "--locks", "--json", code=0).out)
    assert {each["source"] for each in document["impact"]} == {"traced"}
    assert document["impact_facts"]["level"] == "brief"


async def test_the_run(database_command: Command, tokens: Project, pg: asyncpg.Connection) -> None:
    database_command("upgrade", code=0)
    assert await pg.fetchval("SELECT count(DISTINCT token) FROM item") == 3000
    jobs = json.loads(database_command("backfill", "list", "--json", code=0).out)
    assert [job["name"] for job in jobs["backfills"]] == ["item_token_default"]


async def test_the_settings_of_the_linter(database_command: Command, tokens: Project) -> None:
    ini = tokens.path / "alembic.ini"
    without_rewrites = ini.read_text().replace("safe_rewrites = true", "")
    ini.write_text(without_rewrites)
    assert database_command("lint", "--offline", code=0).out.startswith("no findings")
    ini.write_text(without_rewrites.partition("[asyncmig")[0])
    assert "add-column-volatile-default" in database_command("lint", "--offline", code=3).out
