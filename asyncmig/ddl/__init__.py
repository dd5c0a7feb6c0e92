"""Operations to SQL."""

import asyncmig.ddl.directives  # noqa: F401  # registers the functions
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.compiler import compile_operation

__all__ = ["CompiledSql", "compile_operation"]
