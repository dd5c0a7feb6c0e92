"""``ScriptDirectory``: the revision files of a project, read into a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import FileError, RevisionError
from asyncmig.revisions.cache.heads_cache import keep_heads
from asyncmig.revisions.cache.metadata_index import RevisionIndex
from asyncmig.revisions.files.listing import list_folder, refuse_missing
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.errors import AsyncmigError
    from asyncmig.revisions.files.import_script import ImportContext
    from asyncmig.revisions.files.listing import RevisionFile

__all__ = ["ScriptDirectory", "read_revisions"]


class ScriptDirectory:
    """All revision files of a project, and the graph that they form.

    Attributes:
        locations: the folders, as they were given.
        graph: the history.
    """

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
        import_context: ImportContext | None = None,
        named_by: Path | None = None,
    ) -> ScriptDirectory:
        """Read the revision files of some folders. This is file work: call it in a thread.

        Scripts are not executed, but for those whose metadata is computed.

        Args:
            locations: folders of revision files. A missing one is empty.
            recursive: read subfolders, too.
            sourceless: read byte code whose source is missing, too.
            cache: use and keep the index beside the byte code.
            import_context: makes a context manager that is active while a script is executed.
            named_by: the configuration that names the folders, for the error message.

        Raises:
            FileError: there is no script directory, or a file cannot be read.
            ScriptError: a file is not a revision, or its metadata is wrong.
            HistoryError: the history is broken.

        Example:
            ``ScriptDirectory.load([Path("migrations/versions")]).graph.heads``
        """
        read: list[RevisionFile | None] = []
        revisions = read_revisions(
            locations,
            recursive=recursive,
            sourceless=sourceless,
            cache=cache,
            import_context=import_context,
            named_by=named_by,
            read=read,
        )
        graph = RevisionGraph(revisions)
        known = [file for file in read if file is not None]
        if known and len(known) == len(read):
            keep_heads(locations, known, graph)
        return cls([Path(location) for location in locations], graph)


def read_revisions(
    locations: Sequence[Path],
    *,
    recursive: bool = False,
    sourceless: bool = False,
    cache: bool = True,
    import_context: ImportContext | None = None,
    named_by: Path | None = None,
    problems: list[AsyncmigError] | None = None,
    read: list[RevisionFile | None] | None = None,
) -> list[Revision]:
    """Read the revisions of some folders, in the order of their files, without making a graph.

    Args:
        locations: as for ``ScriptDirectory.load``, like the other arguments.
        recursive: read subfolders, too.
        sourceless: read byte code, too.
        cache: use and write the index.
        import_context: active while a script is executed.
        named_by: the configuration that names the folders.
        problems: a list for the errors of single files, which are left out; None raises the first.
        read: a list for the files; None for one that must be read again next time.
    """
    refuse_missing(locations, named_by=named_by)
    revisions: list[Revision] = []
    seen: set[str] = set()
    for location in locations:
        folder = Path(location).resolve()
        index = RevisionIndex(folder) if cache else None
        for file in list_folder(folder, recursive=recursive, sourceless=sourceless):
            if file.path in seen:
                continue
            seen.add(file.path)
            try:
                found = _read(file, index, import_context)
            except (RevisionError, FileError) as error:
                if problems is None:
                    raise
                problems.append(error)
            else:
                if isinstance(found, Revision):
                    revisions.append(found)
            if read is not None:
                read.append(file if index is not None and file in index else None)
        if index is not None:
            index.save()
    return revisions


def _read(
    file: RevisionFile, index: RevisionIndex | None, import_context: ImportContext | None
) -> Revision | Verdict:
    found = index.get(file) if index is not None else Verdict.UNREAD
    if found is not Verdict.UNREAD:
        return found
    from asyncmig.revisions.files.read import read_file, run_for_metadata

    found = read_file(file.path)
    if index is not None:
        index.put(file, found)
    if found is Verdict.COMPUTED:
        return run_for_metadata(file.path, import_context)
    return found
