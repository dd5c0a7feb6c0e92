"""The frozen settings that every part of asyncmig reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

__all__ = ["PostWriteHook", "Settings", "TransactionMode"]

TransactionMode = Literal["revision", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWriteHook:
    """One program that runs over a revision file that was just written.

    Attributes:
        name: its section.
        type: ``console_scripts``, ``exec`` or ``module``.
        entrypoint: a console script's name, a program, or a module.
        options: arguments as one string; ``REVISION_SCRIPT_FILENAME`` stands for the file.
        cwd: where it runs; None is the current folder.
    """

    name: str
    type: str
    entrypoint: str
    options: str = ""
    cwd: str | None = None


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, with its default.

    Times are in seconds; None means no limit of ours. ``url`` holds a password: it is left out of
    ``repr`` and of every message.
    """

    # where
    url: str | None = field(default=None, repr=False)
    script_location: Path = Path("migrations")
    version_locations: tuple[Path, ...] = ()
    recursive_version_locations: bool = False
    sourceless: bool = False
    prepend_sys_path: tuple[Path, ...] = ()
    target_metadata: str | None = None
    hooks: str | None = None
    config_path: Path | None = None
    section: str | None = None
    databases: tuple[str, ...] = ()

    # bookkeeping
    version_table: str = "alembic_version"
    version_table_schema: str | None = None
    version_table_pk: bool = True
    journal: bool = True
    journal_table: str = "asyncmig_journal"

    # execution
    transaction: TransactionMode = "revision"
    transactional_ddl: bool = True
    lock: bool = True
    lock_wait: float | None = 600.0
    lock_timeout: float | None = 5.0
    statement_timeout: float | None = None
    connect_timeout: float = 10.0
    command_timeout: float | None = None
    wait_for_database: float = 0.0
    role: str | None = None
    search_path: str | None = None
    application_name: str = "asyncmig"
    connect_args: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    tag: str | None = None
    x: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    # new revision files
    file_template: str = "%(rev)s_%(slug)s"
    timezone: str | None = None
    truncate_slug_length: int = 40
    output_encoding: str = "utf-8"
    revision_environment: bool = False
    post_write_hooks: tuple[PostWriteHook, ...] = ()

    # comparing (autogenerate)
    compare_type: bool = True
    compare_server_default: bool = True
    include_schemas: bool = False

    # the file's other keys, as written: users' own options
    extra: Mapping[str, str] = field(default_factory=_empty)

    @property
    def version_paths(self) -> tuple[Path, ...]:
        """The folders that hold revision files."""
        return self.version_locations or (self.script_location / "versions",)
