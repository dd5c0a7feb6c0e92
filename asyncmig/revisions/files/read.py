"""Reading one revision file, whatever its language, and running those that compute what they are."""

from __future__ import annotations

from io import FileIO
from typing import TYPE_CHECKING

from asyncmig.errors import FileError
from asyncmig.revisions.files.fields import FIELDS
from asyncmig.revisions.files.python_metadata import decode, read_metadata, revision_from
from asyncmig.revisions.graph.revision import Verdict

if TYPE_CHECKING:
    from asyncmig.revisions.files.import_script import ImportContext
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["read_file", "read_source", "run_for_metadata"]


def read_source(path: str) -> bytes:
    """What a file holds.

    Raises:
        FileError: it cannot be read.
    """
    try:
        with FileIO(path) as file:  # a Path for each of thousands of files would take as long again
            return file.readall()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror}",
            hint="was it moved or deleted a moment ago, and may you read it?",
            path=path,
        ) from error


def read_file(path: str) -> Revision | Verdict:
    """What a file says of itself, without running it.

    Raises:
        FileError: it cannot be read.
        ScriptError: it is no revision, or its metadata is unusable.
    """
    if path.endswith(".py"):
        return read_metadata(read_source(path), path)
    if path.endswith(".sql"):
        from asyncmig.revisions.files.sql_file import read_sql_metadata

        return read_sql_metadata(decode(read_source(path), path), path) or Verdict.NO_REVISION
    return Verdict.COMPUTED


def run_for_metadata(path: str, import_context: ImportContext | None = None) -> Revision:
    """Run a script to learn its metadata.

    Raises:
        ScriptError: it raises, is no revision, or its metadata is unusable.
    """
    from asyncmig.revisions.files.import_script import forget_module, import_script

    module, _ = import_script(path, import_context=import_context)
    forget_module(module.__name__, id(module))
    values = {name: vars(module)[name] for name in FIELDS if name in vars(module)}
    return revision_from(values, module.__doc__, path)
