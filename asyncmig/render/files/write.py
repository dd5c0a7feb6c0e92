"""Writing a new revision file."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import ConfigError, ConfigKeyError, FileError, ScriptError
from asyncmig.render.files.file_name import creation_date, file_name
from asyncmig.render.files.revision_id import check_branch_label, check_revision_id
from asyncmig.render.files.text import check_python, python_text, sql_text

if TYPE_CHECKING:
    from os import PathLike

    from asyncmig.config.settings import Settings
    from asyncmig.render.files.new_revision import NewRevision

__all__ = ["write_revision"]


def write_revision(settings: Settings, new: NewRevision) -> Path:
    """Write a new revision file; ``new`` has its parents.

    The template is ``revision.py.template`` (``revision.sql.template``) of the script directory, else
    its ``script.py.mako``, else that of asyncmig. Post-write hooks are not run.

    Returns:
        the file's absolute path.

    Raises:
        ScriptError: the id or a label is not valid, the template has an error, or the text is not a
            revision.
        ConfigError: a setting for file names or the version location is not valid.
        FileError: the file exists or cannot be written. Facts: ``path``.
    """
    check_revision_id(new.rev_id)
    for label in new.branch_labels:
        check_branch_label(label)
    as_sql = settings.revision_format == "sql" if new.as_sql is None else new.as_sql
    created = creation_date(settings) if new.created is None else new.created
    folder = _version_location(settings, new.version_path)
    ending = ".sql" if as_sql else ".py"
    path = folder / file_name(settings, new.rev_id, new.message or "", created, ending)
    new = replace(
        new,
        message=(new.message or "").strip() or "empty message",
        created=created,
        upgrades=new.upgrades.strip("\n"),
        downgrades=new.downgrades.strip("\n"),
    )
    content = sql_text(settings, new) if as_sql else python_text(settings, new)
    encoded = _encode(settings, content)
    if not as_sql:
        check_python(path, encoded, new)
    _create(path, encoded)
    return path


def _version_location(settings: Settings, given: str | PathLike[str] | None) -> Path:
    locations = [path.absolute() for path in settings.version_paths]
    listed = ", ".join(map(str, locations))
    if given is None:
        if len(locations) == 1:
            return locations[0]
        raise ConfigError(
            "there are several version locations and none is chosen",
            hint=f"give --version-path, one of: {listed}",
        )
    bases = [Path.cwd(), *([settings.config_path.parent] if settings.config_path else [])]
    for base in bases:
        path = Path(base.absolute(), given)
        for location in locations:
            below = settings.recursive_version_locations and path.is_relative_to(location)
            if path == location or below:
                return path
    raise ConfigError(
        f"'{given}' is not one of the version locations",
        hint=f"the version locations are: {listed}; add it to version_locations first",
    )


def _encode(settings: Settings, text: str) -> bytes:
    encoding = settings.output_encoding
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ConfigKeyError(
            f"output_encoding: there is no encoding '{encoding}'",
            hint='leave it at "utf-8"',
            path=settings.config_path,
            key="output_encoding",
        ) from None
    try:
        return text.encode(name)
    except UnicodeEncodeError as error:
        wrong = text[error.start]
        raise ScriptError(
            f"the revision contains {wrong!r}, which {encoding} cannot encode",
            hint='set output_encoding = "utf-8"',
        ) from None


def _create(path: Path, content: bytes) -> None:
    """Create the file; after an error nothing of it is left, and no file is overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            try:
                file.write(content)
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        if not path.exists():
            # a file has the name of the folder
            raise FileError(
                f"{path.parent} is not a folder", hint="move that file away", path=str(path.parent)
            ) from error
        raise FileError(
            f"{path} already exists",
            hint="use another message or --rev-id, or a file_template with %(rev)s in it",
            path=str(path),
        ) from error
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {FileError.reason(error)}",
            hint=f"check that the folder {path.parent} may be written to",
            path=str(path),
        ) from error
