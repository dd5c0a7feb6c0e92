"""Random sequences of upgrade, downgrade, stamp, crash, edit and resolve, against a model.

Every phase of every script writes its name into a table that no script ever empties. So the table is
the list of what has run, in order: nothing may be missing, and nothing may be there twice.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, ScriptError
from fix_project import Project
from support.depth import depth
from support.fault_proxy import fault_proxy

NAMES = ["r1", "r2", "r3", "r4"]
PHASES = {"r1": 1, "r2": 3, "r3": 3, "r4": 2}
BODIES = {
    "r1": 'op.execute("{0}")',
    "r2": """
op.execute("{0}")
op.execute("{index}")
op.execute("{2}")
""",
    "r3": """
bind = op.get_bind()
bind.exec_driver_sql("{0}")
with op.autocommit():
    op.execute("{1}")
bind.exec_driver_sql("SELECT count(*) FROM trace").scalar()
op.execute("{2}")
""",
    "r4": """
op.execute("COMMENT ON TABLE trace IS 'r4'")
op.execute("{0}")
op.execute("VACUUM trace")
""",
}
SILENT = {("r2", 1), ("r4", 1)}  # phases that leave no name

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(3600)]


def body(revision: str, direction: str, *, changed: bool = False) -> str:
    names = [f"{revision}.{phase}.{direction}" for phase in range(3)]
    if changed:
        names[0] += ".changed"
    # a stamp or a `forget` may leave the index where it was
    verb = "CREATE INDEX CONCURRENTLY IF NOT EXISTS trace_name ON trace (name)"
    index = verb if direction == "upgrade" else "DROP INDEX CONCURRENTLY IF EXISTS trace_name"
    inserts = [f"INSERT INTO trace (name) VALUES ('{name}')" for name in names]
    return BODIES[revision].format(*inserts, index=index)


def write(project: Project, revision: str, *, changed: bool = False, comment: str = "") -> None:
    down = NAMES[NAMES.index(revision) - 1] if revision != "r1" else None
    project.revision(
        revision,
        down=down,
        upgrade=body(revision, "upgrade", changed=changed) + f"\n# {comment}\n",
        downgrade=body(revision, "downgrade", changed=changed),
    )


def names_of(revision: str, direction: str, first: int = 0) -> list[str]:
    return [
        f"{revision}.{phase}.{direction}"
        for phase in range(first, PHASES[revision])
        if (revision, phase) not in SILENT
    ]


@dataclass
class Model:
    """Where the database stands: ``position`` revisions, and what is half done."""

    position: int = 0
    partial: tuple[str, str, int] | None = None  # revision, direction, its first phase to run
    trace: list[str] = field(default_factory=list)

    def path(self, target: int) -> list[tuple[str, str]]:
        if target > self.position:
            return [(name, "upgrade") for name in NAMES[self.position : target]]
        return [(name, "downgrade") for name in reversed(NAMES[target : self.position])]

    def refused(self, target: int) -> bool:
        path = self.path(target)
        return bool(path and self.partial and path[0][1] != self.partial[1])

    def contradicts(self, target: int) -> bool:
        """Whether a stamp declares that the partial revision is what it is only in part."""
        if self.partial is None:
            return False
        revision, direction, _ = self.partial
        return (NAMES.index(revision) < target) is (direction == "upgrade")

    def run(self, target: int) -> None:
        for revision, direction in self.path(target):
            first = self.partial[2] if self.partial else 0
            self.trace += names_of(revision, direction, first)
            self.partial = None
        self.position = target


class World:
    """The real thing beside the model."""

    def __init__(self, url: str, project: Project) -> None:
        self.url, self.project, self.model = url, project, Model()

    def migrator(self, url: str | None = None) -> Migrator:
        return Migrator(url or self.url, script_location=self.project.script_location, lock_wait=30)

    async def go(self, target: int, url: str | None = None) -> None:
        migrator = self.migrator(url)
        if target > self.model.position:
            await migrator.upgrade(NAMES[target - 1])
        elif target < self.model.position:
            await migrator.downgrade(NAMES[target - 1] if target else "base")

    # operations

    async def move(self, target: int) -> None:
        if self.model.refused(target):
            with pytest.raises(ScriptError, match="must be finished first"):
                await self.go(target)
            return
        await self.go(target)
        self.model.run(target)

    async def crash(self, target: int, message: int, when: str) -> None:
        if self.model.refused(target):
            return
        async with fault_proxy(self.url, message, when) as proxy:
            try:
                await self.go(target, proxy.url)
            except AsyncmigError:
                assert proxy.broken
        await self.learn(target)

    async def stamp(self, target: int) -> None:
        stamping = self.migrator().stamp(NAMES[target - 1] if target else "base")
        if self.model.contradicts(target):
            with pytest.raises(ScriptError, match="is partially applied, and this stamp"):
                await stamping
            return
        await stamping
        if target != self.model.position:
            self.model.position, self.model.partial = target, None

    async def comment(self, target: int, message: int) -> None:
        write(self.project, NAMES[target % len(NAMES)], comment=f"number {message}")

    async def edit(self) -> None:
        """Change what has run of a revision that stopped half way: it is noticed, and nothing runs."""
        if self.model.partial is None:
            return
        revision, direction, first = self.model.partial
        if first == 0 or revision == "r3":  # what a script runs itself is not compared
            return
        write(self.project, revision, changed=True)
        here = NAMES.index(revision)
        with pytest.raises(ScriptError, match="was changed"):
            await self.go(here + 1 if direction == "upgrade" else here)
        write(self.project, revision)

    async def forget(self) -> None:
        if self.model.partial is not None:
            await self.migrator().resolve(self.model.partial[0], "forget")
            self.model.partial = None

    # looking

    async def learn(self, target: int) -> None:
        """After a crash: the database says how far it came, and all that it says has to agree."""
        found, status = await self.look()
        came = Model(self.model.position, self.model.partial, list(self.model.trace))
        steps = self.model.path(target)
        if not steps:
            await self.check()
            return
        done = len(came.path(target)) - len(Model(self.position_in(status)).path(target))
        for revision, direction in steps[:done]:
            first = came.partial[2] if came.partial else 0
            came.trace += names_of(revision, direction, first)
            came.partial = None
        came.position = self.position_in(status)
        if status.partial:
            (entry,) = status.partial
            assert (entry.revision, entry.direction) == steps[done]
            first = came.partial[2] if came.partial else 0
            assert entry.phase >= first
            came.trace += [
                name
                for name in names_of(entry.revision, entry.direction, first)
                if int(name.split(".")[1]) < entry.phase
            ]
            came.partial = (entry.revision, entry.direction, entry.phase)
        else:
            came.partial = None if done else came.partial
            assert came.partial is None
        assert found == came.trace
        self.model = came

    def position_in(self, status) -> int:
        return NAMES.index(status.current[0]) + 1 if status.current else 0

    async def look(self):
        connection = await asyncpg.connect(self.url)
        try:
            with anyio.fail_after(30):  # what was cut off may still be at work
                while await connection.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asyncmig'"
                    " AND datname = current_database()"
                ):
                    await anyio.sleep(0.002)
            rows = await connection.fetch("SELECT name FROM trace ORDER BY id")
        finally:
            await connection.close()
        return [row[0] for row in rows], await self.migrator().status()

    async def check(self) -> None:
        found, status = await self.look()
        assert found == self.model.trace
        assert self.position_in(status) == self.model.position
        partial = [(entry.revision, entry.direction, entry.phase) for entry in status.partial]
        assert partial == ([self.model.partial] if self.model.partial else [])


TARGET = st.integers(0, len(NAMES))
OPERATION = st.one_of(
    st.tuples(st.just("move"), TARGET),
    st.tuples(st.just("crash"), TARGET, st.integers(1, 30), st.sampled_from(["before", "after"])),
    st.tuples(st.just("crash"), TARGET, st.integers(4, 20), st.sampled_from(["before", "after"])),
    st.tuples(st.just("stamp"), TARGET),
    st.tuples(st.just("comment"), TARGET, st.integers(0, 9)),
    st.tuples(st.just("edit")),
    st.tuples(st.just("forget")),
)


@settings(
    max_examples=depth().histories,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
)
@example([("move", 4), ("move", 0), ("move", 4)])
@given(st.lists(OPERATION, min_size=1, max_size=7))
async def test_no_sequence_diverges_from_the_model(database_url, operations):
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        " CREATE TABLE trace (id int GENERATED ALWAYS AS IDENTITY, name text)"
    )
    await connection.close()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project")
        for name in NAMES:
            write(project, name)
        world = World(database_url, project)
        for name, *arguments in operations:
            await getattr(world, name)(*arguments)
            await world.check()
        # whatever happened, it can be brought to its end
        if world.model.partial is not None:
            revision, direction, _ = world.model.partial
            here = NAMES.index(revision)
            await world.move(here + 1 if direction == "upgrade" else here)
        await world.move(len(NAMES))
        await world.check()
