"""Hints for errors of PostgreSQL in a migration, by SQLSTATE: the likely cause, and the cure.

One row for each cause that can be told apart from what is known of the failure: the server's message,
the directive, the direction, and the statements before it. The rows are also the page ``docs/sqlstates.md``,
and a test provokes each of them on a server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["HINTS", "ErrorHint", "Failure", "hint_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is known of a statement that the server refused.

    Attributes:
        sqlstate: of the error.
        message: the server's, in its language.
        server_hint: the server's own hint.
        sql: the statement.
        directive: the ``op`` member that made it.
        downgrade: the revision is being reverted.
        revision: its id.
        earlier: statements of the same phase that ran before.
        empty_history: the version table was empty before the run.
    """

    sqlstate: str
    message: str = ""
    server_hint: str | None = None
    sql: str = ""
    directive: str | None = None
    downgrade: bool = False
    revision: str = ""
    earlier: Sequence[str] = ()
    empty_history: bool = False

    @property
    def name(self) -> str | None:
        """The object that the message names in quotes."""
        found = re.search(r'"([^"]+)"', self.message)
        return found[1].rpartition(".")[2] if found else None

    def earlier_statement(self, verb: str) -> bool:
        """Whether a statement before it begins with the verb and has the name of the object."""
        name = self.name
        return name is not None and any(
            re.match(rf"\s*{verb}\b", sql, re.IGNORECASE)
            and re.search(rf'(?<!\w)"?{re.escape(name)}"?(?!\w)', sql)
            for sql in self.earlier
        )


def _always(_: Failure) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorHint:
    """One cause of an error.

    Attributes:
        sqlstate: five characters.
        condition: PostgreSQL's name of it (appendix A of its manual).
        cause: for the page; empty for the only one.
        applies: whether a failure has this cause; the first row that applies is used.
        text: the hint; ``{name}``, ``{revision}`` and ``{using}`` are filled in. None is the server's own.
    """

    sqlstate: str
    condition: str
    cause: str = ""
    applies: Callable[[Failure], bool] = _always
    text: str | None


def _row(
    sqlstate: str,
    condition: str,
    text: str | None,
    *,
    cause: str = "",
    applies: Callable[[Failure], bool] = _always,
) -> ErrorHint:
    return ErrorHint(
        sqlstate=sqlstate, condition=condition, cause=cause, applies=applies, text=text
    )


def _says(text: str) -> Callable[[Failure], bool]:
    return lambda failure: text in failure.message


def _exists(sqlstate: str, condition: str) -> tuple[ErrorHint, ...]:
    return (
        _row(
            sqlstate,
            condition,
            "the revision creates {name} twice: remove one of the statements",
            cause="an earlier statement of the revision creates it",
            applies=lambda failure: failure.earlier_statement("CREATE|ALTER"),
        ),
        _row(
            sqlstate,
            condition,
            "it exists, and the version table was empty: if this database was built without "
            "asyncmig, stamp the "
            "revision that describes its schema (`asyncmig stamp`), then upgrade",
            cause="no revision was applied before",
            applies=lambda failure: failure.empty_history and not failure.downgrade,
        ),
        _row(
            sqlstate,
            condition,
            "{name} exists, and no earlier statement of this phase created it: drop or rename it, "
            "or, if it is what the "
            "revision wants, create it only if it does not exist",
            cause="something else created it",
        ),
    )


def _missing(sqlstate: str, condition: str, extra: str) -> tuple[ErrorHint, ...]:
    return (
        _row(
            sqlstate,
            condition,
            "an earlier statement of this revision drops {name}: change their order",
            cause="an earlier statement of the revision drops it",
            applies=lambda failure: failure.earlier_statement("DROP|ALTER"),
        ),
        _row(
            sqlstate,
            condition,
            "the upgrade of {revision} did not leave {name} behind, or it was changed by hand: "
            "correct the "
            "downgrade, or drop it only if it exists",
            cause="a downgrade",
            applies=lambda failure: failure.downgrade,
        ),
        _row(sqlstate, condition, extra, cause="it does not exist, or not where it is looked for"),
    )


_DATA = (
    "rows in the table break the constraint: correct them in an earlier revision, or in this one before "
    "the statement"
)
_CONCURRENT = "other sessions work on the same rows or tables; run it again when they are done"

HINTS: tuple[ErrorHint, ...] = (
    _row(
        "0A000",
        "feature_not_supported",
        "drop the view before the change and create it again after it",
        cause="a view or rule uses the column",
        applies=_says("used by a view or rule"),
    ),
    _row(
        "0A000",
        "feature_not_supported",
        "install the extension's files on the server (a package such as postgresql-contrib), "
        "then run it again",
        cause="an extension that is not installed on the server",
        applies=_says("is not available"),
    ),
    _row("0A000", "feature_not_supported", None, cause="anything else"),
    _row("21000", "cardinality_violation", "a subquery returned several rows where one is allowed"),
    _row(
        "22001",
        "string_data_right_truncation",
        "values are longer than the type allows: shorten them first, or cast them with postgresql_using",
    ),
    _row(
        "22003", "numeric_value_out_of_range", "values do not fit into the type: use a larger one"
    ),
    _row("22007", "invalid_datetime_format", "a value is not a date or time: correct it first"),
    _row(
        "22008", "datetime_field_overflow", "a value is not a valid date or time: correct it first"
    ),
    _row("22012", "division_by_zero", "a row has a zero divisor: exclude it with NULLIF(x, 0)"),
    _row(
        "22P02",
        "invalid_text_representation",
        "a value cannot be read as the type: correct it first, or convert it with postgresql_using",
    ),
    _row(
        "23502",
        "not_null_violation",
        "rows have no value for it: give it a server_default, or add it with nullable=True, "
        "fill it, and then "
        "alter_column(..., nullable=False)",
        cause="a column added without a default",
        applies=lambda failure: failure.directive == "add_column",
    ),
    _row(
        "23502",
        "not_null_violation",
        "rows have no value for it: fill them before the statement",
        cause="existing rows, or an INSERT",
    ),
    _row("23503", "foreign_key_violation", _DATA),
    _row("23505", "unique_violation", _DATA),
    _row("23514", "check_violation", _DATA),
    _row("23P01", "exclusion_violation", _DATA),
    _row(
        "25001",
        "active_sql_transaction",
        "it cannot run inside a transaction block: put it into `with op.autocommit():`, or a "
        "`-- phase: autocommit` section",
    ),
    _row(
        "25006",
        "read_only_sql_transaction",
        "the server is read-only (a standby?): migrate on the primary",
    ),
    _row(
        "25P02",
        "in_failed_sql_transaction",
        "an earlier statement failed and the script caught its error: use a savepoint around what may fail",
    ),
    _row("2BP01", "dependent_objects_still_exist", None),
    _row(
        "2D000",
        "invalid_transaction_termination",
        "a procedure that commits cannot be called inside a transaction: put the CALL into "
        "`with op.autocommit():`, or a `-- phase: autocommit` section",
    ),
    _row("3F000", "invalid_schema_name", "create the schema first: op.create_schema(...)"),
    _row("40001", "serialization_failure", _CONCURRENT),
    _row("40P01", "deadlock_detected", _CONCURRENT),
    _row(
        "42501",
        "insufficient_privilege",
        "grant the privilege, or set `role` to the owner of the objects",
    ),
    _row("42601", "syntax_error", "correct the SQL at the position that is shown"),
    *_missing(
        "42703",
        "undefined_column",
        "check the spelling of the column, and whether an earlier revision creates it",
    ),
    *_missing(
        "42704",
        "undefined_object",
        "create it first, or the extension that has it (CREATE EXTENSION); a type in another "
        "schema needs its schema",
    ),
    *_exists("42701", "duplicate_column"),
    *_exists("42710", "duplicate_object"),
    *_exists("42723", "duplicate_function"),
    *_exists("42P06", "duplicate_schema"),
    *_exists("42P07", "duplicate_table"),
    *_missing(
        "42P01",
        "undefined_table",
        "check its name; if it is in a schema outside the search_path, give schema=..., or set "
        "search_path in the "
        "configuration",
    ),
    _row(
        "42804",
        "datatype_mismatch",
        "the default cannot be converted: drop it first (alter_column with "
        "server_default=None), change the type, "
        "then set a default of the new type",
        cause="the default of the column",
        applies=_says("default for column"),
    ),
    _row(
        "42804",
        "datatype_mismatch",
        "the values cannot be converted automatically: give alter_column postgresql_using={using}",
        cause="the values of the column",
        applies=lambda failure: (
            "cannot be cast automatically" in failure.message and " USING " not in failure.sql
        ),
    ),
    _row("42804", "datatype_mismatch", None, cause="anything else"),
    _row(
        "42830",
        "invalid_foreign_key",
        "the referenced columns need a unique constraint or a primary key",
    ),
    _row(
        "42846",
        "cannot_coerce",
        "PostgreSQL has no such cast: write an expression that converts the values, in postgresql_using",
    ),
    _row(
        "42809",
        "wrong_object_type",
        "the object is of another kind, such as a view in place of a table: use the directive of that kind",
    ),
    _row(
        "42883",
        "undefined_function",
        "create the function first, or the extension that has it; check the types of its arguments",
    ),
    _row("42P16", "invalid_table_definition", None),
    _row(
        "42P17",
        "invalid_object_definition",
        "expressions in indexes, generated columns and partition keys may only call functions "
        "that are IMMUTABLE",
        cause="a function that is not immutable",
        applies=_says("IMMUTABLE"),
    ),
    _row("42P17", "invalid_object_definition", None, cause="anything else"),
    _row("53100", "disk_full", "the server's disk is full"),
    _row(
        "53200",
        "out_of_memory",
        "one transaction takes more locks than the server has room for: raise "
        "max_locks_per_transaction, or divide "
        "the revision into several",
        cause="the lock table",
        applies=lambda failure: "max_locks_per_transaction" in (failure.server_hint or ""),
    ),
    _row("53200", "out_of_memory", None, cause="anything else"),
    _row(
        "53300",
        "too_many_connections",
        "raise max_connections, or end sessions that are not needed",
    ),
    _row("54011", "too_many_columns", "a table has at most 1,600 columns, dropped ones included"),
    _row("55000", "object_not_in_prerequisite_state", None),
    _row(
        "55006",
        "object_in_use",
        "rows were changed in this transaction and their deferred triggers are pending: run SET "
        "CONSTRAINTS ALL "
        "IMMEDIATE before the statement, or put it into a revision of its own",
        cause="pending trigger events",
        applies=_says("pending trigger events"),
    ),
    _row(
        "55006",
        "object_in_use",
        "end the sessions that use it, then run it again",
        cause="other sessions",
        applies=_says("being accessed by other"),
    ),
    _row("55006", "object_in_use", None, cause="anything else"),
    _row(
        "55P03",
        "lock_not_available",
        "another session held the lock for longer than lock_timeout: let it finish or end it, "
        "or raise "
        "lock_timeout or lock_retries",
    ),
    _row(
        "55P04",
        "unsafe_new_enum_value_usage",
        "the label is added and used in one transaction: add it with op.add_enum_value, or "
        "commit it first in "
        "`with op.autocommit():`",
    ),
    _row(
        "57014",
        "query_canceled",
        "the statement was cancelled because of statement_timeout: raise it for this script",
        cause="statement_timeout",
        applies=_says("statement timeout"),
    ),
    _row(
        "57014",
        "query_canceled",
        "another session cancelled it with pg_cancel_backend",
        cause="pg_cancel_backend",
        applies=_says("user request"),
    ),
    _row("57014", "query_canceled", None, cause="anything else"),
    _row(
        "P0001",
        "raise_exception",
        "a function, trigger or DO block raised this; see its source",
    ),
)

_BY_STATE: dict[str, list[ErrorHint]] = {}
for _one in HINTS:
    _BY_STATE.setdefault(_one.sqlstate, []).append(_one)


def hint_for(failure: Failure) -> str | None:
    """The hint of the first cause that applies; the server's own where there is none.

    Example:
        >>> hint_for(Failure(sqlstate="53100"))
        "the server's disk is full"
    """
    for row in _BY_STATE.get(failure.sqlstate, ()):
        if row.applies(failure):
            if row.text is None:
                return failure.server_hint
            using = re.search(r'USING (.+)"', failure.server_hint or "")
            return row.text.format(
                name=failure.name or "it",
                revision=failure.revision,
                using=f'"{using[1]}"' if using else '"..."',
            )
    return failure.server_hint
