"""Upgrades by the executor on a session without a server, whose statements are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.database.connections import wrap_connection
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.execution.executor import Executor
from asyncmig.plan.planner import Planner
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import ScriptDirectory
from support.fake_session import FakeSession, fake_context
from support.plans import BOOKS, WITHOUT_JOURNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.config.settings import Settings
    from asyncmig.execution.resume import Resume
    from asyncmig.plan.online.changes import OnlineChanges
    from asyncmig.results import AppliedStep

__all__ = ["Execution", "ScriptRun", "ScriptSession", "refusing", "short", "trace"]

GREETING = {
    "pg_catalog.version()": [{"version": "PostgreSQL 16.1 on a computer"}],
    "current_schema()": [{"current_schema": "public"}],
    "show ": [{"setting": "on"}],
}
"""What SQLAlchemy asks a connection first."""


class ScriptSession(FakeSession):
    """A session for scripts: it has a driver, and SQLAlchemy's view of that.

    The statements of a message are executed one after the other, up to the one that is refused.
    """

    synchronous_scripts = False
    disposable = True
    server_version = 16

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.driver = FakeDriver(self)
        self.rows = {**self.rows, **GREETING}
        self.connections: list[AsyncConnection] = []
        self._committed = ""

    async def send(self, sql: str) -> None:
        self.messages.append(sql)
        for text in sql.split("\n;\n"):
            if text.startswith("BEGIN"):
                self.in_transaction = True
            if (error := self.refuse(text)) is not None:
                raise error
            if text.endswith("COMMIT"):
                self.in_transaction = False
                self._committed = text.partition("'")[2].partition("'")[0] or self._committed

    async def roll_back(self) -> None:
        await super().roll_back()
        self.in_transaction = False

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        if "'asyncmig.committed'" in query:
            self.messages.append("committed?")
            return [{"number": self._committed}]
        found = await super().fetch(query, *args)
        if (error := self.refuse(query)) is not None:
            raise error
        return found

    async def check_not_lost(self, error: BaseException) -> None:
        """The session is alive."""

    async def sqlalchemy(self) -> AsyncConnection:
        """What ``op.get_bind()`` gives."""
        driver: Any = self.driver
        if not self.connections:
            sent = len(self.messages)
            self.connections.append(await wrap_connection(driver))
            del self.messages[sent:]
        return self.connections[0]


class FakeDriver:
    """As much of an asyncpg connection as SQLAlchemy and scripts call; everything goes to the session."""

    def __init__(self, session: ScriptSession) -> None:
        self.listeners: list[Any] = []
        self._session = session

    def get_server_version(self) -> Any:
        return SimpleNamespace(major=16, minor=1)

    def add_log_listener(self, listener: Any) -> None:
        if self.is_closed():
            raise asyncpg.InterfaceError("connection is closed")
        self.listeners.append(listener)

    def remove_log_listener(self, listener: Any) -> None:
        if listener in self.listeners:
            self.listeners.remove(listener)

    def is_closed(self) -> bool:
        return self._session.closed

    async def execute(self, query: str, *args: Any) -> str:
        await self._session.fetch(query, *args)
        return "OK"

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return await self._session.fetch(query, *args)

    async def copy_records_to_table(self, table: str, **_: Any) -> str:
        self._session.messages.append(f"COPY {table}")
        return "COPY 1"

    async def copy_from_table(self, table: str, **_: Any) -> str:
        self._session.messages.append(f"COPY {table} TO STDOUT")
        return "COPY 1"

    async def prepare(self, query: str, **_: Any) -> Any:
        session = self._session
        found = next((rows for word, rows in session.rows.items() if word in query), [])
        names = [*found[0]] if found else []

        async def fetch(*args: Any) -> list[tuple[Any, ...]]:
            return [tuple(row.values()) for row in await session.fetch(query, *args)]

        attributes = [SimpleNamespace(name=name, type=SimpleNamespace(oid=25)) for name in names]
        return SimpleNamespace(
            get_attributes=lambda: attributes, fetch=fetch, get_statusmsg=lambda: None
        )

    async def set_type_codec(self, *_: Any, **__: Any) -> None:
        """It has none."""

    async def reload_schema_state(self) -> None:
        """It has none."""

    async def close(self, **_: Any) -> None:
        self._session.closed = True

    def terminate(self) -> None:
        self._session.closed = True


def short(sent: list[str]) -> list[str]:
    """Statements without the checks of the version table, whose changes are ``+a1`` and ``a1 -> b1``."""
    kept = [text for text in sent if "version_table_changed" not in text]
    inserted = [re.sub(r"INSERT INTO alembic_version .*\('(\w+)'\)", r"+\1", text) for text in kept]
    changed = r"UPDATE alembic_version SET version_num='(\w+)' WHERE .* = '(\w+)'"
    return [re.sub(changed, r"\2 -> \1", text) for text in inserted]


def trace(messages: list[str]) -> list[str]:
    """What was sent, a line for each message; bookkeeping in a few words.

    ``rows a1`` checks the rows of the version table, ``+a1``, ``a1 -> b1`` change them, ``journal 0 done``
    records a phase, and ``role`` goes back to the role of the run.
    """
    lines = []
    for message in messages:
        words = [_word(text) for text in message.split("\n;\n")]
        lines.append("; ".join(filter(None, words)))
    return lines


def _word(text: str) -> str:
    if text.startswith("BEGIN"):
        return "; ".join(part for part in text.split(";") if part != "SELECT guard")
    if text.startswith("SET asyncmig.committed"):
        return "COMMIT"
    if "version_table_changed" in text:
        rows = text.partition(" = ARRAY[")[2].partition("]")[0]
        return " ".join(["rows", *re.findall(r"'(\w+)'", rows)])
    if "set_config('session_authorization'" in text:
        return ""
    if "set_config('role'" in text:
        return "role"
    if "WITH stopped AS" in text:
        found = re.search(r"'\w+', (\d+), 'transaction', 'failed', 0, (\w+)", text)
        assert found
        return f"journal {found[1]} failed" + (" final" if found[2] == "true" else "")
    if "INSERT INTO asyncmig_journal" in text:
        found = re.search(r"'\w+', (\d+), '(\w+)', '(\w+)', (\d+), (\w+)", text)
        assert found
        final = " final" if found[5] == "true" else ""
        return f"journal {found[1]} {found[2]} {found[3]} {found[4]}{final}"
    if "UPDATE asyncmig_journal SET" in text:
        state = re.search(r"SET state = '(\w+)'", text)
        count = re.search(r"SET statement = (\d+)", text)
        phase = re.search(r"AND phase = (\d+)", text)
        final = " final" if "final = true" in text else ""
        place = phase[1] if phase else "entry"
        return f"journal {place} {state[1] if state else f'statement {count and count[1]}'}{final}"
    return short([text])[0]


class Execution:
    """Call it: it runs the upgrade of all revisions of a project, and gives the statements that were sent.

    Attributes:
        events: of the last run.
        executor: of the last run.
        applied: what it has returned.
    """

    def __init__(self, project: Any) -> None:
        self.events: list[Any] = []
        self.executor: Executor | None = None
        self.applied: tuple[AppliedStep, ...] = ()
        self._project = project

    async def __call__(
        self,
        session: ScriptSession | None = None,
        *,
        hooks: tuple[Any, ...] = (),
        resumes: dict[str, Resume] | None = None,
        read_resumes: Any = None,
        settings: Settings | None = None,
        books: Bookkeeping = WITHOUT_JOURNAL,
        online: OnlineChanges | None = None,
        retries: int = 2,
        is_last: bool = True,
        database: Any = None,
        **options: Any,
    ) -> list[str]:
        session = session or ScriptSession()
        graph = ScriptDirectory.load([self._project.versions], cache=False).graph
        planner = Planner(graph, dialect=MigrationDialect(), **options)
        planner.online = online
        moves = graph.upgrade_path("heads", ())
        scripts = {move.revision.id: load_script(move.revision) for move in moves}
        self.events = []
        context = fake_context(session, events=self.events, books=books, retries=retries)
        if database is not None:
            context = replace(context, database=database)
        one = bool(options.get("one_transaction"))

        async def no_resumes() -> Mapping[str, Resume]:
            return {}

        self.executor = Executor(
            replace(context, settings=settings, one_transaction=one, is_last=is_last),
            planner,
            read_resumes=read_resumes or no_resumes,
            hooks=hooks,
        )
        self.applied = await self.executor.run(moves, scripts, resumes=resumes)
        sent = [text for message in session.messages for text in message.split("\n;\n")]
        return [text for text in sent if not text.startswith(("BEGIN", "SET asyncmig", "ROLLBACK"))]


HEADER = """
import sqlalchemy as sa

def run(op, sql):
    return op.get_bind().execute(sa.text(sql))
"""


class ScriptRun:
    """Call it: it runs the upgrade of one script, and gives the lines of ``trace``.

    ``run(op, sql)`` in the script executes a statement through its connection.

    Attributes:
        execution: of the last run.
        trace: likewise, also of one that has failed.
    """

    def __init__(self, project: Any) -> None:
        self.execution = Execution(project)
        self.trace: list[str] = []
        self._project = project

    async def __call__(
        self, upgrade: str, session: ScriptSession | None = None, **options: Any
    ) -> list[str]:
        self._project.revision("a1", header=HEADER, upgrade=upgrade)
        session = session or ScriptSession()
        try:
            await self.execution(session, **{"books": BOOKS} | options)
        finally:
            self.trace = trace(session.messages)
        return self.trace


def refusing(
    word: str, error: asyncpg.PostgresError | None = None, **options: Any
) -> ScriptSession:
    """A session that refuses the statements with a word."""
    refused = error or asyncpg.UndefinedTableError("no table")
    return ScriptSession(lambda sql: refused if word in sql else None, **options)
