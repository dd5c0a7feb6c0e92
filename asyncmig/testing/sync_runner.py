"""``AsyncMigrationRunner`` for synchronous tests: each method runs in the event loop of another thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg
    from anyio.from_thread import BlockingPortal
    from sqlalchemy import Table

    from asyncmig.testing.configuration import Rows, TestConfiguration
    from asyncmig.testing.runner import AsyncMigrationRunner, RevisionOrder

__all__ = ["MigrationRunner"]

T = TypeVar("T")


class MigrationRunner:
    """Migrates one database, step by step; it can be used in synchronous and in asynchronous tests.

    The methods are those of ``AsyncMigrationRunner``, which describes them.

    Args:
        runner: does the work.
        portal: the event loop in which it runs.
    """

    def __init__(self, runner: AsyncMigrationRunner, portal: BlockingPortal) -> None:
        self._runner = runner
        self._portal = portal

    def call(self, function: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
        """Run a coroutine function in the event loop of the runner.

        Example::

            status = migration_runner.call(migration_runner.migrator.status)
        """
        return self._portal.call(partial(function, *args, **options))

    @property
    def asynchronous(self) -> AsyncMigrationRunner:
        """The same runner, to be awaited."""
        return self._runner

    @property
    def url(self) -> str:
        """The URL of the database."""
        return self._runner.url

    @property
    def config(self) -> TestConfiguration:
        """Rows for revisions, and exceptions."""
        return self._runner.config

    @property
    def migrator(self) -> Any:
        """The migrator of the project, on this database; ``call`` runs its methods."""
        return self._runner.migrator

    @property
    def heads(self) -> list[str]:
        """The ids of the heads."""
        return self.call(self._runner.heads)

    @property
    def current(self) -> str:
        """The current revision; ``base`` for none."""
        return self.call(self._runner.current)

    @property
    def history(self) -> RevisionOrder:
        """The revisions in an order in which they can be applied."""
        return self.call(self._runner.history)

    def refresh_history(self) -> RevisionOrder:
        """Read the script directory again."""
        return self.call(self._runner.refresh_history)

    def managed_upgrade(self, target: str) -> str:
        """Upgrade to a revision, with the rows that are configured for the revisions on the way."""
        return self.call(self._runner.managed_upgrade, target)

    def managed_downgrade(self, target: str) -> str:
        """Downgrade to a revision."""
        return self.call(self._runner.managed_downgrade, target)

    def migrate_up_to(self, revision: str) -> str:
        """Upgrade up to and including a revision; ``heads`` applies the whole history."""
        return self.call(self._runner.migrate_up_to, revision)

    def migrate_up_before(self, revision: str) -> str:
        """Upgrade up to the revision before this one."""
        return self.call(self._runner.migrate_up_before, revision)

    def migrate_up_one(self) -> str | None:
        """Upgrade by one revision; None if the database is at the head."""
        return self.call(self._runner.migrate_up_one)

    def migrate_down_to(self, revision: str) -> str:
        """Downgrade to a revision, which remains applied; ``base`` reverts everything."""
        return self.call(self._runner.migrate_down_to, revision)

    def migrate_down_before(self, revision: str) -> str:
        """Downgrade to the revision after this one."""
        return self.call(self._runner.migrate_down_before, revision)

    def migrate_down_one(self) -> str:
        """Downgrade by one revision, and return the one that is current then."""
        return self.call(self._runner.migrate_down_one)

    def roundtrip_next_revision(self) -> str | None:
        """Upgrade by one revision, downgrade it, and upgrade again; None if the database is at the head."""
        return self.call(self._runner.roundtrip_next_revision)

    def set_revision(self, revision: str) -> None:
        """Stamp a revision without running anything."""
        self.call(self._runner.set_revision, revision)

    def insert_into(self, table: str | None, data: Rows | None = None) -> None:
        """Insert rows into a table as it is now."""
        self.call(self._runner.insert_into, table, data)

    def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """The rows of a query."""
        return self.call(self._runner.fetch, query, *args)

    def execute(self, query: str, *args: Any) -> str:
        """Execute a statement."""
        return self.call(self._runner.execute, query, *args)

    def raw_command(self, *arguments: Any, **options: Any) -> NoReturn:
        """Not supported: the methods of ``migrator`` do what Alembic's commands do."""
        raise NotImplementedError(
            f"{arguments[0] if arguments else 'raw_command'}: commands of Alembic are not run by name;"
            " migration_runner.call(migration_runner.migrator.upgrade, ...) runs a method of the migrator"
        )

    def generate_revision(self, *arguments: Any, **options: Any) -> NoReturn:
        """Not supported: a revision is written by ``migrator.revision()``."""
        raise NotImplementedError(
            "generate_revision: write a revision with"
            " migration_runner.call(migration_runner.migrator.revision, ...), compare models with .check"
        )

    def table_at_revision(
        self, name: str, *, revision: str | None = None, schema: str | None = None
    ) -> Table:
        """A SQLAlchemy ``Table`` reflected from the database."""
        return self.call(self._runner.table_at_revision, name, revision=revision, schema=schema)
