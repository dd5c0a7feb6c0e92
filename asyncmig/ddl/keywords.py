"""Misspelled keywords of directives that take any keyword, for those of other databases."""

from __future__ import annotations

import inspect
import warnings
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from asyncmig.config.files.source import nearest
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.facade import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["OTHER_DATABASES", "check_keywords"]

_PREFIX = "postgresql_"

OTHER_DATABASES = ("mysql_", "mariadb_", "mssql_", "oracle_", "sqlite_")
"""The prefixes of keywords that have no effect on PostgreSQL."""

_OF_ALEMBIC = ("existing_", "modify_", "insert_", "_")
"""The prefixes of keywords that Alembic passes through, and of private ones."""

_BUILT: Mapping[str, type] = {
    "create_table": Table,
    "drop_table": Table,
    "create_index": Index,
    "drop_index": Index,
    "create_primary_key": PrimaryKeyConstraint,
    "create_unique_constraint": UniqueConstraint,
    "create_foreign_key": ForeignKeyConstraint,
    "create_check_constraint": CheckConstraint,
    "create_exclude_constraint": ExcludeConstraint,
}
"""The class of SQLAlchemy to which a directive passes its keywords."""


_TAKEN: Mapping[str, tuple[str, ...]] = {
    "alter_column": ("postgresql_using",),
    "create_exclude_constraint": (
        "deferrable",
        "info",
        "initially",
        "ops",
        "schema",
        "using",
        "where",
    ),
}
"""Keywords that no signature shows."""


def check_keywords(operation: MigrateOperation, *, of_alembic: bool = False) -> None:
    """Refuse a keyword that is similar to one of the directive, and that would have no effect.

    Args:
        operation: of a script.
        of_alembic: the script is written for Alembic, which ignores such a keyword: the history must run as
            it did, so only a warning tells of it.

    Raises:
        DirectiveError: a keyword is misspelled.
    """
    given = {**getattr(operation, "kw", {}), **getattr(operation, "table_kw", {})}
    directive = operation.directive
    if not given or not hasattr(Operations, directive):
        return
    known = _known(directive)
    for name in given:
        if name in known or name.startswith((*OTHER_DATABASES, *_OF_ALEMBIC)):
            continue
        if name in _of_postgresql():
            continue  # of another kind of object, or of a later SQLAlchemy, which says so
        # a common prefix would make any two keywords similar
        plain = {each.removeprefix(_PREFIX): each for each in sorted(known, reverse=True)}
        near = nearest(name.removeprefix(_PREFIX), plain)
        if near is None:
            continue
        problem, hint = f"op.{directive} has no keyword {name}", f"did you mean '{plain[near]}'?"
        if not of_alembic:
            raise directive_error(problem, hint=hint, directive=directive)
        if directive != "alter_column":  # its compilation warns of every keyword that has no effect
            warnings.warn(f"{problem}, and Alembic ignores it; {hint}", stacklevel=2)


@cache
def _known(directive: str) -> frozenset[str]:
    """The keywords of a directive, and of the class to which it passes the others."""
    known = set(inspect.signature(getattr(Operations, directive)).parameters)
    built = _BUILT.get(directive)
    if built is not None:
        known.update(inspect.signature(built.__init__).parameters)  # type: ignore[misc]  # only its signature is read
    for kind, names in PGDialect.construct_arguments or ():
        if built is not None and issubclass(built, kind):
            known.update(_PREFIX + name for name in names)
    known.update(_TAKEN.get(directive, ()))
    return frozenset(known - {"self", "args", "kw", "kwargs", "dialect_kw"})


@cache
def _of_postgresql() -> frozenset[str]:
    """The keywords of PostgreSQL's dialect, for any kind of object."""
    return frozenset(
        _PREFIX + name for _, names in PGDialect.construct_arguments or () for name in names
    )
