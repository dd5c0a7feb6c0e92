"""A plan as one script for psql, with the same statements and bookkeeping as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.execution.work_units import StandaloneStatement, Transaction, frame_step
from asyncmig.plan.rewrites.notes import rewrite_notes
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.plan.model import Plan, Step
    from asyncmig.sql.statement import Statement

__all__ = ["offline_script", "write_transaction"]


def offline_script(
    plan: Plan,
    books: Bookkeeping,
    *,
    create_tables: bool,
    one_transaction: bool = False,
    inside: bool = False,
) -> str:
    """The whole script.

    The statements of the migrations come first: the journal is created in the transaction of its first row,
    behind the statements of the phase. Where they change settings of the session (``search_path``, the
    role), it is created before them, as in a run.

    Args:
        plan: recorded with ``offline=True``.
        books: the version table and the journal.
        create_tables: begin by creating the version table: the plan starts from nothing.
        one_transaction: no COMMIT between steps where PostgreSQL allows it.
        inside: it is a part of a script in which a transaction is open, and stays so.
    """
    lines = _lines(plan, books, create_tables, one_transaction=one_transaction, inside=inside)
    script = "\n".join(lines) + "\n"
    secret = any(statement.shown != statement.sql for step in plan for statement in step.statements)
    warning = "-- this file holds passwords or keys in plain text\n" if secret else ""
    return f"-- run with: psql --set ON_ERROR_STOP=1 --file THIS_FILE\n{warning}\n{_reading(script)}{script}"


def write_transaction(statements: Sequence[str]) -> str:
    """A few statements in one transaction."""
    script = "\n".join(["BEGIN;", "", *_terminated(statements), "COMMIT;", ""])
    return f"{_reading(script)}{script}"


def _reading(script: str) -> str:
    """The settings that psql and the server need to read the script."""
    # else psql takes a file for one in the encoding of the database
    encoding = "" if script.isascii() else "SET client_encoding = 'UTF8';\n\n"
    return encoding + ("SET standard_conforming_strings = on;\n\n" if "\\" in script else "")


def _lines(
    plan: Plan, books: Bookkeeping, create_tables: bool, *, one_transaction: bool, inside: bool
) -> Iterator[str]:
    if not inside:
        yield "BEGIN;"
        yield ""
    one_transaction = one_transaction or inside
    is_open = True
    if create_tables:
        yield from _terminated([books.version.create(plan.revisions, if_missing=True)])
    yield from _terminated([books.version.require(plan.current)])
    setup = _journal_setup(books)
    if setup and (not plan.steps or _changes_settings(plan.steps[0])):
        yield from setup
        setup = []
    if not (one_transaction and plan.steps) and not inside:
        yield "COMMIT;"
        yield ""
        is_open = False
    for step in plan:
        announced = False
        for unit in frame_step(step, books):
            match unit:
                case Transaction():
                    if not is_open:
                        yield "BEGIN;"
                        yield ""
                        is_open = True
                    if not announced:
                        yield from _announce(step)
                        announced = True
                    for part in unit.fragments:
                        if setup and part.statement is None:
                            # before the first row, and behind the statements that it records
                            yield from setup
                            setup = []
                        yield from _notes(part.statement)
                        yield from _statement(
                            part.sql, part.statement.copy_data if part.statement else None
                        )
                    if not one_transaction:
                        yield "COMMIT;"
                        yield ""
                        is_open = False
                case StandaloneStatement():
                    if is_open:
                        yield "COMMIT;"
                        yield ""
                        is_open = False
                    if not announced:
                        yield from _announce(step)
                        announced = True
                    yield from _notes(unit.statement)
                    yield from _statement(unit.statement.sql, unit.statement.copy_data)
    if is_open and not inside:
        yield "COMMIT;"
        yield ""


def _journal_setup(books: Bookkeeping) -> list[str]:
    """The creation of the journal, if there is one, with a comment for the reader of the script."""
    if books.journal is None:
        return []
    first, *others = _terminated(books.journal.create())
    return [
        f"-- the journal of asyncmig: what has run (--no-journal leaves it out)\n{first}",
        *others,
    ]


def _changes_settings(step: Step) -> bool:
    """Whether statements before the journal's first row may say where, or in which role, it is created."""
    return any(
        classify(statement.sql).verb.partition(" ")[0] in {"SET", "RESET"}
        or "set_config" in statement.sql.lower()
        for statement in step.phases[0].statements
    )


def _announce(step: Step) -> Iterator[str]:
    below = ", ".join(step.down_revisions)
    message = f", {step.message}" if step.message else ""
    arrow = (
        f"{below} -> {step.revision}"
        if step.direction == "upgrade"
        else f"{step.revision} -> {below}"
    )
    yield f"-- Running {step.direction} {arrow}{message}"
    yield ""


def _notes(statement: Statement | None) -> Iterator[str]:
    if statement is not None:
        yield from (f"-- {note}" for note in rewrite_notes(statement))


def _terminated(statements: Sequence[str]) -> Iterator[str]:
    for sql in statements:
        yield from _statement(sql)


def _statement(sql: str, copy_data: str | None = None) -> Iterator[str]:
    # a statement may end in a line comment, which would swallow the semicolon
    ending = "\n;" if "--" in sql.rpartition("\n")[2] else ";"
    yield f"{sql}{ending}"
    if copy_data is not None:
        # the very next line is the first row, and an empty line is a row, too
        yield f"{copy_data}\\."
    yield ""
