"""Run a statement in a copy of a schema, and see which locks it takes, what it rewrites and what it scans.

The facts come from the server: ``pg_locks`` of the session, the relfilenodes of the relations that it
locks, and the differences of ``pg_stat_xact_user_tables``. The counters of tuples are not used: they
miss the workers of a parallel index build. The number of scans is right with workers, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from asyncmig.locks.modes import Blocks, LockMode
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.quoting import qualified
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import asyncpg

    from asyncmig.sql.actions.action import Action

__all__ = ["Observation", "Observer", "Relation", "read_relations"]

_RELATIONS = """\
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       c.relfilenode, i.indrelid AS of_table
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind <> 'c'"""

_LOCKS = """\
SELECT l.relation AS oid, l.mode, c.relname AS name, n.nspname AS schema, c.relkind::text AS kind,
       c.relfilenode, i.indrelid AS of_table,
       pg_catalog.pg_stat_get_xact_numscans(l.relation) AS seq_scan,
       (SELECT coalesce(sum(pg_catalog.pg_stat_get_xact_numscans(x.indexrelid)), 0)::bigint
        FROM pg_catalog.pg_index x WHERE x.indrelid = l.relation) AS idx_scan
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE l.locktype = 'relation' AND l.pid = $1
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"""

_SCANS = """\
SELECT relid AS oid, seq_scan, coalesce(idx_scan, 0) AS idx_scan
FROM pg_catalog.pg_stat_xact_user_tables WHERE seq_scan > 0 OR idx_scan > 0"""

# a session reports its counters to the others at most once a second, and then they are gone from its own
_ALL_SCANS = """\
SELECT relid AS oid, a.seq_scan + x.seq_scan AS seq_scan,
       coalesce(a.idx_scan, 0) + coalesce(x.idx_scan, 0) AS idx_scan
FROM pg_catalog.pg_stat_user_tables a JOIN pg_catalog.pg_stat_xact_user_tables x USING (relid)"""

_WAITING = "SELECT wait_event_type = 'Lock' FROM pg_catalog.pg_stat_activity WHERE pid = $1"

# what a second session holds on the table so that the statement waits, and can be watched while it does
_HELD_AGAINST = {
    ActionKind.VACUUM: "SHARE UPDATE EXCLUSIVE",
    ActionKind.ANALYZE: "SHARE UPDATE EXCLUSIVE",
    ActionKind.VACUUM_FULL: "ACCESS SHARE",
    ActionKind.CLUSTER: "ACCESS SHARE",
    ActionKind.DETACH_PARTITION_CONCURRENTLY: "ACCESS SHARE",
}
_SHARED_STATISTICS = 15
_STATISTICS_AGE = 0.6
_SEQUENCE = "S"
_WITH_ROWS = frozenset({"r", "m"})
_TABLES = frozenset({"r", "p", "m", "f"})
_POLL_SECONDS = 0.002
_WATCH_SECONDS = 30.0
"""How long a statement may take until it waits for a lock that is held against it; a busy server is slow."""
_DATA = frozenset(
    {
        ActionKind.SELECT, ActionKind.INSERT, ActionKind.UPDATE, ActionKind.DELETE, ActionKind.MERGE,
        ActionKind.COPY_TO, ActionKind.COPY_FROM, ActionKind.CREATE_VIEW,
    }
)  # fmt: skip
"""Statements in which a scan by index reads chosen rows. In others it visits all of them."""
_NO_SCAN = frozenset({ActionKind.TRUNCATE})
"""TRUNCATE builds the indexes of a new and empty file; the server counts that as a scan."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that existed before.

    ``table`` is the oid of the table of an index, else its own.
    """

    oid: int
    name: SqlName
    kind: str
    relfilenode: int
    table: int

    @property
    def is_index(self) -> bool:
        """True for an index, of a partitioned table too."""
        return self.kind in ("i", "I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one statement did to relations that existed before.

    Attributes:
        locks: the modes by relation.
        held: the modes that earlier statements of the same transaction took, for the relations of
            ``locks`` and for those that the statement names.
        rewrites: tables and indexes whose file was written anew.
        scans: tables that were read from end to end.
    """

    locks: dict[SqlName, frozenset[LockMode]] = field(default_factory=dict)
    held: dict[SqlName, frozenset[LockMode]] = field(default_factory=dict)
    rewrites: frozenset[SqlName] = frozenset()
    scans: frozenset[SqlName] = frozenset()


async def read_relations(connection: asyncpg.Connection) -> dict[int, Relation]:
    """The relations of all schemas but those of the system."""
    return {
        row["oid"]: Relation(
            oid=row["oid"],
            name=SqlName(row["schema"], row["name"]),
            kind=row["kind"],
            relfilenode=row["relfilenode"],
            table=row["of_table"] or row["oid"],
        )
        for row in await connection.fetch(_RELATIONS)
    }


class Observer:
    """Observes the statements of one connection, one after the other.

    Args:
        connection: runs the statements. No statement of others must run on it in between.
        watcher: a second connection to the same database, for statements outside of a transaction.
        relations: those that existed before; locks on others are not reported.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        watcher: asyncpg.Connection,
        relations: dict[int, Relation],
    ) -> None:
        self._connection = connection
        self._watcher = watcher
        self._before = relations
        self._names = {(each.table, each.name): each for each in relations.values()}
        self._files = {oid: each.relfilenode for oid, each in relations.items()}
        self._held: set[tuple[int, LockMode]] = set()
        self._scans: dict[int, tuple[int, int]] = {}
        self._pid = connection.get_server_pid()

    async def start_transaction(self) -> None:
        """Begin a transaction, from which locks are held until it ends."""
        await self._connection.execute("BEGIN")
        await self.note_begin()

    async def note_begin(self) -> None:
        """A transaction has begun on the connection."""
        self._held = set()
        self._scans = await self._read_scans()

    async def end_transaction(self, command: str = "COMMIT") -> None:
        """Commit, or roll back."""
        self._held = set()
        await self._connection.execute(command)

    async def run(self, sql: str) -> Observation:
        """Run a statement in the open transaction.

        Raises:
            asyncpg.PostgresError: the server refused it.
        """
        await self._connection.execute(sql)
        return await self.look(sql)

    async def look(self, sql: str) -> Observation:
        """What changed since the last look, by the statement that has just run in the open transaction."""
        rows = await self._connection.fetch(_LOCKS, self._pid)
        # a table that is scanned is locked
        scans = self._scans | {
            row["oid"]: (row["seq_scan"], row["idx_scan"])
            for row in rows
            if row["kind"] in _WITH_ROWS
        }
        actions = parse_actions(sql)
        locked = {(row["oid"], LockMode(row["mode"])) for row in rows if row["oid"] in self._before}
        new, held = locked - self._held, self._held
        named = {self._before[oid].name for oid, _ in new} | self._named_by(actions)
        observation = Observation(
            locks=self._by_name(new),
            held={name: modes for name, modes in self._by_name(held).items() if name in named},
            rewrites=self._rewrites(rows, actions),
            scans=self._scanned(scans, actions),
        )
        self._held = locked
        self._scans = scans
        return observation

    async def run_standalone(self, sql: str) -> Observation:
        """Run a statement outside of a transaction, watched from the second connection.

        The second connection holds a lock on its table for a moment, so that the statement waits where
        it can be seen.

        Raises:
            asyncpg.PostgresError: the server refused it.
        """
        actions = parse_actions(sql)
        scans = await self._read_all_scans()
        rows: dict[tuple[int, str], asyncpg.Record] = {}
        failure: list[BaseException] = []
        finished = anyio.Event()

        async def statement() -> None:
            try:
                await self._connection.execute(sql)
            except Exception as error:  # noqa: BLE001 - raised below, from the caller's task
                failure.append(error)
            finally:
                finished.set()

        async def poll(kinds: Collection[str] | None = None) -> None:
            for row in await self._watcher.fetch(_LOCKS, self._pid):
                if kinds is None or row["kind"] in kinds:
                    rows[row["oid"], row["mode"]] = row

        is_held = await self._hold(actions)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(statement)
            with anyio.move_on_after(_WATCH_SECONDS if is_held else 0):
                while not finished.is_set():
                    waits = await self._watcher.fetchval(_WAITING, self._pid)
                    await poll()
                    if waits:
                        break
                    await anyio.sleep(_POLL_SECONDS)
            await self._watcher.execute("ROLLBACK")
            # a lock on an index is seen by chance from here on: DROP INDEX CONCURRENTLY ends with ACCESS
            # EXCLUSIVE on the index alone, for a moment, when no session uses it any more
            while not finished.is_set():
                await poll(_TABLES)
                await anyio.sleep(_POLL_SECONDS)
        if failure:
            raise failure[0]
        locked = {(oid, LockMode(mode)) for oid, mode in rows if oid in self._before}
        return Observation(
            locks=self._by_name(locked),
            rewrites=self._rewrites(await self._now(rows), actions),
            scans=self._scanned(await self._read_all_scans(), actions, before=scans),
        )

    async def _now(self, rows: dict[tuple[int, str], asyncpg.Record]) -> list[asyncpg.Record]:
        """The locked relations as they are now."""
        query = f"SELECT * FROM ({_RELATIONS}) r WHERE oid = ANY($1) OR of_table = ANY($1)"
        found: list[asyncpg.Record] = await self._connection.fetch(query, [oid for oid, _ in rows])
        return found

    async def _hold(self, actions: tuple[Action, ...]) -> bool:
        """Lock the tables of a statement in the second connection, so that it waits for them.

        Returns:
            False where it names none.
        """
        await self._watcher.execute("BEGIN")
        is_held = False
        for action in actions:
            mode = _HELD_AGAINST.get(action.kind, "ROW EXCLUSIVE")
            held = self._of_action(action)
            if action.kind is ActionKind.DETACH_PARTITION_CONCURRENTLY:
                held = self._named(action.partition)
            for each in held:
                table = self._before.get(each.table, each)
                if table.kind in ("r", "p"):
                    name = qualified(table.name.schema, table.name.name)
                    await self._watcher.execute(f"LOCK TABLE ONLY {name} IN {mode} MODE")
                    is_held = True
        return is_held

    async def _read_scans(self, query: str = _SCANS) -> dict[int, tuple[int, int]]:
        rows = await self._connection.fetch(query)
        return {row["oid"]: (row["seq_scan"], row["idx_scan"]) for row in rows}

    async def _read_all_scans(self) -> dict[int, tuple[int, int]]:
        """The scans of all sessions. Before PostgreSQL 15 a process collects them, and gives old figures."""
        if self._connection.get_server_version().major < _SHARED_STATISTICS:
            await anyio.sleep(_STATISTICS_AGE)
        return await self._read_scans(_ALL_SCANS)

    def _of_action(self, action: Action) -> list[Relation]:
        """The relations that an action names."""
        names = (action.relation, action.index, action.partition)
        return [relation for name in names for relation in self._named(name)]

    def _named(self, name: SqlName | None) -> list[Relation]:
        """The relations of that name; of every schema where it is not written."""
        return [
            each
            for each in self._before.values()
            if name is not None
            and each.name.name == name.name
            and name.schema in (None, each.name.schema)
        ]

    def _named_by(self, actions: Iterable[Action]) -> set[SqlName]:
        return {each.name for action in actions for each in self._of_action(action)}

    def _by_name(self, locks: Iterable[tuple[int, LockMode]]) -> dict[SqlName, frozenset[LockMode]]:
        found: dict[SqlName, set[LockMode]] = {}
        for oid, mode in locks:
            known = self._before[oid]
            if known.is_index and mode.blocks is Blocks.NOTHING:  # a query that uses the index
                continue
            found.setdefault(known.name, set()).add(mode)
        return {name: frozenset(modes) for name, modes in found.items()}

    def _rewrites(
        self, rows: Iterable[asyncpg.Record], actions: tuple[Action, ...]
    ) -> frozenset[SqlName]:
        """Relations with another file, or an index of the same name with another oid.

        TRUNCATE makes new files as well, but they are empty.
        """
        truncates = any(action.kind is ActionKind.TRUNCATE for action in actions)
        found = set()
        for row in rows:
            oid, file = row["oid"], row["relfilenode"]
            if not file:  # dropped, or a relation without a file
                continue
            known = self._before.get(oid)
            if known is not None:
                if self._files[oid] != file and not truncates and known.kind != _SEQUENCE:
                    found.add(known.name)
                self._files[oid] = file
                continue
            is_new, self._files[oid] = oid not in self._files, file
            replaced = self._names.get((row["of_table"], SqlName(row["schema"], row["name"])))
            if is_new and replaced is not None and replaced.is_index:
                # a new index may keep the file of the old one
                if file != self._files[replaced.oid]:
                    found.add(replaced.name)
                self._files[replaced.oid] = file
        return frozenset(found)

    def _scanned(
        self,
        after: dict[int, tuple[int, int]],
        actions: tuple[Action, ...],
        *,
        before: dict[int, tuple[int, int]] | None = None,
    ) -> frozenset[SqlName]:
        if actions and all(action.kind in _NO_SCAN for action in actions):
            return frozenset()
        before = self._scans if before is None else before
        only_data = bool(actions) and all(action.kind in _DATA for action in actions)
        found = set()
        for oid, (sequential, by_index) in after.items():
            known = self._before.get(oid)
            if known is None:
                continue
            earlier = before.get(oid, (0, 0))
            if sequential > earlier[0] or (by_index > earlier[1] and not only_data):
                found.add(known.name)
        return frozenset(found)
