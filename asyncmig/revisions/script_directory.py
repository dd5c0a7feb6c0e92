"""The folders of revision files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import FileError
from asyncmig.revisions.graph import RevisionGraph
from asyncmig.revisions.metadata import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.revisions.revision import Revision

__all__ = ["ScriptDirectory"]


class ScriptDirectory:
    """All revision files of a project, and the graph that they form."""

    def __init__(self, locations: Sequence[Path], graph: RevisionGraph) -> None:
        self.locations = tuple(locations)
        self.graph = graph

    @classmethod
    def load(
        cls,
        locations: Sequence[Path],
        *,
        recursive: bool = False,
        sourceless: bool = False,
        cache: bool = True,
    ) -> ScriptDirectory:
        """Read the revision files of these folders."""
        del recursive, sourceless, cache
        revisions: list[Revision] = []
        for location in locations:
            revisions.extend(_read(Path(location)))
        return cls(locations, RevisionGraph(revisions))


def _read(location: Path) -> Iterator[Revision]:
    try:
        names = sorted(os.listdir(location))
    except OSError as error:
        raise FileError(
            f"no folder {location}", hint="asyncmig init", path=str(location)
        ) from error
    for name in names:
        if name.endswith(".py") and not name.startswith((".#", "__init__")):
            path = location / name
            revision = read_metadata(path.read_bytes(), str(path))
            if revision is not None:
                yield revision
