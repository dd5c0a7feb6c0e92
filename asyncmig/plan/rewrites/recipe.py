"""The safe form of an operation as text, for people who write it into their script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.plan.rewrites.facts import DatabaseFacts, ScriptFacts
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.plan.rewrites.registry import safe_form
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
from asyncmig.sql.backfills.parse import backfill_mark
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["recipe", "safe_phases"]


def safe_phases(
    operation: MigrateOperation, database: DatabaseFacts | None = None
) -> SafeForm | NotRewritten | None:
    """The safe form of an operation on a table that exists before the plan.

    Args:
        operation: of a directive, or made from parsed SQL.
        database: the facts of a database; None without one.

    Returns:
        None for an operation that needs no other form.
    """
    dialect = MigrationDialect()
    facts = ScriptFacts(database or DatabaseFacts(), NewRelations().for_script(""))
    return safe_form(operation, dialect, facts)


def recipe(operation: MigrateOperation, database: DatabaseFacts | None = None) -> str | None:
    """The safe form of an operation as SQL, with a comment before each phase.

    Args:
        operation: of a directive, or made from parsed SQL; its table exists before the plan.
        database: the facts of a database; None without one.

    Returns:
        None where there is none, or the plain form is safe.

    Example::

        >>> print(recipe(CreateCheckConstraintOp("ck_pages", "book", "pages > 0")))
        -- phase 1, in a transaction
        ALTER TABLE book ADD CONSTRAINT ck_pages CHECK (pages > 0) NOT VALID;
        -- phase 2, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT ck_pages;
    """
    form = safe_phases(operation, database)
    if not isinstance(form, SafeForm):
        return None
    dialect = MigrationDialect()
    lines: list[str] = []
    for number, phase in enumerate(form.phases, 1):
        compiled = [sql for inner in phase for sql in compile_operation(inner, dialect)]
        definitions = [sql.backfill for sql in compiled if sql.backfill is not None]
        alone = not all(classify(sql.sql).transactional for sql in compiled)
        kind = "outside of a transaction" if alone else "in a transaction of its own"
        if definitions:
            kind = "in batches"
        elif number == 1 and not alone:
            kind = "in a transaction"
        lines.append(f"-- phase {number}, {kind}")
        lines += map(backfill_mark, definitions)
        lines += [f"{sql.sql};" for sql in compiled]
    return "\n".join(lines)
