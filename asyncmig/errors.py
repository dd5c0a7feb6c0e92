"""Every error that asyncmig raises.

::

    AsyncmigError
    ├── ConfigError                  the settings cannot be used
    │   ├── ConfigNotFoundError      no configuration file where one was expected
    │   ├── ConfigKeyError           an unknown key, a wrong type, an undefined variable
    │   ├── EnvFileError             an env.py that raised, or ended the run
    │   └── UrlError                 the database URL is missing, malformed or not PostgreSQL's
    ├── RevisionError                the script directory or a target expression
    │   ├── RevisionNotFoundError    no revision has that name
    │   ├── AmbiguousRevisionError   a partial id matches several revisions
    │   ├── MultipleHeadsError       "head" where the history has several
    │   ├── TargetError              a target that cannot be reached or parsed
    │   ├── HistoryError             a cycle, a duplicate, a dangling reference
    │   └── ScriptError              a script that cannot be read, imported or run
    ├── PlanError                    a plan that cannot be made
    │   ├── DirectiveError           a directive that cannot become SQL
    │   ├── NeedsDatabaseError       a script reads from a database in offline mode
    │   └── IrreversibleError        a revision without a downgrade
    ├── DatabaseError                PostgreSQL, or the connection to it
    │   ├── ConnectionFailedError    no server, wrong password, unknown database ...
    │   ├── StatementFailedError     a statement of a script failed
    │   │   └── PartiallyAppliedError  ... after earlier phases of its revision were committed
    │   ├── BackfillError            a backfill failed, was cancelled, or is not done where it has to be
    │   ├── LockNotAcquiredError     another runner held the lock for too long
    │   ├── ConnectionLostError      the connection that held the lock was lost
    │   ├── PoolingError             a proxy gives each transaction another server process
    │   └── UnexpectedStateError     the version table was changed by something else
    ├── RefusedModelsError           PostgreSQL or SQLAlchemy refuses objects of the models
    ├── NotCurrentError              revisions are pending where none may be
    └── FileError                    a file or folder that cannot be read or written

``str(error)`` is one line; ``hint`` says what to do next; ``id`` names a section of docs/errors.md. The
fields of a class are attributes with types, and ``fields()`` gives those that are known as plain data. None
of them contains a password.

>>> from asyncmig.errors import RevisionNotFoundError
>>> error = RevisionNotFoundError("no revision is called 'ae2'", revision="ae2", nearest=("ae1",))
>>> error.revision, error.nearest
('ae2', ('ae1',))
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AmbiguousRevisionError",
    "AsyncmigError",
    "BackfillError",
    "ConfigError",
    "ConfigKeyError",
    "ConfigNotFoundError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DatabaseError",
    "DirectiveError",
    "EnvFileError",
    "FileError",
    "HistoryError",
    "IrreversibleError",
    "LockNotAcquiredError",
    "MultipleHeadsError",
    "NeedsDatabaseError",
    "NotCurrentError",
    "PartiallyAppliedError",
    "PlanError",
    "PoolingError",
    "RefusedModelsError",
    "RevisionError",
    "RevisionNotFoundError",
    "ScriptError",
    "StatementFailedError",
    "TargetError",
    "UnexpectedStateError",
    "UrlError",
]


class AsyncmigError(Exception):
    """The root of the tree.

    Args:
        message: what is wrong and where: one line, lower case.
        hint: what to do next.
        fields: values of the fields that the class declares.

    Attributes:
        id: of the type, such as ``E0201``; it does not change, and ``asyncmig explain`` knows it.
        exit_code: the exit code of the command line.
        database: which of several databases failed.
        databases: the results of the other databases by name, where all of them were queried.
        failures: type, message and hint of each database that failed, likewise.
        rolled_back: revisions that ``deploy`` has downgraded after this error.
        address: the database of the run, ``host:port/name``.
        url_source: where the URL of that database was written.
        partial: the revision that a failed script has left partially applied.
        argument: the argument of the call that is wrong whatever the project and the database contain:
            ``name``, ``template`` ... The exit code is 2 then.
    """

    id: ClassVar[str] = "E0001"
    exit_code: ClassVar[int] = 1
    message: str
    hint: str | None
    database: str | None = None
    databases: Mapping[str, object] = MappingProxyType({})
    failures: Mapping[str, Mapping[str, str | None]] = MappingProxyType({})
    rolled_back: tuple[str, ...] = ()
    address: str | None = None
    url_source: str | None = None
    partial: str | None = None
    argument: str | None = None

    def __init__(self, message: str, *, hint: str | None = None, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self._fields: dict[str, object] = {}
        self.add_fields(**fields)

    def fields(self) -> dict[str, object]:
        """The fields that have a value, as plain data for JSON."""
        return {name: _plain(value) for name, value in self._fields.items()}

    def add_fields(self, **fields: object) -> None:
        """Set fields that are known only to a caller of the code that raised the error."""
        for name, value in fields.items():
            plain = str(value) if hasattr(value, "__fspath__") else value
            setattr(self, name, plain)
            self._fields[name] = plain

    def __str__(self) -> str:
        return self.message


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    to_dict = getattr(value, "to_dict", None)  # a result
    return to_dict() if callable(to_dict) else str(value)


class ConfigError(AsyncmigError):
    """The settings cannot be used.

    Attributes:
        path: the file at fault.
        line: its line, counted from 1.
        nearest: a known name like the unknown one.
        module: the module that cannot be imported.
        plugin: the plugin at fault; ``installed`` are the names of those that are there.
        name, value: the setting or option at fault, and its value.
        subject: the model object at fault.
        target: what a comparator was called with.
        mode: the unknown mode of a service's start.
        rule: the unknown rule of the linter.
    """

    id = "E0100"
    path: str | None = None
    line: int | None = None
    nearest: str | None = None
    module: str | None = None
    plugin: str | None = None
    installed: tuple[str, ...] = ()
    name: str | None = None
    value: object = None
    subject: str | None = None
    target: str | None = None
    mode: str | None = None
    rule: str | None = None


class ConfigNotFoundError(ConfigError):
    """There is no configuration file where one was expected."""

    id = "E0101"


class ConfigKeyError(ConfigError):
    """A key is unknown, has the wrong type, or refers to an undefined variable."""

    id = "E0102"
    key: str


class EnvFileError(ConfigError):
    """The project's ``env.py`` raised an error, or ended the run.

    Attributes:
        status: the exit code that the file gave to ``sys.exit()``.
    """

    id = "E0103"
    status: int | None = None


class UrlError(ConfigError):
    """The database URL is missing, malformed, or another database's.

    Attributes:
        source: where the URL was written, such as ``DATABASE_URL``.
        missing: True when there is no URL at all.
    """

    id = "E0104"
    source: str | None = None
    missing: bool = False


class RevisionError(AsyncmigError):
    """The script directory or a target expression is wrong."""

    id = "E0200"


class RevisionNotFoundError(RevisionError):
    """No revision has that name.

    Attributes:
        revision: the name.
        nearest: names like it, best first.
        current: True when it is a row of the version table.
    """

    id = "E0201"
    revision: str
    nearest: tuple[str, ...] = ()
    current: bool = False


class AmbiguousRevisionError(RevisionError):
    """A partial id matches several revisions: ``candidates``."""

    id = "E0202"
    revision: str
    candidates: tuple[str, ...]


class MultipleHeadsError(RevisionError):
    """``head`` was given and there are several ``heads``."""

    id = "E0203"
    heads: tuple[str, ...]
    target: str | None = None


class TargetError(RevisionError):
    """A target expression cannot be parsed, or cannot be reached from the current revisions.

    Attributes:
        target: the expression.
        current: the current revisions.
        overlapping: revisions of which one is an ancestor of another.
        candidates: the revisions that it may mean.
        nearest: a known name like the unknown one.
    """

    id = "E0204"
    target: str
    current: tuple[str, ...] = ()
    overlapping: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    nearest: str | None = None


class HistoryError(RevisionError):
    """The history is broken: a cycle, a duplicate id or label, a dangling reference.

    Attributes:
        revisions: the ids at fault.
        paths: their files.
        missing: the id that no file defines; ``nearest`` are names like it.
    """

    id = "E0205"
    revisions: tuple[str, ...]
    paths: tuple[str, ...] = ()
    missing: str | None = None
    nearest: tuple[str, ...] = ()


class ScriptError(RevisionError):
    """A revision script, template or hook cannot be read, imported or run.

    Attributes:
        path: the file.
        line: its line, counted from 1; ``text`` is what is written there.
        revision: the id.
        sql: the statement at fault.
        phase: the index of the phase at fault, from 0.
        hook: the post-write hook at fault; ``exit_status`` is the exit code of its program, and
            ``stderr`` what that wrote.
        label: the branch label at fault.
        nearest: a known name like the unknown one.
        needs_running_script: ``op`` or ``context`` was used where no script runs.
    """

    id = "E0206"
    needs_running_script: bool = False
    path: str | None = None
    line: int | None = None
    text: str | None = None
    revision: str | None = None
    sql: str | None = None
    phase: int | None = None
    hook: str | None = None
    exit_status: int | None = None
    stderr: str | None = None
    label: str | None = None
    nearest: str | None = None


class PlanError(AsyncmigError):
    """No plan can be made, or a plan does not apply any more.

    Attributes:
        revision: the revision at fault.
        origin: ``file:line`` of the directive at fault.
        current: the current revisions.
    """

    id = "E0300"
    revision: str | None = None
    origin: str | None = None
    current: tuple[str, ...] = ()


class DirectiveError(PlanError):
    """A directive cannot become SQL: an unknown operation, a value without a literal."""

    id = "E0301"
    directive: str | None = None


class NeedsDatabaseError(PlanError):
    """A script reads from the database in offline mode."""

    id = "E0302"


class IrreversibleError(PlanError):
    """A revision has no downgrade; ``path`` and ``line`` say where it is missing."""

    id = "E0303"
    path: str | None = None
    line: int | None = None


class DatabaseError(AsyncmigError):
    """PostgreSQL reported an error, or could not be reached.

    Attributes:
        sqlstate: the server's error code, where it gave one.
        detail, server_hint: the server's own.
        sql: the statement; ``position`` is the character that the server points to, from 1.
        subject: the model object that the statement builds; ``part`` is a part of it.
        blockers: the sessions that held the lock, one text each.
        applied: revisions of this run that are committed.
    """

    id = "E0400"
    sqlstate: str | None = None
    detail: str | None = None
    server_hint: str | None = None
    sql: str | None = None
    position: int | None = None
    subject: str | None = None
    part: str | None = None
    blockers: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()


class ConnectionFailedError(DatabaseError):
    """No connection could be made."""

    id = "E0401"


class StatementFailedError(DatabaseError):
    """A statement of a script failed, and nothing of its revision was committed.

    Attributes:
        revision: the id; ``direction`` is ``upgrade`` or ``downgrade``.
        phase: the index of the phase that failed, from 0.
        statement: the index of the statement in that phase, from 0, where it is known.
        origin: ``file:line`` of the directive; ``directive`` is its name.
        constraint, table, column: what the server names, where it does.
        attempts: how often the phase was tried, where it failed on a lock.
    """

    id = "E0402"
    revision: str
    direction: str | None = None
    phase: int | None = None
    statement: int | None = None
    origin: str | None = None
    directive: str | None = None
    constraint: str | None = None
    table: str | None = None
    column: str | None = None
    attempts: int | None = None


class PartiallyAppliedError(StatementFailedError):
    """A statement failed, and a part of its revision is committed or has left something behind."""

    id = "E0403"
    exit_code = 5


class BackfillError(DatabaseError):
    """A backfill failed, was cancelled, or is not done where it has to be.

    The batches before the error are committed, with the position from which the job continues.

    Attributes:
        backfill: the name of the job.
        state: of the job.
        key: of the row that the server refused, as text.
        rows: how many rows are changed.
        remaining: how many rows are left, as far as that is known.
    """

    id = "E0404"
    backfill: str | None = None
    state: str | None = None
    key: tuple[str, ...] = ()
    rows: int | None = None
    remaining: int | None = None


class LockNotAcquiredError(DatabaseError):
    """Another runner, ``holder``, held the lock for longer than ``lock_wait``; ``waited`` is in seconds.

    Or a script has freed the lock during the run, and another session holds it now.
    """

    id = "E0405"
    exit_code = 4
    holder: str | None = None
    waited: float | None = None


class ConnectionLostError(DatabaseError):
    """The migrating connection was lost, and the runner's lock with it."""

    id = "E0406"


class PoolingError(DatabaseError):
    """A proxy pools connections by transaction, where the runner's session lock has no effect."""

    id = "E0407"


class UnexpectedStateError(DatabaseError):
    """The version table does not have the rows that this run expects.

    Attributes:
        expected: the expected rows; empty where the journal is not as expected.
        found: the rows that it has, if they could be read.
        connected: the other sessions of the database, one text each.
    """

    id = "E0408"
    expected: tuple[str, ...] = ()
    found: tuple[str, ...] | None = None
    connected: tuple[str, ...] = ()


class RefusedModelsError(AsyncmigError):
    """PostgreSQL or SQLAlchemy refuses to create objects of the models, or declared entities.

    The other objects are compared.

    Attributes:
        refused: a ``RefusedObject`` for each.
        differences: a ``Difference`` for each difference of the other objects.
        subject, part, sql, position, sqlstate, server_hint: those of the first refused object.
    """

    id = "E0700"
    refused: tuple[object, ...] = ()
    differences: tuple[object, ...] = ()
    subject: str | None = None
    part: str | None = None
    sql: str | None = None
    position: int | None = None
    sqlstate: str | None = None
    server_hint: str | None = None


class NotCurrentError(AsyncmigError):
    """Revisions are pending where none may be; ``state`` is that of ``Status``."""

    id = "E0500"
    exit_code = 3
    current: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    state: str | None = None


class FileError(AsyncmigError):
    """A file or folder cannot be read or written; ``config`` is the configuration that names it."""

    id = "E0600"
    path: str | None = None
    config: str | None = None

    @staticmethod
    def reason(error: OSError) -> str:
        """What the operating system says, as the end of a message: ``permission denied``."""
        return (error.strerror or str(error)).lower()
