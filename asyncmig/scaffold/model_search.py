"""Finds the models of an application for ``init``, by reading its source code; nothing is imported."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FoundModels", "find_models"]

_MOST_FILES = 5_000
_MOST_BYTES = 1_000_000
_SKIPPED = frozenset(
    {"__pycache__", "build", "dist", "docs", "node_modules", "site-packages", "test", "tests"}
)
_SCRIPT_DIRECTORY_MARKS = ("env.py", "versions")


@dataclass(frozen=True, slots=True)
class FoundModels:
    """A ``MetaData`` of the application, and how ``target_metadata`` names it.

    Attributes:
        names: ``module:name``. More than one if the tables of a base class are defined in several modules
            and no module imports them all.
        sys_path: the folder from which the modules are imported, relative to the project.
    """

    names: tuple[str, ...]
    sys_path: str = "."


@dataclass(slots=True)
class _Module:
    """What one file defines.

    Attributes:
        name: its dotted name.
        bases: declarative base classes.
        metadata: names of ``MetaData`` objects.
        tables: the base classes of its models, as they are written there.
        classes: the base classes of its other classes, by the name of the class.
        imported: local names of imported objects, and the module and name that each comes from.
        imports: modules from which it imports something.
    """

    name: str
    bases: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    classes: dict[str, list[str]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)


def find_models(project: Path) -> tuple[FoundModels, ...]:
    """The ``MetaData`` objects in the source files of a project.

    It finds declarative base classes (``DeclarativeBase``, ``declarative_base()``), SQLModel tables, and
    ``MetaData`` objects where there is no base class. Tests, virtual environments, hidden folders and script
    directories are not read.

    Args:
        project: the folder of the configuration file.

    Returns:
        One for each base class or ``MetaData``; empty if there is none, or if the folder has more than 5,000
        Python files.
    """
    source = project / "src"
    roots = [("src", source)] if source.is_dir() else []
    for sys_path, root in (*roots, (".", project)):
        modules = _read_modules(root)
        found = tuple(
            FoundModels(names, sys_path)
            for names in (*_sqlmodel(modules), *_declarative(modules), *_plain(modules))
        )
        if found:
            return found
    return ()


def _declarative(modules: dict[str, _Module]) -> Iterator[tuple[str, ...]]:
    for module in modules.values():
        for base in module.bases:
            users = {
                one.name: local
                for one in modules.values()
                for local in one.tables
                if _origin(one, local, modules) == (module.name, base)
            }
            if len(users) > 1:
                users = _importer_of_all(users, (module.name, base), modules) or users
            where = users or {module.name: base}
            yield tuple(f"{name}:{local}.metadata" for name, local in sorted(where.items()))


def _importer_of_all(
    users: dict[str, str], base: tuple[str, str], modules: dict[str, _Module]
) -> dict[str, str]:
    """The shortest module that imports every user and the base class, with its name there."""
    for module in sorted(modules.values(), key=lambda one: (one.name.count("."), one.name)):
        if all(user == module.name or user in module.imports for user in users):
            for local in (*module.bases, *module.imported):
                if _origin(module, local, modules) == base:
                    return {module.name: local}
    return {}


def _sqlmodel(modules: dict[str, _Module]) -> Iterator[tuple[str, ...]]:
    users = {
        module.name: local
        for module in modules.values()
        for local in module.tables
        if _origin(module, local, modules) == ("sqlmodel", "SQLModel")
    }
    if len(users) > 1:
        users = _importer_of_all(users, ("sqlmodel", "SQLModel"), modules) or users
    if users:
        yield tuple(f"{name}:{local}.metadata" for name, local in sorted(users.items()))


def _plain(modules: dict[str, _Module]) -> Iterator[tuple[str, ...]]:
    """The ``MetaData`` objects, unless there are classes: then they belong to the base class."""
    if any(module.bases or module.tables for module in modules.values()):
        return
    for module in modules.values():
        for name in module.metadata:
            yield (f"{module.name}:{name}",)


def _origin(
    module: _Module, name: str, modules: dict[str, _Module], most: int = 20
) -> tuple[str, str] | None:
    """The module and name of the declarative base, followed through imports and abstract classes."""
    if name in module.bases:
        return module.name, name
    if most == 0:
        return None
    if name in module.imported:
        where, original = module.imported[name]
        if where not in modules:
            return where, original
        return _origin(modules[where], original, modules, most - 1)
    for base in module.classes.get(name, ()):
        found = _origin(module, base, modules, most - 1)
        if found is not None and (found[0] in modules or found[1] == "SQLModel"):
            return found
    return None


def _read_modules(root: Path) -> dict[str, _Module]:
    found: dict[str, _Module] = {}
    for path in _python_files(root):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        if not name or not all(part.isidentifier() for part in name.split(".")):
            continue
        if len(found) == _MOST_FILES:
            return {}
        try:
            tree = tree_of(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        found[name] = _read_module(tree, name, is_package=is_package)
    return found


def _python_files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        here = Path(folder)
        if "pyvenv.cfg" in files or (
            here != root and all(mark in {*names, *files} for mark in _SCRIPT_DIRECTORY_MARKS)
        ):
            names.clear()
            continue
        names[:] = sorted(
            name for name in names if name not in _SKIPPED and not name.startswith(".")
        )
        for name in sorted(files):
            path = here / name
            if name.endswith(".py") and path.is_file() and path.stat().st_size <= _MOST_BYTES:
                yield path


def _read_module(tree: ast.Module, name: str, *, is_package: bool) -> _Module:
    module = _Module(name)
    package = name if is_package else name.rpartition(".")[0]
    for statement in tree.body:
        match statement:
            case ast.ImportFrom():
                _read_import(statement, package, module)
            case ast.Import(names=names):
                module.imports.update(one.name for one in names)
            case ast.ClassDef():
                _read_class(statement, module)
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Call(func=function)) | (
                ast.AnnAssign(target=ast.Name(id=target), value=ast.Call(func=function))
            ):
                called = _last_name(function)
                if called == "declarative_base":
                    module.bases.append(target)
                elif called == "MetaData":
                    module.metadata.append(target)
    return module


def _read_import(statement: ast.ImportFrom, package: str, module: _Module) -> None:
    origin = statement.module or ""
    if statement.level:
        above = package.split(".")[: len(package.split(".")) - statement.level + 1]
        origin = ".".join([*above, *([origin] if origin else [])])
    module.imports.add(origin)
    for one in statement.names:
        module.imported[one.asname or one.name] = (origin, one.name)
        module.imports.add(f"{origin}.{one.name}")


def _read_class(statement: ast.ClassDef, module: _Module) -> None:
    bases = [_last_name(base) for base in statement.bases]
    if any(base in {"DeclarativeBase", "DeclarativeBaseNoMeta"} for base in bases):
        module.bases.append(statement.name)
        return
    is_sqlmodel_table = any(
        keyword.arg == "table" and isinstance(keyword.value, ast.Constant) and keyword.value.value
        for keyword in statement.keywords
    )
    known = [
        base
        for base in bases
        if base in module.bases or base in module.imported or base in module.classes
    ]
    if is_sqlmodel_table or _has_table(statement.body):
        module.tables += known
    elif known:
        module.classes[statement.name] = known


def _has_table(body: Iterable[ast.stmt]) -> bool:
    """Whether the body of a class names its table."""
    return any(
        isinstance(target, ast.Name) and target.id in {"__tablename__", "__table__"}
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
    )


def _last_name(expression: ast.expr) -> str:
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _last_name(value)
        case _:
            return ""
