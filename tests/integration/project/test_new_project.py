"""A new project runs with nothing edited but the URL; and its connections are as it says."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.config import Settings, connect_arguments, load, parse_url
from asyncmig.scaffold.init import init_project

PYTHON = ("    pass\n", '    op.execute("CREATE TABLE made (id int)")\n')
SQL = ("-- upgrade\n", "-- upgrade\nCREATE TABLE made (id int);\n")


@pytest.mark.parametrize(
    ("template", "name", "variable"),
    [
        ("generic", None, "DATABASE_URL"),
        ("sql", None, "DATABASE_URL"),
        ("pyproject", None, "DATABASE_URL"),
        ("multidb", "engine2", "ENGINE2_URL"),
    ],
)
async def test_init_revision_upgrade(
    tmp_path, monkeypatch, database_url, pg, template, name, variable
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASYNCMIG_URL", raising=False)
    monkeypatch.setenv(variable, database_url)
    init_project("migrations", template=template)
    migrator = Migrator.from_config(name=name)
    made = await migrator.revision("create a table")
    path = Path(made.path)
    before, after = SQL if path.suffix == ".sql" else PYTHON
    path.write_text(path.read_text().replace(before, after, 1))
    result = await Migrator.from_config(name=name).upgrade()
    assert result.after == (made.revision,)
    assert await pg.fetchval("SELECT to_regclass('made')::text") == "made"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?application_name=from+url",
        "?sslmode=prefer&connect_timeout=5&command_timeout=9",
        "?options=-c%20work_mem%3D5MB&application_name=x",
        "?work_mem=5MB&statement_cache_size=3&channel_binding=prefer",
        "?prepared_statement_cache_size=0&target_session_attrs=read-write",
    ],
)
async def test_asyncpg_and_sqlalchemy_connect_alike(database_url, query):
    url = parse_url(database_url + query)
    question = (
        "SELECT current_user || current_database() || current_setting('application_name')"
        " || current_setting('work_mem')"
    )
    direct = await asyncpg.connect(**url.to_asyncpg())
    try:
        ours = await direct.fetchval(question)
    finally:
        await direct.close()
    engine = create_async_engine(url.to_sqlalchemy(), connect_args=url.sqlalchemy_connect_args())
    async with engine.connect() as connection:
        theirs = await connection.scalar(text(question))
    await engine.dispose()
    assert ours == theirs
    assert ("5MB" in ours) == ("work_mem" in query)


@pytest.mark.cells(3)
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{url}", "asyncmig"),
        ("{url}?application_name=url", "url"),
        ("postgres://{login}@{host}:{port}/{database}", "asyncmig"),
        ("postgresql+psycopg2://{login}@{host}:{port}/{database}", "asyncmig"),
        ("postgresql://{login}@/{database}?host={host}&port={port}", "asyncmig"),
        ("postgresql://{login}@nowhere.invalid:1,{host}:{port}/{database}", "asyncmig"),
        ("host={host} port={port} dbname={database} user={user} password='{password}'", "asyncmig"),
    ],
)
async def test_spellings(database_url, form, expected):
    url = parse_url(database_url)
    password = url.password or ""
    login = f"{url.user}:{quote(password, safe='')}" if password else url.user
    written = form.format(
        url=database_url,
        login=login,
        user=url.user,
        password=password,
        host=url.hosts[0].name,
        port=url.hosts[0].port,
        database=url.database,
    )
    connection = await asyncpg.connect(**connect_arguments(Settings(url=written)))
    try:
        name = await connection.fetchval("SELECT current_setting('application_name')")
        assert name == expected
        assert await connection.fetchval("SELECT current_database()") == url.database
    finally:
        await connection.close()


async def test_connect_args_of_the_file(tmp_path, database_url):
    (tmp_path / "asyncmig.toml").write_text(
        'connect_args = { server_settings = { work_mem = "6MB", application_name = "file" } }\n'
    )
    settings = load(url=database_url, cwd=tmp_path, environ={})
    connection = await asyncpg.connect(**connect_arguments(settings))
    try:
        row = await connection.fetchrow(
            "SELECT current_setting('work_mem') AS memory, current_setting('application_name') AS n"
        )
        assert tuple(row) == ("6MB", "file")
    finally:
        await connection.close()
