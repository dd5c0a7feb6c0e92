"""``Settings``: all settings as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from asyncmig.config.lint_settings import LintSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.errors import ConfigError

__all__ = [
    "SSL_MODES",
    "InvalidUrl",
    "PostWriteHook",
    "RevisionFormat",
    "Settings",
    "TransactionMode",
]

TransactionMode = Literal["revision", "all"]
RevisionFormat = Literal["python", "sql"]
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


def _unmapped() -> Mapping[str | None, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWriteHook:
    """A program that runs over a new revision file.

    Attributes:
        name: its section.
        type: ``console_scripts``, ``exec``, ``module``, or the name of a runner that the caller of
            ``render.run_post_write_hooks`` passes.
        entrypoint: a console script's name, a program, or a module.
        options: arguments as one string; ``REVISION_SCRIPT_FILENAME`` is the path of the file.
        cwd: its working directory; None is the current one.
        extra: its other keys, for custom runners.
    """

    name: str
    type: str
    entrypoint: str
    options: str = ""
    cwd: str | None = None
    extra: Mapping[str, str] = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class InvalidUrl:
    """A URL that its file gives wrongly, for example with a variable that is not set.

    Most commands need no URL, so reading the settings does not fail; a command that needs it raises
    ``error``.
    """

    error: ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, with their defaults.

    Times are in seconds; None means no limit. ``url`` holds a password: it is left out of ``repr`` and of
    every message. It is kept as written: most commands need no database, so only
    ``config.database_url(settings)`` parses it and raises an error about it.
    """

    # where
    url: str | InvalidUrl | None = field(default=None, repr=False)
    url_source: str | None = None
    script_location: Path = Path("migrations")
    version_locations: tuple[Path, ...] = ()
    recursive_version_locations: bool = False
    sourceless: bool = False
    prepend_sys_path: tuple[Path, ...] = ()
    target_metadata: str | tuple[str, ...] | None = None
    hooks: str | None = None
    plugins: tuple[str, ...] = ()
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
    lock_retries: int = 10
    statement_timeout: float | None = None
    safe_rewrites: bool = False
    backfill_batch_time: float = 0.1
    backfill_batch_size: int = 1000
    backfill_largest_batch: int = 100_000
    backfill_replica_lag: float | None = 10.0
    backfill_archive_queue: int = 42
    backfill_pause_for_vacuum: bool = True
    backfill_busy_percent: int = 5
    wait_for_transactions: float = 0.0
    connect_timeout: float = 10.0
    command_timeout: float | None = None
    statement_cache_size: int = 0
    sslmode: str | None = None
    sslrootcert: Path | None = None
    sslcert: Path | None = None
    sslkey: Path | None = None
    wait_for_database: float = 0.0
    role: str | None = None
    search_path: str | None = None
    application_name: str = "asyncmig"
    connect_args: Mapping[str, object] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    psycopg2_compat: bool = False
    tag: str | None = None
    x: Mapping[str, str | tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )

    # new revision files
    revision_format: RevisionFormat = "python"
    file_template: str = "%(rev)s_%(slug)s"
    timezone: str | None = None
    truncate_slug_length: int = 40
    output_encoding: str = "utf-8"
    revision_environment: bool = False
    post_write_hooks: tuple[PostWriteHook, ...] = ()

    # comparing, for autogenerate
    compare_type: bool = True
    compare_server_default: bool = True
    include_schemas: bool = False
    concurrent_indexes: bool = False
    schema_translate_map: Mapping[str | None, str] = field(default_factory=_unmapped)
    shadow_url: str | InvalidUrl | None = field(default=None, repr=False)
    shadow_cache: bool = True
    managed_entities: tuple[str, ...] = ()

    # lint
    lint: LintSettings = field(default_factory=LintSettings)

    # the file's other keys, as written: users' own options
    extra: Mapping[str, str] = field(default_factory=_empty, repr=False)

    @property
    def valid_url(self) -> str | None:
        """The URL as written; None where there is none, or an ``InvalidUrl``."""
        return None if isinstance(self.url, InvalidUrl) else self.url

    @property
    def version_paths(self) -> tuple[Path, ...]:
        """The folders that hold revision files."""
        return self.version_locations or (self.script_location / "versions",)
