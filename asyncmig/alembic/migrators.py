"""A ``Migrator`` for Alembic's ``Config``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.facade.config import settings_of
from asyncmig.config import extend_sys_path
from asyncmig.events import ConfigWarning, StepStarted
from asyncmig.migrator import Migrator

if TYPE_CHECKING:
    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.events import Event
    from asyncmig.project.project import Project

__all__ = ["migrator_of", "project_of"]

_LOG = logging.getLogger("alembic.runtime.migration")
"""Where Alembic logs its steps, so that what is configured for it shows ours."""


def migrator_of(config: Config) -> Migrator:
    """A migrator whose ``env.py`` finds this configuration object.

    Raises:
        CommandError: the configuration cannot be used.
    """
    settings = settings_of(config)
    extend_sys_path(settings.prepend_sys_path)
    migrator = Migrator(settings=settings, on_event=_log)
    project_of(migrator).alembic_config = config
    return migrator


def project_of(migrator: Migrator) -> Project:
    """What a migrator works on."""
    return migrator._project  # noqa: SLF001 - the API of Alembic asks for more than the public one has


def _log(event: Event) -> None:
    if isinstance(event, StepStarted):
        _LOG.info("Running %s %s", event.direction, event.revision)
    elif isinstance(event, ConfigWarning):
        _LOG.warning("%s", event.message)
