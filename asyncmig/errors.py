"""Every error that asyncmig raises.

::

    AsyncmigError
    ├── ConfigError                  the settings cannot be used
    │   ├── ConfigNotFoundError      no configuration file where one was expected
    │   ├── ConfigKeyError           an unknown key, a wrong type, a missing interpolation
    │   ├── EnvFileError             an env.py that raised, or ended the run
    │   └── UrlError                 the database URL is missing, malformed or not PostgreSQL's
    ├── RevisionError                the script directory or a target expression
    │   ├── RevisionNotFoundError    no revision of that name
    │   ├── AmbiguousRevisionError   a partial id that fits several revisions
    │   ├── MultipleHeadsError       "head" where the history has several
    │   ├── TargetError              a target that cannot be reached or read
    │   ├── HistoryError             a cycle, a duplicate, a dangling reference
    │   └── ScriptError              a script that cannot be read, imported or run
    ├── PlanError                    a plan that cannot be made
    │   ├── DirectiveError           a directive that cannot become SQL
    │   ├── NeedsDatabaseError       a script reads from the database and there is none
    │   └── IrreversibleError        a downgrade that is not written
    ├── DatabaseError                PostgreSQL, or the way to it
    │   ├── ConnectionFailedError    no server, wrong password, unknown database ...
    │   ├── StatementFailedError     a statement of a script failed
    │   │   └── PartiallyAppliedError  ... and earlier phases of its revision stand committed
    │   ├── LockNotAcquiredError     another runner held the lock for too long
    │   ├── ConnectionLostError      the connection that held the lock is gone
    │   ├── PoolingError             a proxy gives every transaction another server process
    │   └── UnexpectedStateError     the version table is not what the run left there
    ├── NotCurrentError              pending revisions where there should be none
    └── FileError                    a file or folder that cannot be read or written

An error's text is one line, ``str(error)``; ``hint`` says what to do next; ``fields()`` are its facts
for machines. None of them carries a password.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AmbiguousRevisionError",
    "AsyncmigError",
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
        message: what is wrong and where, one line, lower case.
        hint: what to do next.
        facts: the error's fields, kept as attributes of the same name and given by ``fields()``.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self._facts = facts

    def fields(self) -> dict[str, object]:
        """The facts of this error, ready for JSON."""
        return {name: _plain(value) for name, value in self._facts.items()}

    def add_facts(self, **facts: object) -> None:
        """Facts that only a caller of what raised it knows."""
        self._facts.update(facts)

    def __getattr__(self, name: str) -> object:
        facts = self.__dict__.get("_facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

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
    """The settings cannot be used."""


class ConfigNotFoundError(ConfigError):
    """There is no configuration file where one was expected."""


class ConfigKeyError(ConfigError):
    """A key is unknown, has the wrong type, or its interpolation names nothing.

    Facts: ``path``, ``key`` and, where one is near, ``nearest``.
    """


class EnvFileError(ConfigError):
    """The project's ``env.py`` raised an error, or ended the run. Facts: ``path``, ``line``, ``status``.

    ``status`` is the exit code that ``sys.exit()`` was given, where the file called it.
    """


class UrlError(ConfigError):
    """The database URL is missing, malformed, or another database's."""


class RevisionError(AsyncmigError):
    """The script directory or a target expression is wrong."""


class RevisionNotFoundError(RevisionError):
    """No revision has that name. Facts: ``revision``, ``nearest``."""


class AmbiguousRevisionError(RevisionError):
    """A partial id fits several revisions. Facts: ``revision``, ``candidates``."""


class MultipleHeadsError(RevisionError):
    """``head`` was asked for and there are several. Facts: ``heads``."""


class TargetError(RevisionError):
    """A target expression cannot be read, or cannot be reached from here. Facts: ``target``."""


class HistoryError(RevisionError):
    """The history itself is broken: a cycle, a duplicate id or label, a dangling reference."""


class ScriptError(RevisionError):
    """A revision script cannot be read, imported or run. Facts: ``path``, ``line``, ``revision``.

    Attributes:
        needs_running_script: ``op`` or ``context`` was used where no script runs.
    """

    needs_running_script = False


class PlanError(AsyncmigError):
    """No plan can be made."""


class DirectiveError(PlanError):
    """A directive cannot become SQL: an unknown operation, a value without a literal.

    Facts: ``directive``, ``origin``.
    """


class NeedsDatabaseError(PlanError):
    """A script reads from the database where there is none. Facts: ``revision``, ``origin``."""


class IrreversibleError(PlanError):
    """A revision has no downgrade. Facts: ``revision``, ``path``, ``line``."""


class DatabaseError(AsyncmigError):
    """PostgreSQL said no, or could not be reached. Facts: ``sqlstate`` where the server gave one."""


class ConnectionFailedError(DatabaseError):
    """No connection could be made."""


class StatementFailedError(DatabaseError):
    """A statement of a script failed and nothing of its revision stands.

    Facts: ``revision``, ``origin`` (``file:line``), ``directive``, ``sql``, ``sqlstate``, ``detail``,
    ``server_hint``, ``position`` (1-based character in ``sql``), ``applied`` (revisions of this run
    that stand committed), ``phase`` (index of the failed phase); after tries that failed on a lock also
    ``attempts`` and ``blockers`` (who stood in the way of the last one, one text each).
    """


class PartiallyAppliedError(StatementFailedError):
    """A statement failed after earlier phases of the same revision were committed."""

    exit_code = 5


class LockNotAcquiredError(DatabaseError):
    """Another runner held the lock for longer than ``lock_wait``. Facts: ``holder``, ``waited``."""

    exit_code = 4


class ConnectionLostError(DatabaseError):
    """The migrating connection, and with it the runner's lock, is gone. Facts: ``applied``."""


class PoolingError(DatabaseError):
    """A proxy between us and PostgreSQL pools by transaction: a session's lock would protect nothing.

    Facts: ``applied`` where revisions of this run stand.
    """


class UnexpectedStateError(DatabaseError):
    """The version table does not hold what this run left there. Facts: ``expected``, ``found``."""


class NotCurrentError(AsyncmigError):
    """Revisions are pending where none may be. Facts: ``current``, ``pending``."""

    exit_code = 3


class FileError(AsyncmigError):
    """A file or folder cannot be read or written. Facts: ``path``."""
