"""Tests of migrations with pytest: fixtures, a runner, ready tests, and databases cloned from a template.

The plugin is installed with asyncmig (entry point ``asyncmig``). It does nothing until a test uses one of
its fixtures. ``docs/how-to/testing.md`` describes it.
"""

from asyncmig.testing.configuration import TestConfiguration
from asyncmig.testing.runner import AsyncMigrationRunner
from asyncmig.testing.sync_runner import MigrationRunner

__all__ = ["AsyncMigrationRunner", "MigrationRunner", "TestConfiguration"]
