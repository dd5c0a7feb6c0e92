"""What all methods of a migrator need: its settings, its project, its databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.config.overrides import checked_overrides
from asyncmig.config.settings import Settings
from asyncmig.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.schema import MetaData

    from asyncmig.events import Event
    from asyncmig.project.user_objects import VersionHooks

__all__ = ["MigratorBase", "project_of"]


class MigratorBase:
    """The settings and databases of a ``Migrator``; its docstring describes the arguments."""

    def __init__(
        self,
        database: str | AsyncEngine | AsyncConnection | None = None,
        *,
        script_location: str | Path | None = None,
        target_metadata: MetaData | str | Sequence[MetaData | str] | None = None,
        settings: Settings | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_version_apply: VersionHooks = None,
        **overrides: Any,
    ) -> None:
        base = settings or Settings()
        if isinstance(database, str):
            overrides["url"] = database
        if script_location is not None:
            overrides["script_location"] = Path(script_location)
        if isinstance(target_metadata, str):
            overrides["target_metadata"] = target_metadata
        self._project = Project(
            replace(base, **checked_overrides(overrides)),
            database=None if isinstance(database, str) else database,
            models=target_metadata,
            on_event=on_event,
            on_version_apply=on_version_apply,
        )

    @classmethod
    def from_config(
        cls,
        path: str | Path | Sequence[str | Path] | None = None,
        name: str | None = None,
        x: Mapping[str, str] | Sequence[str] = (),
        *,
        url: str | None = None,
        on_event: Callable[[Event], None] | None = None,
        **overrides: Any,
    ) -> Self:
        """Create a migrator from configuration files and the environment, as the command line does.

        Args:
            path: the file, or several (a TOML file and an ini file); None searches for it.
            name: the name of a database in the configuration, ``-n``.
            x: ``-x key=value`` arguments.
            url: the database URL, before all other sources of it.
            on_event: called with each progress event.
            **overrides: any field of ``Settings``.

        Raises:
            ConfigError: there is no such file, or its contents cannot be used.

        Example::

            migrator = Migrator.from_config("asyncmig.toml", lock_wait="1min")
        """
        from asyncmig.config import load

        settings = load(path, name=name, x=x, url=url)
        migrator = cls(settings=settings, on_event=on_event, **overrides)
        if settings.databases and settings.section is None:
            from asyncmig.config.databases import load_each

            each = load_each(settings, path=path, x=x, url=url)
            migrator._project.set_databases(
                {
                    member: cls(settings=found, on_event=on_event, **overrides).settings
                    for member, found in each.items()
                }
            )
        return migrator

    @property
    def name(self) -> str | None:
        """Which of several databases this is; None for a single one.

        Example::

            [one.name for one in await migrator.databases()]  # ["app", "audit"]
        """
        return self._project.name

    @property
    def settings(self) -> Settings:
        """The settings, including those of an ``env.py`` after it was read.

        Example::

            migrator.settings.version_table  # "alembic_version"
        """
        return self._project.settings

    async def databases(self) -> tuple[Self, ...]:
        """One migrator for each database that the configuration or an ``env.py`` names.

        The methods of a migrator for several databases work on one after the other, and return a
        combined result, which holds each result by name in ``databases``. What concerns a single
        database (a plan, a script, a revision) raises ``ConfigError`` there.

        Raises:
            ConfigError, ScriptError: ``env.py`` cannot be run.

        Example::

            plans = {one.name: await one.plan() for one in await migrator.databases()}
        """
        found = await self._project.databases()
        if found == (self._project,):
            return (self,)
        return tuple(self._for(project) for project in found)

    @classmethod
    def _for(cls, project: Project) -> Self:
        migrator = cls.__new__(cls)
        migrator._project = project  # noqa: SLF001 - a new object of this class
        return migrator


def project_of(migrator: MigratorBase) -> Project:
    """The project of a migrator, for the packages built on it."""
    return migrator._project  # noqa: SLF001 - the attribute is private to users, not to this package
