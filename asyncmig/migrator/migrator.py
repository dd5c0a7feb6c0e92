"""``Migrator``: everything asyncmig does, as awaitable methods.

A migrator holds settings, and neither a connection nor a cache of the database between calls. Two of
them may work side by side in one event loop.
"""

from __future__ import annotations

from asyncmig.migrator.backfill_methods import BackfillMethods
from asyncmig.migrator.database_methods import DatabaseMethods
from asyncmig.migrator.lint_methods import LintMethods
from asyncmig.migrator.plan_methods import PlanMethods
from asyncmig.migrator.revision_methods import RevisionMethods
from asyncmig.migrator.run_methods import RunMethods

__all__ = ["Migrator"]


class Migrator(
    PlanMethods, LintMethods, RunMethods, BackfillMethods, DatabaseMethods, RevisionMethods
):
    """Migrates one database with one script directory.

    Args:
        database: a URL, an ``AsyncEngine``, or an ``AsyncConnection``. Inside a connection's open
            transaction everything runs in that transaction, and nothing is committed before the caller
            commits. None uses the URL of the settings.
        script_location: the folder that contains ``versions/``.
        target_metadata: the models: a ``MetaData`` or ``"package.module:Base.metadata"``, or several.
        settings: all settings at once; the other arguments override its fields.
        on_event: called with each progress event, in the event loop.
        on_version_apply: called when the row of a revision is written, in the same transaction: a
            function or coroutine function, its name (``"package.module:name"``), or several. See
            ``docs/guide.md``.
        **overrides: any field of ``Settings``, for example ``lock_timeout=2.0`` (seconds).

    Raises:
        ConfigError: an override is unknown or has a wrong value.

    Example:
        >>> migrator = Migrator("postgresql://app@db/app", script_location="migrations")
        >>> result = await migrator.upgrade()  # doctest: +SKIP
    """
