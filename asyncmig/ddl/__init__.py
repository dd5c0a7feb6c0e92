"""Operations become SQL text, one file per object kind."""

from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.compiler import compile_operation

__all__ = ["CompiledSql", "compile_operation"]
