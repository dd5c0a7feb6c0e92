"""Operations to SQL, one module a kind of object. Importing any of them registers all functions."""

from importlib import import_module
from pkgutil import iter_modules

from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.compiler import compile_operation

__all__ = ["CompiledSql", "compile_operation"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
