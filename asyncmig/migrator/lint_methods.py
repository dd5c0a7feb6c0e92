"""The method of ``Migrator`` that lints; nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.errors import ConnectionFailedError, UrlError
from asyncmig.migrator.base import MigratorBase
from asyncmig.project import fan_out
from asyncmig.results import combining

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.project.lint.scope import LintScope
    from asyncmig.project.project import Project
    from asyncmig.results import LintResult

__all__ = ["LintMethods"]


class LintMethods(MigratorBase):
    """Linting: ``lint``."""

    async def lint(
        self,
        target: str = "heads",
        *,
        since: str | None = None,
        all: bool = False,  # noqa: A002 - the name of the option
        git_diff: str | None = None,
        files: Sequence[str | Path] | None = None,
        offline: bool = False,
    ) -> LintResult:
        """Report what revisions would do to a database that is in use.

        Without a scope these are the pending revisions. At most one of ``since``, ``all``, ``git_diff``
        and ``files`` chooses others; for these the database is asked for sizes if it can be reached, and a
        note says when it could not.

        Args:
            target: of the pending revisions.
            since: lint the revisions after this one, as one deployment.
            all: lint every revision, each as a deployment of its own.
            git_diff: lint revisions whose files differ from this commit or branch.
            files: lint the revisions of these files.
            offline: ask no database. What is pending is then not known, so without a scope all revisions
                are linted.

        Raises:
            ConfigError: the settings name a rule that does not exist.
            FileError: a file cannot be read or is no revision; git cannot be used.
            RevisionError: there is no such revision, or a script cannot be planned.
            DatabaseError: which revisions are pending could not be read.

        Example::

            result = await migrator.lint(git_diff="origin/main")
            assert result.ok, result.reported
        """
        from asyncmig.project.lint.run import lint_online
        from asyncmig.project.lint.scope import LintScope

        scope = LintScope(
            target=target,
            since=since,
            all=all,
            git_diff=git_diff,
            files=None if files is None else tuple(map(Path, files)),
            offline=offline,
        )
        if scope.offline:
            return await self._lint_offline(scope, ())

        async def lint(project: Project) -> LintResult:
            return await lint_online(project, scope)

        request = EnvRequest(command="lint", revision=target, reading=True)
        try:
            found = await fan_out.call_each(self._project, lint, request)
        except (ConnectionFailedError, UrlError) as error:
            if scope.pending:
                raise
            note = f"no database was asked for sizes: {error.message}"
            return await self._lint_offline(scope, (note,))
        return combining.combined_lint(fan_out.required(found))

    async def _lint_offline(self, scope: LintScope, notes: Sequence[str]) -> LintResult:
        from asyncmig.project.lint.run import lint_offline

        found = {}
        for project in await self._project.databases():
            with fan_out.naming_database(project):
                found[project.label] = await lint_offline(project, scope, notes=notes)
        return combining.combined_lint(found)
