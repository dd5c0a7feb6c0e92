"""A project's history checked as its settings say: what ``validate`` of the API and the terminal do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.config.objects import extend_sys_path
from asyncmig.plugins import load_plugins
from asyncmig.revisions.validate import validate

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.results import ValidationReport

__all__ = ["validate_project"]


def validate_project(settings: Settings) -> ValidationReport:
    """Check the history and import every script. File work, no database: call it in a thread.

    Raises:
        ConfigError: a plugin that the settings choose cannot be used.
        FileError: there is no script directory, or a folder cannot be read.
    """
    from asyncmig.alembic_compat.facade.environment_context import Environment
    from asyncmig.alembic_compat.imports import alembic_imports

    extend_sys_path(settings.prepend_sys_path)
    load_plugins(settings)
    return validate(
        settings.version_paths,
        recursive=settings.recursive_version_locations,
        sourceless=settings.sourceless,
        import_context=lambda: alembic_imports(Environment(settings)),
        named_by=settings.config_path,
    )
