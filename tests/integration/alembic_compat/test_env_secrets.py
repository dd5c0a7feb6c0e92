"""No output of a failed connection has the password, whatever it failed of and whoever made it."""

import os
import textwrap

import pytest

from support.forked_tools import run_tool

SECRET = "hush-7d1f"
LOGIN = f"postgresql://nobody_at_all:{SECRET}@"
FAILURES = {
    "no such role": "{address}",
    "no such database": "{address}_nowhere",
    "no server": "127.0.0.1:1/app",
    "no such host": "no-such-host.invalid:5432/app",
    "no port": "127.0.0.1:nonsense/app",
    "tls": "{address}?sslmode=require",
    "unknown sslmode": "{address}?sslmode=maybe",
    "missing certificate": "{address}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
    "refused parameter": "{address}?channel_binding=require",
    "refused by the server": "{address}?options=-cnonsense%3D1",
    "missing service": "{address}?service=nowhere",
    "at sign in the database": "{address}@x",
}
FILES = {
    "synchronous": """
        from alembic import context
        from sqlalchemy import create_engine

        url = context.config.get_main_option("sqlalchemy.url")
        with create_engine(url).connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
    """,
    "asynchronous": """
        import asyncio
        from alembic import context
        from sqlalchemy.ext.asyncio import create_async_engine

        async def main():
            url = context.config.get_main_option("sqlalchemy.url")
            engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
            async with engine.connect() as connection:
                await connection.run_sync(lambda connection: context.configure(connection=connection))

        asyncio.run(main())
    """,
    "arguments": """
        from alembic import context
        from sqlalchemy import create_engine, make_url

        url = make_url(context.config.get_main_option("sqlalchemy.url").replace("nonsense", "1"))
        arguments = {"password": url.password, "user": url.username}
        engine = create_engine(url.set(username=None, password=None), connect_args=arguments)
        with engine.connect() as connection:
            context.configure(connection=connection)
            context.run_migrations()
    """,
}


@pytest.fixture
def folder(project):
    project.revision("a1", header="from alembic import op", signature="def {name}():")
    return project


@pytest.mark.cells(16)
@pytest.mark.parametrize("options", [[], ["--json"], ["--raiseerr"]], ids=["text", "json", "trace"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("file", FILES)
def test_no_output_has_the_password(folder, server, file, failure, options):
    (folder.script_location / "env.py").write_text(textwrap.dedent(FILES[file]))
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name not in {"DATABASE_URL", "ASYNCMIG_URL"}
    }
    address = server.url.rpartition("@")[2]
    url = LOGIN + FAILURES[failure].format(address=address)
    (folder.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
        f"sqlalchemy.url = {url.replace('%', '%%')}\n"
    )

    done = run_tool("asyncmig", ["upgrade", "head", *options], cwd=folder.path, environ=environ)

    assert done.code == 1, done
    assert done.err or done.out
    assert SECRET not in done.out + done.err
