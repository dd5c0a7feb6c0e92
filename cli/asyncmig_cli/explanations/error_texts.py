"""What each type of error means, and what to do about it: a paragraph for each class."""

from typing import Final

__all__ = ["TEXTS"]

TEXTS: Final[dict[str, str]] = {
    "AsyncmigError": (
        "The root of all errors of asyncmig. `except asyncmig.AsyncmigError` catches each of them; "
        "what is raised has one of the types below."
    ),
    "ConfigError": (
        "The configuration names something that cannot be used: a module that cannot be imported, a "
        "plugin that is not installed, an unknown rule. The message has the name, and the file and "
        "line where it is written. `asyncmig explain` and [the settings](configuration.md) describe "
        "what is possible."
    ),
    "ConfigNotFoundError": (
        "No configuration was found. asyncmig looks for `asyncmig.toml`, for `[tool.asyncmig]` or "
        "`[tool.alembic]` in `pyproject.toml`, and for `alembic.ini`, in the current folder. Change "
        "to the folder of the project, give the file with `-c`, or write one with `asyncmig init`."
    ),
    "ConfigKeyError": (
        "A key of the configuration is unknown, its value has the wrong type, or it refers to an "
        "environment variable that is not set. [The settings](configuration.md) lists all keys; "
        "unknown keys are errors, so that a misspelled one is not ignored."
    ),
    "EnvFileError": (
        "The project has an `env.py`, which is executed, and it raised an error or ended the process. "
        "The message has the line. Run `asyncmig --raiseerr` for the traceback; [How env.py is "
        "executed](env-execution.md) says what is different from Alembic."
    ),
    "UrlError": (
        "There is no URL of a database, or it cannot be read. Set `ASYNCMIG_URL` or `DATABASE_URL`, "
        "write `url` in the configuration, or pass it to `Migrator`. The command also takes `--url`, "
        "and `--embedded` runs a private server."
    ),
    "RevisionError": (
        "Something is wrong with the script directory, or with a revision that a command names. The "
        "types below say what."
    ),
    "RevisionNotFoundError": (
        "No revision has this id, and no branch this label. Or the database is at a revision that the "
        "script directory does not have: newer code has migrated it, or a file was not committed."
    ),
    "AmbiguousRevisionError": (
        "The start of an id matches several revisions. Write more characters of it."
    ),
    "MultipleHeadsError": (
        "`head` means the newest revision, and there are several, for example after two branches in "
        "version control were merged. `heads` means all of them; `asyncmig merge heads` joins them."
    ),
    "TargetError": (
        "The target of a command cannot be parsed, or there is no way to it from the current "
        "revisions: an upgrade to an older revision, a downgrade to one that is not applied, more "
        "steps than there are."
    ),
    "HistoryError": (
        "The history of revisions is inconsistent: a cycle, an id that two files have, a parent that "
        "no file defines. `asyncmig validate` lists all faults."
    ),
    "ScriptError": (
        "The file of a revision, a template or a hook cannot be read, imported or executed. The "
        "message has file and line, and the error of Python."
    ),
    "PlanError": (
        "The steps cannot be planned, or a plan does not apply any more, because the database was "
        "changed since it was made."
    ),
    "DirectiveError": (
        "A directive (`op.*`) cannot become SQL: an operation that PostgreSQL does not have, an "
        "argument that contradicts another, a value without a literal."
    ),
    "NeedsDatabaseError": (
        "A script reads from the database, and the command has none: `--sql`, or a plan without a "
        "connection. Run the revision with a database."
    ),
    "IrreversibleError": (
        "A revision on the way has no downgrade. Nothing was run. Write one, or restore a backup."
    ),
    "DatabaseError": (
        "PostgreSQL reported an error. The message has its text; `asyncmig explain SQLSTATE` says "
        "more."
    ),
    "ConnectionFailedError": (
        "There is no connection to the server: it is not running, the name or the port is wrong, the "
        "login is refused, or it has no free connection. `wait_for_database` waits for a server that "
        "is starting."
    ),
    "StatementFailedError": (
        "PostgreSQL refused a statement of a revision, and nothing of the revision was committed. "
        "Revisions before it are committed. Correct the cause and run the same command again. [Errors "
        "of PostgreSQL](sqlstates.md) lists causes by SQLSTATE."
    ),
    "PartiallyAppliedError": (
        "PostgreSQL refused a statement, and earlier phases of its revision are committed, or the "
        "statement has left something behind, such as an invalid index. The journal has recorded "
        "which: correct the cause and run the same command again, and it continues there. `asyncmig "
        "status` shows the state. The exit code is 5."
    ),
    "BackfillError": (
        "A backfill failed or was cancelled, or a revision requires one that is not done. Its batches "
        "are committed, with the position: `asyncmig backfill list` shows it, and `asyncmig backfill "
        "resume` continues it."
    ),
    "LockNotAcquiredError": (
        "Another runner held the migration lock for longer than `lock_wait` (600 s). One runner "
        "migrates at a time. The message names the session that holds the lock: let it finish, or end "
        "it if it is stuck. The exit code is 4."
    ),
    "ConnectionLostError": (
        "The connection was lost during the run, and the runner's lock with it. What was committed is "
        "recorded: run the same command again."
    ),
    "PoolingError": (
        "A proxy such as PgBouncer gives each transaction another server process, so a lock of the "
        "session has no effect. Give the URL of the server itself, or pool by session."
    ),
    "UnexpectedStateError": (
        "The version table or the journal does not have the rows that this run expects: another "
        "program has written them during the run. Run one migration tool at a time, and look at "
        "`asyncmig log`."
    ),
    "NotCurrentError": (
        "Revisions are pending where none may be: a service starts in mode `check` or `wait`, or a "
        "command was asked to check. Run `asyncmig upgrade` first. The exit code is 3."
    ),
    "FileError": (
        "A file or folder cannot be read or written. The message has the path and the reason of the "
        "operating system."
    ),
    "RefusedModelsError": (
        "PostgreSQL or SQLAlchemy refuses to create an object of the models, so it cannot be compared "
        "with the database. Each refused object is named; the other objects are compared."
    ),
    "UsageError": (
        "The command line is wrong: an unknown option, a missing argument, two options that exclude "
        "each other. `asyncmig COMMAND --help` shows what is possible. The exit code is 2."
    ),
    "InterruptedRunError": (
        "A signal ended the run. The open transaction was rolled back, and the lock was released: run "
        "the same command again. The exit code is 130 (SIGINT) or 143 (SIGTERM)."
    ),
}
