"""What a command asks of an ``env.py``, and what one call of ``run_migrations()`` in it brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Mapping

    from asyncmig.database.connections import Database
    from asyncmig.events import Event

__all__ = ["EnvMigration", "EnvRequest", "Visit", "command_options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvRequest:
    """One command.

    Attributes:
        command: its name, as ``config.cmd_opts.cmd[0].__name__`` tells it.
        revision: the target, as it was written: ``context.get_revision_argument()``.
        starting: where an offline script starts.
        offline: a script for psql is written.
        reading: nothing is changed: what ``env.py`` itself would change is left out, and named.
        tag: of the run.
        options: more of ``config.cmd_opts``.
        attributes: for ``config.attributes``.
        config: the configuration object, where the caller has one; None makes one of the settings.
    """

    command: str
    revision: str | tuple[str, ...] | None = None
    starting: str | None = None
    offline: bool = False
    reading: bool = False
    tag: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    config: Any = None


@dataclass(slots=True, kw_only=True)
class EnvMigration:
    """One call of ``run_migrations()``.

    Attributes:
        options: what ``configure()`` was given so far.
        keywords: what ``run_migrations()`` was given, for ``upgrade`` and ``downgrade``.
        config: the configuration object.
        emit: receives events, from any thread.
        url: the database's, which may hold a password.
        url_source: where that was written.
        schema_translate_map: that of the connection.
        psycopg2_compat: whether scripts find psycopg2's habits.
        limits: time limits that the file has set, in milliseconds.
        inside: whether it runs inside a transaction of the file's; offline, of the script's.
        may_be_undone: the file keeps that transaction, to roll it back for a dry run.
        database: the connection; None offline.
        rolled_back: set when the file has undone the transaction that it ran in.
        changed: to be set by who runs it: something was changed.
    """

    options: Mapping[str, Any]
    keywords: Mapping[str, Any]
    config: Any
    emit: Callable[[Event], None]
    url_source: str | None = None
    url: str | None = field(default=None, repr=False)
    schema_translate_map: Mapping[str | None, str | None] = field(default_factory=dict)
    psycopg2_compat: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)
    inside: bool = False
    may_be_undone: bool = False
    database: Database | None = None
    rolled_back: bool = False
    changed: bool = False


Visit: TypeAlias = "Callable[[EnvMigration], Awaitable[str | None]]"
"""Does the command's work on one database; offline it gives the script."""


def command_options(request: EnvRequest, given: Namespace | None) -> Namespace:
    """``config.cmd_opts``: the arguments of the command line, with Alembic's names."""
    from argparse import Namespace

    def function(*_: Any, **__: Any) -> None:
        """Stands for Alembic's function of the command, of which ``env.py`` reads the name."""

    function.__name__ = function.__qualname__ = request.command
    values = dict(vars(given)) if given is not None else {}
    revision = request.revision
    if request.starting is not None:
        revision = f"{request.starting}:{revision}"
    values |= {
        "cmd": (function, ["revision"], ["sql", "tag"]),
        "revision": list(revision) if isinstance(revision, tuple) else revision,
        "revisions": list(revision) if isinstance(revision, tuple) else [revision],
        "sql": request.offline,
        "tag": request.tag,
        **request.options,
    }
    return Namespace(**values)
