"""``alembic.script.base``: the script directory, for code that asks it for revisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.facade.script.revision import RevisionMap
from asyncmig.alembic_compat.facade.util.exc import CommandError
from asyncmig.alembic_compat.imports import alembic_imports, current_environment
from asyncmig.alembic_compat.running_environment import running_environment_context
from asyncmig.config.settings import Settings
from asyncmig.revisions.files.import_script import import_script
from asyncmig.revisions.graph.alembic_script import AlembicScript as Script
from asyncmig.revisions.script_directory import read_revisions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.alembic_compat.facade.script.steps import RevisionStep, StampStep
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["Script", "ScriptDirectory"]


class ScriptDirectory:
    """The revisions of some folders, read when they are first asked for.

    Args:
        dir: the folder with ``env.py``.
        file_template: names of new files.
        truncate_slug_length: of a message in a file's name.
        version_locations: the folders of revisions; None is ``versions`` below ``dir``.
        sourceless: byte code counts, too.
        output_encoding: of new files.
        timezone: of the date in new files.
        hooks: run over new files; Alembic's dictionaries, which ``from_config`` reads.
        recursive_version_locations: subfolders count, too.
        messaging_opts: Alembic's, without effect.

    Attributes:
        revision_map: the revisions.
    """

    def __init__(
        self,
        dir: str | Path,  # noqa: A002 - Alembic's name
        file_template: str = "%(rev)s_%(slug)s",
        truncate_slug_length: int | None = 40,
        version_locations: Sequence[str | Path] | None = None,
        sourceless: bool = False,
        output_encoding: str = "utf-8",
        timezone: str | None = None,
        hooks: Sequence[Any] = (),
        recursive_version_locations: bool = False,
        messaging_opts: Any = None,
    ) -> None:
        self.dir = str(dir)
        self.file_template = file_template
        self.truncate_slug_length = truncate_slug_length or 40
        self.version_locations = None if version_locations is None else list(version_locations)
        self.sourceless = sourceless
        self.output_encoding = output_encoding
        self.timezone = timezone
        self.hooks = list(hooks)
        self.recursive_version_locations = recursive_version_locations
        self.messaging_opts = messaging_opts or {}
        self.revision_map = RevisionMap(self._load_revisions)
        self._settings = Settings(
            script_location=Path(dir),
            version_locations=tuple(map(Path, version_locations or ())),
            recursive_version_locations=recursive_version_locations,
            sourceless=sourceless,
            file_template=file_template,
            truncate_slug_length=self.truncate_slug_length,
            timezone=timezone,
            output_encoding=output_encoding,
        )

    @classmethod
    def from_config(cls, config: Config) -> ScriptDirectory:
        """The folders that a configuration names.

        Raises:
            CommandError: it names none.
        """
        from asyncmig.alembic_compat.facade.config import settings_of

        return cls.of_settings(settings_of(config))

    @classmethod
    def of_settings(cls, settings: Settings) -> ScriptDirectory:
        """The folders of asyncmig's own settings."""
        made = cls(
            settings.script_location,
            settings.file_template,
            settings.truncate_slug_length,
            settings.version_locations or None,
            settings.sourceless,
            settings.output_encoding,
            settings.timezone,
            settings.post_write_hooks,
            settings.recursive_version_locations,
        )
        made._settings = settings
        return made

    # folders

    @property
    def versions(self) -> str:
        """The one folder of revisions.

        Raises:
            CommandError: there are several.
        """
        folder, *others = self._settings.version_paths
        if others:
            raise CommandError("Multiple version_locations present")
        return str(folder)

    @property
    def env_py_location(self) -> str:
        """The project's ``env.py``."""
        return str(Path(self.dir).absolute() / "env.py")

    def run_env(self) -> None:
        """Execute ``env.py`` in the ``EnvironmentContext`` that is entered.

        Raises:
            CommandError: none is.
        """
        running_environment_context().execute()

    # revisions

    @property
    def _graph(self) -> RevisionGraph:
        return self.revision_map.graph

    def _load_revisions(self) -> Iterator[Script]:
        settings = self._settings
        revisions = read_revisions(
            settings.version_paths,
            recursive=settings.recursive_version_locations,
            sourceless=settings.sourceless,
            import_context=self._imports,
            named_by=settings.config_path,
        )
        for revision in revisions:
            yield Script(revision, None, self._module)

    def _imports(self) -> Any:
        return alembic_imports(current_environment())

    def _module(self, revision: Revision) -> ModuleType:
        if not revision.path.endswith((".py", ".pyc")):
            raise AttributeError(f"revision {revision.id} is written in SQL, and has no module")
        return import_script(revision.path, revision=revision.id, import_context=self._imports)[0]

    def get_revision(self, id_: str) -> Any:
        """One revision; None for the base."""
        return self.revision_map.get_revision(id_)

    def get_revisions(self, id_: str | Sequence[str] | None) -> tuple[Any, ...]:
        """The revisions of a target expression, or of several."""
        return self.revision_map.get_revisions(id_)

    def get_all_current(self, id_: Sequence[str]) -> set[Any]:
        """The newest revisions that have run in a database with these rows, dependencies included."""
        graph = self._graph
        rows = [revision.revision for revision in self.get_revisions(tuple(id_))]
        applied = graph.ancestors(rows)
        newest = [name for name in applied if applied.isdisjoint(graph.children(name))]
        return set(self.get_revisions(newest))

    def get_heads(self, consider_depends_on: bool = False) -> list[str]:
        """The heads; with ``consider_depends_on`` those alone that nothing depends on."""
        return list(self._graph.effective_heads if consider_depends_on else self._graph.heads)

    def get_current_head(self) -> str | None:
        """The one head; None where there is no revision.

        Raises:
            CommandError: there are several.
        """
        return self.revision_map.get_current_head()

    def get_bases(self) -> list[str]:
        """The revisions without a ``down_revision``."""
        return list(self._graph.bases)

    def get_base(self) -> str | None:
        """The one base; None where there is no revision.

        Raises:
            CommandError: there are several.
        """
        bases = self.get_bases()
        if len(bases) > 1:
            raise CommandError("The script directory has multiple bases. Please use get_bases().")
        return bases[0] if bases else None

    def as_revision_number(self, id_: str | None) -> str | tuple[str, ...] | None:
        """The id of ``head``, the ids of ``heads``, None for the base; another name as it is written."""
        if id_ is None or id_ == "base" or id_.endswith("@base"):
            return None
        name = id_.rpartition("@")[2]
        if name not in {"head", "heads", "current"}:
            return id_
        ids = tuple(revision.revision for revision in self.get_revisions(id_))
        return ids if name == "heads" and ids else (ids[0] if ids else None)

    def iterate_revisions(self, upper: Any, lower: Any, **kw: Any) -> Iterator[Any]:
        """The revisions from the upper down to the lower, which is left out."""
        return self.revision_map.iterate_revisions(upper, lower, **kw)

    def walk_revisions(self, base: str = "base", head: str = "heads") -> Iterator[Any]:
        """The revisions from a head down to a base, both included, newest first."""
        return self.revision_map.iterate_revisions(head, base, inclusive=True)

    # steps

    def _upgrade_revs(self, destination: str, current_rev: Any) -> list[RevisionStep]:
        """The steps from the rows of a database up to a target."""
        from asyncmig.alembic_compat.facade.script.steps import RevisionStep

        moves = self._graph.upgrade_path(destination, _rows(current_rev))
        return [
            RevisionStep(self.revision_map, self.get_revision(move.revision.id), True)
            for move in moves
        ]

    def _downgrade_revs(self, destination: str | None, current_rev: Any) -> list[RevisionStep]:
        """The steps from the rows of a database down to a target."""
        from asyncmig.alembic_compat.facade.script.steps import RevisionStep

        moves = self._graph.downgrade_path(destination or "base", _rows(current_rev))
        return [
            RevisionStep(self.revision_map, self.get_revision(move.revision.id), False)
            for move in moves
        ]

    def _stamp_revs(self, revision: Any, heads: Any) -> list[StampStep]:
        """The steps that bring the rows of a database to these revisions, without running anything."""
        from asyncmig.alembic_compat.facade.script.steps import StampStep
        from asyncmig.revisions.graph.moves import stamp_moves

        rows = _rows(heads)
        change = self._graph.stamp_path(_rows(revision) or ("base",), rows)
        return [
            StampStep(move.remove, move.add, move.upgrade, False, self.revision_map)
            for move in stamp_moves(self._graph, change)
        ]

    # new files

    def generate_revision(
        self,
        revid: str,
        message: str | None,
        head: Any = None,
        splice: bool | None = False,
        branch_labels: Any = None,
        version_path: str | Path | None = None,
        file_template: str | None = None,
        depends_on: Any = None,
        **kw: Any,
    ) -> Script | None:
        """Write a revision file.

        Args:
            revid: its id.
            message: its first line names the file.
            head: what to stand on; None is ``head``.
            splice: ``head`` may have other revisions above it.
            branch_labels: new labels.
            version_path: one of the version locations.
            file_template: for this file.
            depends_on: revisions that must be applied before.
            kw: for the template: ``upgrades``, ``downgrades``, ``imports`` and your own.
        """
        from dataclasses import replace

        from asyncmig.render import create_merge, create_revision
        from asyncmig.render.files.new_revision import NewRevision
        from asyncmig.revisions.script_directory import ScriptDirectory as Directory

        settings = self._settings
        if file_template is not None:
            settings = replace(settings, file_template=file_template)
        directory = Directory.load(
            settings.version_paths,
            recursive=settings.recursive_version_locations,
            sourceless=settings.sourceless,
            import_context=self._imports,
        )
        heads = _rows(head)
        new = NewRevision(
            rev_id=revid,
            message=message,
            head=heads[0] if heads else "head",
            splice=bool(splice),
            branch_labels=_rows(branch_labels),
            depends_on=_rows(depends_on),
            version_path=version_path,
            upgrades=kw.pop("upgrades", ""),
            downgrades=kw.pop("downgrades", ""),
            imports=kw.pop("imports", ()),
            template_args=kw,
        )
        if len(heads) > 1:
            created = create_merge(settings, directory, new, heads)
        else:
            created = create_revision(settings, directory, new)
        self.revision_map = RevisionMap(self._load_revisions)
        found: Script = self.get_revision(created.revision)
        return found

    def _catch_revision_errors(self, **_: Any) -> Any:
        """Alembic's: errors of a map of revisions are errors of commands here already."""
        from contextlib import nullcontext

        return nullcontext()


def _rows(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    return tuple(name for name in given if name is not None)
