"""A revision that a change of ``down_revision`` puts below an applied one: it is named, and can be run."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData

from asyncmig import Migrator
from asyncmig.events import HistoryWarning


def table(name: str) -> dict[str, str]:
    return {
        "upgrade": f'op.execute("CREATE TABLE {name} (i int)")',
        "downgrade": f'op.execute("DROP TABLE {name}")',
    }


class Inserted:
    """A database at s; then n is put between p and r."""

    def __init__(self, project, url: str) -> None:
        self.project, self.url = project, url
        self.events: list[HistoryWarning] = []
        project.revision("p", **table("p"))
        project.revision("r", down="p", **table("r"))
        project.revision("s", down="r", **table("s"))

    @property
    def migrator(self) -> Migrator:
        def keep(event: object) -> None:
            if isinstance(event, HistoryWarning):
                self.events.append(event)

        return Migrator(
            self.url,
            script_location=self.project.script_location,
            target_metadata=MetaData(),
            on_event=keep,
        )

    def insert(self) -> None:
        self.project.revision("n", down="p", **table("n"))
        self.project.revision("r", down="n", **table("r"))

    async def named(self) -> tuple[str, ...]:
        """The inserted revisions by ``status``; ``upgrade`` and ``check`` must say the same."""
        self.events.clear()
        await self.migrator.upgrade()
        upgrade = [event.revisions for event in self.events]
        self.events.clear()
        await self.migrator.check()
        assert [event.revisions for event in self.events] == upgrade
        status = await self.migrator.status(scripts=True)
        assert status.state == "current"
        assert [status.inserted] == (upgrade or [()])
        return status.inserted


@pytest.fixture
async def database(project, database_url):
    made = Inserted(project, database_url)
    await made.migrator.upgrade()
    assert await made.named() == ()
    made.insert()
    return made


async def test_it_is_named_until_it_is_run(database, pg):
    assert await database.named() == ("n",)
    assert "n below r, but r was applied on p" in database.events[0].message
    # the commands of the message
    await database.migrator.stamp("p")
    await database.migrator.upgrade("n")
    await database.migrator.stamp("s")
    assert await pg.fetchval("SELECT to_regclass('n') IS NOT NULL")
    assert await database.named() == ()
    await database.migrator.downgrade("base")
    assert await pg.fetchval("SELECT to_regclass('n') IS NULL")


async def test_it_is_named_until_it_is_declared_applied(database):
    await database.migrator.stamp("n")
    await database.migrator.stamp("s")
    assert await database.named() == ()


async def test_it_is_named_by_a_run_that_has_something_to_do(database, pg):
    database.project.revision("t", down="s", **table("t"))
    assert (await database.migrator.upgrade()).revisions == ("t",)
    assert [event.revisions for event in database.events] == [("n",)]
    assert await pg.fetchval("SELECT to_regclass('n') IS NULL")


async def test_without_a_journal_nothing_is_known(database, pg):
    await pg.execute("DROP TABLE asyncmig_journal")
    assert await database.named() == ()
