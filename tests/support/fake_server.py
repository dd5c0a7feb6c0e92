"""A database without a server: it answers what asyncmig asks, and follows the rows of its version table."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from asyncmig.database.session import Address
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.plan.planner import Planner
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import ScriptDirectory
from support.executions import ScriptSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from pathlib import Path

    import asyncpg

_ROW_CHANGE = re.compile(
    r"INSERT INTO \S*alembic_version \(version_num\) VALUES \('(?P<added>\w+)'\)"
    r"|UPDATE \S*alembic_version SET version_num='(?P<new>\w+)' WHERE \S+ = '(?P<old>\w+)'"
    r"|DELETE FROM \S*alembic_version WHERE \S+ = '(?P<removed>\w+)'"
)
PARTIAL = {
    "id": 9,
    "revision": "a1",
    "direction": "upgrade",
    "phase": 0,
    "kind": "autocommit",
    "state": "started",
    "statement": 0,
    "fingerprint": None,
    "checksum": None,
    "down_revisions": [],
}
"""A row of the journal: a revision that stopped in its first statement."""


class FakeServer(ScriptSession):
    """The one session of a database.

    Args:
        heads: the rows of the version table.
        partial: changes to ``PARTIAL``, for each partially applied revision.
        refuse: gives the error for a message, or None.
        rows: what other queries give, by a word that they have.
        facts: columns of the answer about the tables that differ.

    Attributes:
        log: what was asked for and sent, in words: ``state``, ``lock``, ``unlock``, ``set NAME``, ``idle``,
            or the text of a message.
        when_locked: is called when the lock has been given.
        lock_timeouts: how often the lock is refused first.
        idle_limits: the time that the server has had each time to set its limit for idle sessions aside.
    """

    pooled = False
    address = Address("db", 5432, "app")

    def __init__(
        self,
        heads: Iterable[str] = (),
        *,
        partial: Sequence[dict[str, Any]] = (),
        refuse: Callable[[str], asyncpg.PostgresError | None] = lambda _: None,
        rows: dict[str, list[dict[str, Any]]] | None = None,
        caller_transaction: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(refuse, rows, caller_transaction=caller_transaction)
        self.heads = set(heads)
        self.partial = [PARTIAL | entry for entry in partial]
        self.log: list[str] = []
        self.when_locked: Callable[[], object] = lambda: None
        self.facts = {"has_backfills": False, "newest": None, "tables": True} | facts
        self.guarded: list[int | None] = []
        self.idle_limits: list[float] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        if "AS heads" in query:
            return self._state()
        if "version_schema" in query:
            return self._presence()
        if query.startswith("SELECT version_num::text FROM"):
            return [{"version_num": head} for head in sorted(self.heads)]
        if "pg_try_advisory" in query:
            self.log.append("lock")
            self.when_locked()
            return [{"backend_pid": 7, "locked": True}]
        if query == "SELECT pg_catalog.pg_backend_pid()":
            return [[7]]
        if query.startswith("SELECT j.id, j.revision"):
            return self.partial
        return await super().fetch(query, *args)

    def _state(self) -> list[dict[str, Any]]:
        self.log.append("state")
        if not self.facts["tables"]:
            import asyncpg

            raise asyncpg.UndefinedTableError("relation alembic_version does not exist")
        state = {
            "backend_pid": 7,
            "faults": [],
            "heads": sorted(self.heads),
            "schema": "public",
            "has_backfills": self.facts["has_backfills"],
            "newest": self.facts["newest"],
        }
        return [state | entry for entry in self.partial] or [state | dict.fromkeys(PARTIAL)]

    def _presence(self) -> list[dict[str, Any]]:
        self.log.append("tables")
        there = "public" if self.facts["tables"] else None
        return [
            {
                "backend_pid": 7,
                "faults": [],
                "has_backfills": self.facts["has_backfills"],
                "version_schema": there,
                "width": 32 if there else None,
                "journal_schema": there,
                "current_schema": "public",
            }
        ]

    async def send(self, sql: str) -> None:
        self.log.append(sql)
        await super().send(sql)
        for change in _ROW_CHANGE.finditer(sql):
            self.heads -= {change["old"], change["removed"]}
            self.heads |= {change["added"], change["new"]} - {None}
        if "CREATE TABLE" in sql and "alembic_version" in sql:
            self.facts["tables"] = True

    async def roll_back(self) -> None:
        if self.in_transaction:
            await super().roll_back()

    def set_lock_guard(self, lock: int | None) -> None:
        self.guarded.append(lock)

    async def clean_up(self, sql: str) -> None:
        self.log.append("unlock" if "pg_advisory_unlock" in sql else sql)

    @asynccontextmanager
    async def settings(self, values: dict[str, str], **options: Any) -> AsyncIterator[None]:
        if values or options.get("role"):
            self.log.append(" ".join(["set", *values, *filter(None, [options.get("role")])]))
        self.settings_made.append(values)
        yield

    def idling(self, answer_seconds: float = 30.0) -> Any:
        assert answer_seconds > 0
        self.idle_limits.append(answer_seconds)
        self.log.append("idle")
        return nullcontext()

    @property
    def sent(self) -> list[str]:
        """The statements that were sent, without those around them."""
        statements = [text for message in self.messages for text in message.split("\n;\n")]
        around = ("BEGIN", "SET asyncmig", "COMMIT", "ROLLBACK")
        return [text for text in statements if not text.startswith(around)]


class FakeDatabase:
    """Gives its one session, and no second connection."""

    name = "app"

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FakeServer]:
        yield self._server

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[None]:
        yield None


class FolderSource:
    """The revisions of a folder.

    Attributes:
        known: the heads that are known without reading the history.
        hooks: what ``on_version_apply`` names.
        histories: how often the history was read.
        loaded: the ids of the scripts of each time that some were loaded.
    """

    def __init__(self, versions: Path, **options: Any) -> None:
        self.known: tuple[str, ...] | None = None
        self.hooks: tuple[Any, ...] = ()
        self.histories = 0
        self.loaded: list[list[str]] = []
        self._versions = versions
        self._options = options

    async def known_heads(self) -> tuple[str, ...] | None:
        return self.known

    async def graph(self) -> Any:
        self.histories += 1
        return ScriptDirectory.load([self._versions], cache=False).graph

    async def planner(self, graph: Any) -> Planner:
        return Planner(graph, dialect=MigrationDialect(), **self._options)

    def load_scripts(self, revisions: Sequence[Any]) -> dict[str, Any]:
        self.loaded.append([revision.id for revision in revisions])
        return {revision.id: load_script(revision) for revision in revisions}

    def alembic_imports(self) -> Any:
        return nullcontext()

    def version_hooks(self) -> Sequence[Any]:
        return self.hooks
