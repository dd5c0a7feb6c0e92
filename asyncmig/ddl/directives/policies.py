"""Row-level security as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.directives.policies import (
    CreatePolicyOp,
    DisableRlsOp,
    DropPolicyOp,
    EnableRlsOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_policy", "disable_rls", "drop_policy", "enable_rls"]


@generate_sql.register(CreatePolicyOp)
def create_policy(operation: CreatePolicyOp, compilation: Compilation) -> Iterator[str]:
    """CREATE POLICY."""
    yield join_words(
        f"CREATE POLICY {compilation.quote(operation.policy_name)}",
        f"ON {compilation.qualified(operation.table_name, operation.schema)}",
        not operation.permissive and "AS RESTRICTIVE",
        f"FOR {operation.command.upper()}",
        f"TO {compilation.roles(operation.roles)}",
        operation.using is not None and f"USING ({operation.using})",
        operation.check is not None and f"WITH CHECK ({operation.check})",
    )


@generate_sql.register(DropPolicyOp)
def drop_policy(operation: DropPolicyOp, compilation: Compilation) -> Iterator[str]:
    """DROP POLICY."""
    table = compilation.qualified(operation.table_name, operation.schema)
    yield compilation.drop(
        "POLICY", f"{compilation.quote(operation.policy_name)} ON {table}", operation
    )


@generate_sql.register(EnableRlsOp)
def enable_rls(operation: EnableRlsOp, compilation: Compilation) -> Iterator[str]:
    """ENABLE ROW LEVEL SECURITY, and FORCE with ``force``."""
    table = compilation.alter_table(operation.table_name, operation.schema)
    yield f"{table} ENABLE ROW LEVEL SECURITY"
    if operation.force:
        yield f"{table} FORCE ROW LEVEL SECURITY"


@generate_sql.register(DisableRlsOp)
def disable_rls(operation: DisableRlsOp, compilation: Compilation) -> Iterator[str]:
    """DISABLE ROW LEVEL SECURITY, and NO FORCE with ``force``."""
    table = compilation.alter_table(operation.table_name, operation.schema)
    if operation.force:
        yield f"{table} NO FORCE ROW LEVEL SECURITY"
    yield f"{table} DISABLE ROW LEVEL SECURITY"
