"""Privileges as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import as_list, generate_sql, join_words
from asyncmig.operations.directives.grants import GrantOp, RevokeOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["grant", "revoke"]


@generate_sql.register(GrantOp)
def grant(operation: GrantOp, compilation: Compilation) -> Iterator[str]:
    """GRANT."""
    yield join_words(
        f"GRANT {_privileges(operation)} ON {_objects(operation, compilation)}",
        f"TO {compilation.roles(operation.roles)}",
        operation.with_grant_option and "WITH GRANT OPTION",
    )


@generate_sql.register(RevokeOp)
def revoke(operation: RevokeOp, compilation: Compilation) -> Iterator[str]:
    """REVOKE."""
    yield join_words(
        "REVOKE",
        operation.grant_option_only and "GRANT OPTION FOR",
        f"{_privileges(operation)} ON {_objects(operation, compilation)}",
        f"FROM {compilation.roles(operation.roles)}",
        operation.cascade and "CASCADE",
    )


def _privileges(operation: GrantOp | RevokeOp) -> str:
    """The privileges in capitals; column names in parentheses as they are."""
    texts = []
    for privilege in as_list(operation.privileges):
        verb, parenthesis, columns = privilege.partition("(")
        texts.append(verb.upper() + parenthesis + columns)
    return ", ".join(texts)


def _objects(operation: GrantOp | RevokeOp, compilation: Compilation) -> str:
    names = []
    for name in as_list(operation.object_name):
        plain, parenthesis, arguments = name.partition("(")
        names.append(compilation.qualified(plain, operation.schema) + parenthesis + arguments)
    return f"{operation.kind.upper()} {', '.join(names)}"
