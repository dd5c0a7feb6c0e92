"""What a traceback with local variables shows (Sentry, rich, pytest): no password of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANTED = "Tr0ub4dor-xyz"


@pytest.fixture
def secret_url(database_url):
    """The URL of the database with a password, whether the server asks for one or not."""
    parts = urlsplit(database_url)
    if parts.password:
        return database_url
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user or 'postgres'}:{PLANTED}@{host}").geturl()


def leaks(error: BaseException, url: str) -> Iterator[str]:
    """Where the secret is: in an error, in its causes and contexts, or in a variable of their frames."""
    secret = urlsplit(url).password
    assert secret
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        todo += [each.__cause__, each.__context__]
        if secret in f"{each!s} {each!r} {vars(each)!r}":
            yield type(each).__name__
        trace = each.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if "/tests/" not in code.co_filename:
                for name, value in list(trace.tb_frame.f_locals.items()):
                    if secret in repr(value):
                        yield f"{code.co_filename}:{code.co_name}: {name}"
            trace = trace.tb_next


@pytest.mark.parametrize("way", ["url", "engine"])
async def test_while_a_script_runs(project, secret_url, way):
    project.revision(
        "a1", upgrade='op.get_bind().exec_driver_sql("SELECT 1")\nraise RuntimeError("no")'
    )
    engine = create_async_engine(secret_url.replace("postgresql:", "postgresql+asyncpg:", 1))
    given = secret_url if way == "url" else engine
    with pytest.raises(ScriptError) as caught:
        await Migrator(given, script_location=project.script_location).upgrade()
    assert list(leaks(caught.value, secret_url)) == []
    await engine.dispose()


@pytest.mark.parametrize("method", ["upgrade", "status", "wait_until_current"])
@pytest.mark.parametrize("fault", ["no such database", "no server"])
async def test_while_a_connection_fails(project, secret_url, method, fault):
    project.revision("a1")
    parts = urlsplit(secret_url)
    url = (
        parts._replace(path="/no_such_database").geturl()
        if fault == "no such database"
        else parts._replace(netloc=f"postgres:{parts.password}@127.0.0.1:1", query="").geturl()
    )
    with pytest.raises(AsyncmigError) as caught:
        await getattr(Migrator(url, script_location=project.script_location), method)()
    assert caught.value.__cause__ is not None
    assert list(leaks(caught.value, secret_url)) == []
