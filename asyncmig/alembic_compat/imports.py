"""Resolves ``import alembic`` to asyncmig's modules, in revision scripts and in the modules they import.

Python calls ``builtins.__import__`` for every import statement. While at least one script is being loaded
or executed, it is replaced by a function that acts only in the context (``contextvars``) of such a script,
and only on a few names. ``sys.modules`` is not changed, so real Alembic works as usual for other tasks and
threads. The builtin is restored afterwards.
"""

from __future__ import annotations

import builtins
import sys
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.alembic_compat.facade_modules import ALIASES, NAMES, named_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

__all__ = [
    "ImportingEnvironment",
    "alembic_imports",
    "current_environment",
    "facade_module",
    "has_facade_module",
    "real_alembic",
]

_FACADES = {
    "alembic": "asyncmig.alembic_compat.facade",
    "alembic_postgresql_enum": "asyncmig.alembic_compat.enum_facade",
    "alembic_utils": "asyncmig.alembic_compat.entity_facade",
}
"""Packages that are replaced while a script runs."""

_ONLY_WHERE_ABSENT = frozenset({"alembic_utils"})
"""Those of them that are replaced only if they are not installed: their own objects work unchanged."""

_KEEP_THEIR_ALEMBIC = frozenset({"alembic", "alembic_utils", "flask_migrate", "pytest_alembic"})
"""Packages that use Alembic itself: their imports are not replaced."""


class ImportingEnvironment(Protocol):
    """The environment of the scripts that import: ``from alembic import context`` leads to it."""

    def stand_in(
        self, name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
    ) -> Any:
        """Another module for an import; None where it is as written."""


class _Scope:
    """What is in force in one context."""

    __slots__ = ("environment",)

    def __init__(self, environment: ImportingEnvironment | None) -> None:
        self.environment = environment


_scope: ContextVar[_Scope | None] = ContextVar("asyncmig_alembic_imports", default=None)
_lock = threading.Lock()
_users = 0
_reached = False
_PROBE = "builtins"
"""A module that is always there, imported to see who is asked."""
_previous: Any = builtins.__import__


@contextmanager
def alembic_imports(environment: ImportingEnvironment | None = None) -> Iterator[None]:
    """Let ``alembic`` be ours in this context, for a while.

    Args:
        environment: what ``from alembic import context`` speaks to; None refuses with an error.
    """
    _enter()
    token = _scope.set(_Scope(environment))
    try:
        yield
    finally:
        _scope.reset(token)
        _leave()


@contextmanager
def real_alembic() -> Iterator[None]:
    """Let ``alembic`` be the installed one again, inside of ``alembic_imports``."""
    token = _scope.set(None)
    try:
        yield
    finally:
        _scope.reset(token)


def current_environment() -> Any:
    """The environment of the script that is loaded or runs in this context; None where there is none."""
    scope = _scope.get()
    return None if scope is None else scope.environment


def _enter() -> None:
    global _users, _previous  # noqa: PLW0603 - there is one builtin to stand in for
    with _lock:
        _users += 1
        if _users == 1 and not _is_installed():
            _previous = builtins.__import__
            builtins.__import__ = _import


def _is_installed() -> bool:
    """True if imports reach ``_import``, directly or through another wrapper."""
    global _reached  # noqa: PLW0603 - see above
    _reached = False
    builtins.__import__(_PROBE)
    return _reached


def _leave() -> None:
    global _users  # noqa: PLW0603 - see above
    with _lock:
        _users -= 1
        # if another wrapper was put around it meanwhile, it remains in place below that one
        if _users == 0 and builtins.__import__ is _import:
            builtins.__import__ = _previous


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,  # noqa: A002 - the builtin's own names
    locals: Mapping[str, object] | None = None,  # noqa: A002 - same
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    if name == _PROBE:
        global _reached  # noqa: PLW0603 - see `_is_installed`
        _reached = True
    if level == 0:
        scope = _scope.get()
        if scope is not None:
            root = name.partition(".")[0]
            if root in _FACADES and not _uses_real_alembic(globals) and not _is_kept(root):
                return _facade(name, fromlist or ())
            environment = scope.environment
            if environment is not None:
                stand_in = environment.stand_in(name, globals, fromlist or ())
                if stand_in is not None:
                    return stand_in
    return _previous(name, globals, locals, fromlist, level)


def _uses_real_alembic(importer: Mapping[str, object] | None) -> bool:
    name = str((importer or {}).get("__name__") or "")
    return name.partition(".")[0] in _KEEP_THEIR_ALEMBIC


def _is_kept(root: str) -> bool:
    if root not in _ONLY_WHERE_ABSENT:
        return False
    try:
        return find_spec(root) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _facade(name: str, fromlist: Sequence[str]) -> ModuleType:
    module = _module(name)
    if not fromlist:
        return _module(name.partition(".")[0])
    for wanted in fromlist:
        # an attribute, or a submodule that has not been imported yet
        if wanted != "*" and not hasattr(module, wanted) and has_facade_module(f"{name}.{wanted}"):
            setattr(module, wanted, _module(f"{name}.{wanted}"))
    return module


def has_facade_module(name: str) -> bool:
    """True when ``alembic``, or a module in it, is one that asyncmig has."""
    return name in NAMES or _exists(name)


def facade_module(name: str) -> ModuleType:
    """Asyncmig's module for one of Alembic's.

    Raises:
        ModuleNotFoundError: there is none.
    """
    if name in NAMES:
        return named_module(name, _ours(name))
    return import_module(_ours(name))


def _ours(name: str) -> str:
    if name in ALIASES:
        return ALIASES[name]
    root, dot, rest = name.partition(".")
    return f"{_FACADES[root]}{dot}{rest}"


def _exists(name: str) -> bool:
    try:
        return find_spec(_ours(name)) is not None
    except ModuleNotFoundError:
        return False


def _module(name: str) -> ModuleType:
    """Our module of that name; where there is none, the installed one."""
    if name in NAMES or _ours(name) in sys.modules or _exists(name):
        return facade_module(name)  # waits for a thread that is in the middle of it
    with real_alembic():
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"asyncmig has no module {name!r}"
                + ("" if error.name == name else f", and {error}"),
                name=name,
            ) from None
