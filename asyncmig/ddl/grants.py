"""Rights as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import listed, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.directives.grants import GrantOp, RevokeOp

__all__ = ["grant", "revoke"]


def grant(operation: GrantOp, compilation: Compilation) -> Iterator[str]:
    """GRANT."""
    yield words(
        f"GRANT {_privileges(operation)} ON {_objects(operation, compilation)}",
        f"TO {compilation.roles(operation.roles)}",
        operation.with_grant_option and "WITH GRANT OPTION",
    )


def revoke(operation: RevokeOp, compilation: Compilation) -> Iterator[str]:
    """REVOKE."""
    yield words(
        "REVOKE",
        operation.grant_option_only and "GRANT OPTION FOR",
        f"{_privileges(operation)} ON {_objects(operation, compilation)}",
        f"FROM {compilation.roles(operation.roles)}",
        operation.cascade and "CASCADE",
    )


def _privileges(operation: GrantOp | RevokeOp) -> str:
    """The privileges in capitals; column names in parentheses as they are."""
    texts = []
    for privilege in listed(operation.privileges):
        verb, parenthesis, columns = privilege.partition("(")
        texts.append(verb.upper() + parenthesis + columns)
    return ", ".join(texts)


def _objects(operation: GrantOp | RevokeOp, compilation: Compilation) -> str:
    names = []
    for name in listed(operation.object_name):
        plain, parenthesis, arguments = name.partition("(")
        names.append(compilation.qualified(plain, operation.schema) + parenthesis + arguments)
    return f"{operation.kind.upper()} {', '.join(names)}"
