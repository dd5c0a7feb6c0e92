"""``alembic.script``: the script directory, for code that asks it for revisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.revisions.graph.alembic_script import AlembicScript
from asyncmig.revisions.script_directory import ScriptDirectory as Directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.config.settings import Settings
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["AlembicScript", "ScriptDirectory"]


class ScriptDirectory:
    """The revisions of some folders, read when they are first asked for."""

    def __init__(
        self,
        dir: str,  # noqa: A002 - Alembic's name
        version_locations: Sequence[str | Path] | None = None,
        *,
        recursive_version_locations: bool = False,
        sourceless: bool = False,
        **_: Any,
    ) -> None:
        self.dir = dir
        self.versions = str(Path(dir) / "versions")
        self._folders = tuple(map(Path, version_locations or (self.versions,)))
        self._recursive = recursive_version_locations
        self._sourceless = sourceless
        self._read: RevisionGraph | None = None

    @classmethod
    def from_config(cls, config: Config) -> ScriptDirectory:
        """The folders that a configuration file names."""
        location = config.get_main_option("script_location") or "migrations"
        return cls(location)

    @classmethod
    def of_settings(cls, settings: Settings) -> ScriptDirectory:
        """The folders of our own settings."""
        return cls(
            str(settings.script_location),
            settings.version_paths,
            recursive_version_locations=settings.recursive_version_locations,
            sourceless=settings.sourceless,
        )

    @property
    def _graph(self) -> RevisionGraph:
        if self._read is None:
            self._read = Directory.load(
                self._folders, recursive=self._recursive, sourceless=self._sourceless
            ).graph
        return self._read

    def get_heads(self) -> list[str]:
        """The revisions that nothing stands on."""
        return list(self._graph.heads)

    def get_current_head(self) -> str | None:
        """The one head; None where there is no revision."""
        from asyncmig.alembic_compat.facade.util.exc import CommandError

        heads = self.get_heads()
        if len(heads) > 1:
            raise CommandError(f"there are several heads: {', '.join(heads)}")
        return heads[0] if heads else None

    def get_bases(self) -> list[str]:
        """The revisions that stand on nothing."""
        return list(self._graph.bases)

    def get_base(self) -> str | None:
        """The one base."""
        bases = self.get_bases()
        return bases[0] if bases else None

    def get_revision(self, id_: str) -> AlembicScript | None:
        """One revision."""
        found = self.get_revisions(id_)
        return found[0] if found else None

    def get_revisions(self, id_: str | Sequence[str]) -> tuple[AlembicScript, ...]:
        """The revisions of a target expression, or of several."""
        names = [id_] if isinstance(id_, str) else list(id_)
        return tuple(
            AlembicScript(revision, self._graph)
            for name in names
            for revision in self._graph.resolve(name)
        )

    def walk_revisions(self, base: str = "base", head: str = "heads") -> Iterator[AlembicScript]:
        """Revisions, newest first."""
        for revision in self._graph.slice(f"{base}:{head}", ()):
            yield AlembicScript(revision, self._graph)
