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


_BEGINNING = 1 << 16
"""Bytes of a SQL file in which its header is looked for first: the file may be a dump of gigabytes."""


def read_source(path: str, size: int = -1) -> bytes:
    """The content of a file, or its first ``size`` bytes.

    Raises:
        FileError: it cannot be read.
    """
    try:
        with FileIO(path) as file:  # opening by Path takes twice as long, for thousands of files
            return file.read(size)
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

        return read_sql_metadata(_sql_header(path), path) or Verdict.NO_REVISION
    return Verdict.COMPUTED


def _sql_header(path: str) -> str:
    """The beginning of a SQL file with its header in it."""
    from asyncmig.revisions.files.sql_file import ends_header

    source = read_source(path, _BEGINNING)
    if len(source) == _BEGINNING:
        text = decode(source[: source.rfind(b"\n") + 1], path)
        if ends_header(text):
            return text
        source = read_source(path)
    return decode(source, path)


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
