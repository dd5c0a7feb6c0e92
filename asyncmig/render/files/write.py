"""Writing a new revision file."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import ConfigError, ConfigKeyError, FileError, ScriptError
from asyncmig.render.files.file_name import creation_date, file_name
from asyncmig.render.files.revision_id import check_branch_label, check_revision_id
from asyncmig.render.files.text import NewRevision, check_python, python_text, sql_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from asyncmig.config.settings import Settings

__all__ = ["write_revision"]


def write_revision(
    settings: Settings,
    *,
    revision: str,
    message: str | None = None,
    down_revisions: Sequence[str] = (),
    branch_labels: Sequence[str] = (),
    depends_on: Sequence[str] = (),
    version_path: str | Path | None = None,
    sql: bool | None = None,
    upgrades: str = "",
    downgrades: str = "",
    imports: Iterable[str] = (),
    create_date: datetime | None = None,
    template_args: Mapping[str, object] | None = None,
) -> Path:
    """Write a new revision file; what its parents are is the caller's to know.

    The template is the script directory's own ``revision.py.template`` (``revision.sql.template``),
    else its ``script.py.mako``, else ours. Post-write hooks are not run here.

    Args:
        settings: where and how.
        revision: the id, see ``new_revision_id``.
        message: one line or more; the first names the file.
        down_revisions: what it stands on; several make a merge, none a base.
        branch_labels: new labels.
        depends_on: ids or labels that must be applied before.
        version_path: one of the version locations, or with recursive ones a folder below.
        sql: a SQL file; None is ``settings.revision_format``.
        upgrades: the body of ``upgrade``, not indented; empty for ``pass``.
        downgrades: likewise.
        imports: whole lines.
        create_date: None is now, in ``settings.timezone``.
        template_args: more names, for Mako templates.

    Returns:
        the file's absolute path.

    Raises:
        ScriptError: the id or a label cannot be used, the template is at fault, or the text it
            gives is no revision.
        ConfigError: a key that names files is at fault, or the version location is.
        FileError: the file exists or cannot be written. Facts: ``path``.
    """
    check_revision_id(revision)
    for label in branch_labels:
        check_branch_label(label)
    as_sql = settings.revision_format == "sql" if sql is None else sql
    ending = ".sql" if as_sql else ".py"
    made = creation_date(settings) if create_date is None else create_date
    text = message if message and message.strip() else "empty message"
    folder = _version_location(settings, version_path)
    path = folder / file_name(settings, revision, message or "", made, ending)
    new = NewRevision(
        revision=revision,
        message=text.strip(),
        down_revisions=tuple(down_revisions),
        branch_labels=tuple(branch_labels),
        depends_on=tuple(depends_on),
        created=made,
        upgrades=upgrades.strip("\n"),
        downgrades=downgrades.strip("\n"),
        imports="\n".join(imports),
    )
    content = sql_text(settings, new) if as_sql else python_text(settings, new, template_args or {})
    encoded = _encode(settings, content)
    if not as_sql:
        check_python(path, encoded, new)
    _create(path, encoded)
    return path


def _version_location(settings: Settings, given: str | Path | None) -> Path:
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
        hint=f"there are: {listed}; add it to version_locations first",
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
            f"the revision holds {wrong!r}, which {encoding} cannot write",
            hint='set output_encoding = "utf-8"',
        ) from None


def _create(path: Path, content: bytes) -> None:
    """Whole or not at all, and never over another file."""
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
            # The folder could not be made: a file stands in its place.
            raise FileError(
                f"{path.parent} is not a folder", hint="move that file away", path=str(path.parent)
            ) from error
        raise FileError(
            f"{path} exists already",
            hint="take another message or --rev-id, or a file_template with %(rev)s in it",
            path=str(path),
        ) from error
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {_reason(error)}",
            hint=f"check that the folder {path.parent} may be written to",
            path=str(path),
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
