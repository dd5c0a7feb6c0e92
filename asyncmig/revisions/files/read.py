"""Reads the metadata of a revision file, Python or SQL; executes scripts whose metadata is computed."""

from __future__ import annotations

from io import FileIO
from pathlib import Path
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
    """The content of a file.

    Raises:
        FileError: it cannot be read.
    """
    try:
        with FileIO(path) as file:  # opening by Path takes twice as long, for thousands of files
            return file.readall()
    except OSError as error:
        link = Path(path)
        if link.is_symlink() and not link.exists():
            raise FileError(
                f"{path} is a link to {link.readlink()}, which does not exist",
                hint="restore the file, or delete the link",
                path=path,
            ) from error
        raise FileError(
            f"{path} cannot be read: {error.strerror}",
            hint="check that it still exists, and that you may read it",
            path=path,
        ) from error


def read_file(path: str) -> Revision | Verdict:
    """The metadata of a file, without executing it.

    Raises:
        FileError: it cannot be read.
        ScriptError: it is not a revision, or its metadata is wrong.
    """
    if path.endswith(".py"):
        return read_metadata(read_source(path), path)
    if path.endswith(".sql"):
        from asyncmig.revisions.files.sql_file import read_sql_metadata

        return read_sql_metadata(decode(read_source(path), path), path) or Verdict.NO_REVISION
    return Verdict.COMPUTED


def run_for_metadata(path: str, import_context: ImportContext | None = None) -> Revision:
    """Execute a script to get its metadata.

    Raises:
        ScriptError: it raises, is not a revision, or its metadata is wrong.
    """
    from asyncmig.revisions.files.import_script import forget_module, import_script

    module, _ = import_script(path, import_context=import_context)
    forget_module(module.__name__, id(module))
    values = {name: vars(module)[name] for name in FIELDS if name in vars(module)}
    return revision_from(values, module.__doc__, path)
