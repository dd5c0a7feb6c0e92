"""What a script sets for the session ends with its revision."""

from __future__ import annotations

import pytest

from asyncmig import Migrator

FACTS = """
op.execute(
    "CREATE TABLE facts AS SELECT current_setting('search_path') AS path, current_user::text AS role,"
    " current_setting('session_replication_role') AS replication, current_setting('TimeZone') AS zone,"
    " current_setting('statement_timeout') AS statement, current_setting('idle_session_timeout') AS idle"
)
"""


@pytest.mark.cells(4)
@pytest.mark.parametrize(
    "body",
    [
        "op.execute('SELECT 1')",
        "op.execute('SET search_path TO pg_catalog')",
        "op.execute(\"SELECT pg_catalog.set_config('search_path', '', false)\")",
        "op.execute('RESET ALL')",
        "op.execute('SET session_replication_role = replica')",
        "op.execute(\"SET TIME ZONE 'Asia/Tokyo'\")",
        "op.execute('SET statement_timeout = 1234; SET idle_session_timeout = 99999')",
        "op.get_bind().exec_driver_sql('SET search_path TO pg_catalog')",
        "with op.autocommit():\n    op.execute('SET session_replication_role = replica')",
        "op.execute('SET my.level = 3')\nop.execute('RESET ROLE')",
    ],
)
@pytest.mark.parametrize(
    "options", [{}, {"search_path": "public, pg_catalog"}, {"transaction": "all"}]
)
async def test_one_run_ends_as_two_runs_do(project, database_url, pg, body, options):
    if options.get("transaction") == "all" and "autocommit" in body:
        options = {}
    project.revision("a1", upgrade=body)
    project.revision(
        "b1", down="a1", upgrade=FACTS, downgrade='op.execute("DROP TABLE public.facts")'
    )
    migrator = Migrator(database_url, script_location=project.script_location, **options)
    await migrator.upgrade("a1")
    await migrator.upgrade()
    apart = await pg.fetchrow("SELECT * FROM public.facts")
    await migrator.downgrade("base")
    await migrator.upgrade()
    assert await pg.fetchrow("SELECT * FROM public.facts") == apart


@pytest.mark.parametrize("body", ["RESET ROLE", "RESET ALL; RESET ROLE", "SET ROLE {login}"])
async def test_the_configured_role_is_set_again(project, database_url, pg, body):
    name = await pg.fetchval("SELECT current_database()")
    login = await pg.fetchval("SELECT quote_ident(current_user)")
    role = f"runner_{name[-20:]}"
    await pg.execute(f'CREATE ROLE "{role}"; GRANT ALL ON SCHEMA public TO "{role}"')
    try:
        project.revision("a1", upgrade=f"op.execute({body.format(login=login)!r})")
        project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE b ()")')
        await Migrator(database_url, script_location=project.script_location, role=role).upgrade()
        owner = await pg.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'b'")
        assert owner == role
    finally:
        await pg.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.mark.parametrize("command", ["SET ROLE", "SET SESSION AUTHORIZATION"])
async def test_a_role_ends_with_its_revision(project, database_url, pg, command):
    name = await pg.fetchval("SELECT current_database()")
    login = await pg.fetchval("SELECT current_user")
    role = f"owner_{name[-20:]}"
    await pg.execute(f'CREATE ROLE "{role}" SUPERUSER')
    try:
        project.revision("a1", upgrade=f"op.execute('{command} \"{role}\"')")
        project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE b ()")')
        await Migrator(database_url, script_location=project.script_location).upgrade()
        owner = await pg.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'b'")
        assert owner == login
    finally:
        await pg.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')
