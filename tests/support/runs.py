"""Runs of a project's revisions on a database without a server, with all that they report."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from asyncmig.config.settings import Settings
from asyncmig.execution.runner import Runner
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from support.fake_server import FakeDatabase, FakeServer, FolderSource

__all__ = ["Runs"]


class Runs:
    """A runner for a project, with all that it reports.

    Attributes:
        server: the database; a test may put another in its place.
    """

    def __init__(self, project: Any) -> None:
        self.server = FakeServer()
        self.source = FolderSource(project.versions)
        self.settings = Settings(script_location=project.script_location, safe_rewrites=False)
        self.events: list[Any] = []

    @property
    def runner(self) -> Runner:
        database: Any = FakeDatabase(self.server)
        return Runner(database, self.settings, self.events.append, self.source)  # type: ignore[arg-type]  # what the tests need of it

    def configure(self, **fields: Any) -> None:
        self.settings = replace(self.settings, **fields)

    async def run(
        self, target: str = "heads", direction: Direction = Direction.UPGRADE, **fields: Any
    ) -> Any:
        return await self.runner.run(RunRequest(target=target, direction=direction, **fields))

    def event(self, kind: type[Any]) -> Any:
        """The one event of a kind."""
        (found,) = [event for event in self.events if type(event) is kind]
        return found

    @property
    def steps(self) -> list[str]:
        """What was done, in order; messages by the ids of the scripts and the bookkeeping in them."""
        words = (r"SELECT \d\b", r"INTO \S*alembic_version", r"SET version_num", r"FROM alembic")
        found = []
        for entry in self.server.log:
            if "\n" not in entry:
                found.append(entry.partition(" ")[0])
            else:
                found += re.findall("|".join(words), entry)
        return found
