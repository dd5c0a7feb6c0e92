"""Objects that an ``env.py`` hands over, as the names by which a configuration file can have them."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["imported_modules", "is_of_file", "module_of_function", "name_of_metadata"]


def name_of_metadata(metadata: Any, env: Path) -> str | None:
    """``module:name`` of a MetaData, by the imports of the file that has it; None where none fits."""
    for name in _candidates(env):
        if _value(name) is metadata:
            return name
    return None


def is_of_file(function: Any, path: Path) -> bool:
    """True when a function is defined in this file."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename == str(path)


def module_of_function(function: Any, name: str) -> str | None:
    """The module that has this function under this name."""
    module = str(getattr(function, "__module__", None) or "")
    return module if getattr(sys.modules.get(module), name, None) is function else None


def imported_modules(env: Path) -> tuple[str, ...]:
    """The modules that a file imports at its top level, in order."""
    found = []
    for statement in _tree(env).body:
        if isinstance(statement, ast.Import):
            found += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found.append(statement.module)
    return tuple(dict.fromkeys(found))


def _candidates(env: Path) -> Iterator[str]:
    """What the file's imported names may be called by others, the likeliest spelling first."""
    for node in ast.walk(_tree(env)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    module = sys.modules.get(node.module)
                    names = list(getattr(module, "__all__", None) or vars(module or ast))
                else:
                    names = [alias.name]
                for name in names:
                    yield from _spellings(node.module, name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                for name in list(vars(sys.modules.get(alias.name, ast))):
                    yield from _spellings(alias.name, name)


def _spellings(module: str, name: str) -> Iterator[str]:
    inner = f"{module}.{name}"
    if inner in sys.modules:
        for each in list(vars(sys.modules[inner])):
            yield f"{inner}:{each}"
            yield f"{inner}:{each}.metadata"
    yield f"{module}:{name}"
    yield f"{module}:{name}.metadata"


def _value(spelled: str) -> Any:
    module, _, names = spelled.partition(":")
    value: Any = sys.modules.get(module)
    for name in names.split("."):
        if value is None or name.startswith("__"):
            return None
        value = vars(value).get(name) if isinstance(value, type(ast)) else _attribute(value, name)
    return value


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - an application's object may do anything when it is asked
        return None


def _tree(path: Path) -> ast.Module:
    return tree_of(path.read_bytes())
