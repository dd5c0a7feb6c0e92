"""Keys of the script directory and of the files that are written into it."""

from __future__ import annotations

from asyncmig.config.keys.key import Key
from asyncmig.config.value_types import (
    BOOLEAN,
    DATABASES,
    FOLDERS,
    HOOKS,
    LOCATION,
    LOCATIONS,
    MODULE,
    NAMES,
    OBJECTS,
    TEXT,
    choice,
    integer,
)

__all__ = ["FILES_AND_FOLDERS", "NEW_REVISION_FILES"]

_FILES_AND_FOLDERS = "Files and folders"

_NEW_REVISION_FILES = "New revision files"

FILES_AND_FOLDERS: tuple[Key, ...] = (
    Key(
        name="script_location",
        kind=LOCATION,
        alembic="script_location",
        group=_FILES_AND_FOLDERS,
        also=("directory", "migrations", "migrations_path", "script_directory", "location"),
        doc="The script directory. Its folder `versions` contains the revision files, unless"
        " `version_locations` names others. It may contain custom templates.",
        default='"migrations"',
    ),
    Key(
        name="version_locations",
        kind=LOCATIONS,
        alembic="version_locations",
        group=_FILES_AND_FOLDERS,
        doc="The folders that contain revision files.",
        default="`<script_location>/versions`",
    ),
    Key(
        name="recursive_version_locations",
        kind=BOOLEAN,
        alembic="recursive_version_locations",
        group=_FILES_AND_FOLDERS,
        doc="Also read revision files in subfolders of the version locations; hidden folders are skipped.",
    ),
    Key(
        name="prepend_sys_path",
        kind=FOLDERS,
        alembic="prepend_sys_path",
        group=_FILES_AND_FOLDERS,
        also=("sys_path", "pythonpath", "python_path"),
        doc="Folders to insert at the front of `sys.path` before models, hooks or revisions are imported."
        " In Alembic's files there is no default.",
        default='`["."]`',
    ),
    Key(
        name="sourceless",
        kind=BOOLEAN,
        alembic="sourceless",
        group=_FILES_AND_FOLDERS,
        doc="Accept compiled revisions (`.pyc`) without a source file.",
    ),
    Key(
        name="target_metadata",
        kind=OBJECTS,
        group=_FILES_AND_FOLDERS,
        also=("metadata", "models"),
        doc="The models' `MetaData`, as `module:name`, for autogenerate and `check`."
        ' Several are a list: `["app.models:Base.metadata", "audit.models:metadata"]`.',
    ),
    Key(
        name="hooks",
        kind=MODULE,
        group=_FILES_AND_FOLDERS,
        doc="A module with functions of these names: `include_name`, `include_object`,"
        " `process_revision_directives`, `render_item`, `on_version_apply`, `throttle_backfill`.",
    ),
    Key(
        name="plugins",
        kind=NAMES,
        group=_FILES_AND_FOLDERS,
        doc="Installed plugins to use: they are imported before revisions and may add directives."
        " `asyncmig list_plugins` shows what is installed.",
        default="none",
    ),
    Key(
        name="databases",
        kind=DATABASES,
        alembic="databases",
        group=_FILES_AND_FOLDERS,
        per_database=False,
        doc="One table for each database, chosen with `-n NAME`; its keys override the common ones."
        " See [Several databases](#several-databases).",
        default="none",
    ),
)

NEW_REVISION_FILES: tuple[Key, ...] = (
    Key(
        name="revision_format",
        kind=choice("python", "sql"),
        group=_NEW_REVISION_FILES,
        doc="The format of new revisions; `--sql-file` overrides it.",
    ),
    Key(
        name="file_template",
        kind=TEXT,
        alembic="file_template",
        group=_NEW_REVISION_FILES,
        doc="The name of a new file, without its suffix. Tokens: `%(rev)s`, `%(slug)s`,"
        " `%(epoch)s`, `%(year)d`, `%(month).2d`, `%(day).2d`, `%(hour).2d`, `%(minute).2d`,"
        " `%(second).2d`."
        " A `/` creates folders, which need `recursive_version_locations`.",
    ),
    Key(
        name="timezone",
        kind=TEXT,
        alembic="timezone",
        group=_NEW_REVISION_FILES,
        doc="The time zone of the creation date and of `file_template`, such as `Europe/Berlin`.",
        default="local time",
    ),
    Key(
        name="truncate_slug_length",
        kind=integer(1),
        alembic="truncate_slug_length",
        group=_NEW_REVISION_FILES,
        doc="Maximum length of `%(slug)s` in characters; it is cut at the end of a word.",
    ),
    Key(
        name="output_encoding",
        kind=TEXT,
        alembic="output_encoding",
        group=_NEW_REVISION_FILES,
        doc="The encoding of new files.",
    ),
    Key(
        name="revision_environment",
        kind=BOOLEAN,
        alembic="revision_environment",
        group=_NEW_REVISION_FILES,
        doc="Alembic's projects: run `env.py` for every `revision`, not for `--autogenerate` only.",
    ),
    Key(
        name="post_write_hooks",
        kind=HOOKS,
        alembic="post_write_hooks",
        group=_NEW_REVISION_FILES,
        doc="Programs to run over a new file. See [Post-write hooks](#post-write-hooks).",
        default="none",
    ),
)
