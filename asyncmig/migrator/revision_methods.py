"""Methods of ``Migrator`` that read the script directory or write revision files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from warnings import warn

import anyio.to_thread

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.migrator.base import MigratorBase
from asyncmig.project import fan_out
from asyncmig.results import combining
from asyncmig.revisions.graph import describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.autogenerate.renames import ConfirmRename
    from asyncmig.results import BranchPoint, CreatedRevision, RevisionInfo, ValidationReport
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["RevisionMethods"]


class RevisionMethods(MigratorBase):
    """Revision files: ``heads``, ``history``, ``show``, ``validate``, ``revision``, ``merge``."""

    async def heads(self, *, resolve_dependencies: bool = False) -> tuple[RevisionInfo, ...]:
        """The revisions without a child.

        Args:
            resolve_dependencies: leave out those that another revision depends on.

        Raises:
            RevisionError, FileError: the script directory cannot be read.
            ConfigError: several databases have histories of their own.

        Example::

            [info.revision for info in await migrator.heads()]
        """
        graph = await self._graph("heads")
        return describe.describe_heads(graph, resolve_dependencies=resolve_dependencies)

    async def history(
        self, range_: str | None = None, *, indicate_current: bool = False
    ) -> tuple[RevisionInfo, ...]:
        """The revisions, newest first.

        Args:
            range_: ``a:b``, with ``base``, ``head``, ``current`` and relative expressions; None is all.
            indicate_current: read from the database which revisions are current.

        Raises:
            RevisionError, FileError, ConfigError: as ``heads``; or the range is wrong.
            DatabaseError: the current revisions are needed, and could not be read.

        Example::

            newest = (await migrator.history("-2:"))[0]
        """
        graph = await self._graph("history")
        needs_current = indicate_current or (range_ is not None and "current" in range_)
        current = await self._current() if needs_current else None
        return describe.describe_history(
            graph, range_, current=current, indicate_current=indicate_current
        )

    async def branches(self) -> tuple[BranchPoint, ...]:
        """The revisions that have several children.

        Raises:
            RevisionError, FileError, ConfigError: as ``heads``.

        Example::

            [point.revision.revision for point in await migrator.branches()]
        """
        return describe.describe_branch_points(await self._graph("branches"))

    async def show(self, revision: str) -> tuple[RevisionInfo, ...]:
        """The revisions that a target expression names; ``current`` reads them from the database.

        Raises:
            RevisionError, FileError, ConfigError: as ``heads``; or the expression is wrong.
            DatabaseError: as ``history``.

        Example::

            (info,) = await migrator.show("ae1")
        """
        graph = await self._graph("show")
        current = await self._current() if "current" in revision else ()
        return describe.describe_target(graph, revision, current=current)

    async def validate(self) -> ValidationReport:
        """Check the history, and that every script can be imported.

        Raises:
            ConfigError: a plugin that the settings name cannot be loaded.
            FileError: there is no script directory.

        Example::

            report = await migrator.validate()
            assert report.ok, report.findings
        """
        from asyncmig.project.validate import validate_project

        each = self._project.histories()
        return combining.combined_validation(
            {
                name: await anyio.to_thread.run_sync(validate_project, settings)
                for name, settings in each.items()
            }
        )

    async def _graph(self, doing: str) -> RevisionGraph:
        if len(self._project.histories()) > 1:
            self._project.require_one_history(doing)
        return await self._project.graph()

    async def revision(
        self,
        message: str | None = None,
        *,
        autogenerate: bool = False,
        rev_id: str | None = None,
        head: str = "head",
        splice: bool = False,
        depends_on: Sequence[str] = (),
        branch_label: str | Sequence[str] | None = None,
        version_path: str | Path | None = None,
        sql_file: bool = False,
        skip_empty: bool = False,
        renames: Mapping[str, str] | None = None,
        confirm_rename: ConfirmRename | None = None,
        ask_rename: ConfirmRename | None = None,
    ) -> CreatedRevision:
        """Write a new revision file. The database is only read.

        Args:
            message: the description; its first line names the file.
            autogenerate: write the changes that bring the database to the models; the database must be
                at head.
            rev_id: the id; None generates one.
            head: the parent.
            splice: allow a parent that is not a head.
            depends_on: revisions that must be applied before.
            branch_label: labels of a new branch.
            version_path: one of the version locations.
            sql_file: write a SQL file, whatever ``revision_format`` says.
            skip_empty: with ``autogenerate``, write no file if there is no difference; the result's
                ``written`` is then False.
            renames: with ``autogenerate``, new names by old ones: ``{"users.fone": "users.phone"}``,
                ``{"shop.users": "shop.accounts"}``.
            confirm_rename: called with each ``RenameCandidate``, the likeliest first, and returns
                whether it is a rename; it may be a coroutine function. Without it only ``renames`` are
                renames, and the result lists the others in ``candidates``.
            ask_rename: the former name of ``confirm_rename``.

        Raises:
            TargetError: a name in ``renames`` does not exist, or is taken.
            MultipleHeadsError: there are several heads; name one, or merge them first.
            FileError: the folder cannot be written.
            AsyncmigError: with ``autogenerate``, as ``check``.

        Example::

            created = await migrator.revision("add phone", autogenerate=True)
        """
        from asyncmig.project import revision_files
        from asyncmig.render import NewRevision, new_revision_id

        if ask_rename is not None:
            warn("ask_rename is named confirm_rename now", DeprecationWarning, stacklevel=2)
        self._project.require_one_history("a revision")
        new = NewRevision(
            rev_id=new_revision_id() if rev_id is None else rev_id,
            message=message,
            head=head,
            splice=splice,
            depends_on=tuple(depends_on),
            branch_labels=_labels(branch_label),
            version_path=Path(version_path) if version_path else None,
            as_sql=sql_file or None,
        )
        if not autogenerate:
            return await revision_files.write_empty(self._project, new)
        return await revision_files.write_generated(
            self._project,
            new,
            skip_empty=skip_empty,
            renames=renames or {},
            confirm=confirm_rename or ask_rename,
        )

    async def merge(
        self,
        *revisions: str,
        message: str | None = None,
        rev_id: str | None = None,
        branch_label: str | None = None,
        splice: bool = False,
    ) -> CreatedRevision:
        """Write a revision that merges several.

        Args:
            *revisions: target expressions; none merges all heads.
            message: the description.
            rev_id: the id; None generates one.
            branch_label: a label for the merged branch.
            splice: allow revisions that are not heads.

        Raises:
            TargetError: fewer than two revisions, or one that is not a head without ``splice``.
            RevisionError, FileError: as ``revision``.

        Example::

            created = await migrator.merge("heads", message="merge cart")
        """
        from asyncmig.project.revision_files import write_merge
        from asyncmig.render import NewRevision, new_revision_id

        self._project.require_one_history("a merge")
        new = NewRevision(
            rev_id=new_revision_id() if rev_id is None else rev_id,
            message=message,
            branch_labels=_labels(branch_label),
            splice=splice,
        )
        return await write_merge(self._project, new, revisions)

    async def _current(self) -> tuple[str, ...]:
        request = EnvRequest(command="status", reading=True)
        found = await fan_out.query_each(self._project, fan_out.status_of, request)
        return combining.combined_status(found).current


def _labels(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())
