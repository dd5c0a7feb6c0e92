"""``import alembic`` inside revision scripts, and in what they import, gives our modules.

Python asks ``builtins.__import__`` for every import statement. While at least one script is loaded or
runs, a function of ours stands there. It acts only in the context (``contextvars``) of such a script,
and only on a handful of names; ``sys.modules`` keeps whatever it has, so that real Alembic, and other
tasks and threads that use it, notice nothing. Afterwards the builtin stands there again.
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
"""Packages that are ours while a script runs."""

_ONLY_WHERE_ABSENT = frozenset({"alembic_utils"})
"""... those of them whose objects work as they are, where they are installed."""

_KEEP_THEIR_ALEMBIC = frozenset({"alembic", "alembic_utils", "flask_migrate", "pytest_alembic"})
"""Packages that work on Alembic itself: what they import stays what it is."""


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
_heard = False
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
        if _users == 1 and not _stands():
            _previous = builtins.__import__
            builtins.__import__ = _import


def _stands() -> bool:
    """True when an import comes to our function, be it by way of somebody else's."""
    global _heard  # noqa: PLW0603 - see above
    _heard = False
    builtins.__import__(_PROBE)
    return _heard


def _leave() -> None:
    global _users  # noqa: PLW0603 - see above
    with _lock:
        _users -= 1
        # somebody else may have wrapped ours meanwhile; then it stays below theirs and passes on
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
        global _heard  # noqa: PLW0603 - see `_stands`
        _heard = True
    if level == 0:
        scope = _scope.get()
        if scope is not None:
            root = name.partition(".")[0]
            if root in _FACADES and not _keeps_its_own(globals) and not _stays(root):
                return _facade(name, fromlist or ())
            environment = scope.environment
            if environment is not None:
                stand_in = environment.stand_in(name, globals, fromlist or ())
                if stand_in is not None:
                    return stand_in
    return _previous(name, globals, locals, fromlist, level)


def _keeps_its_own(importer: Mapping[str, object] | None) -> bool:
    name = str((importer or {}).get("__name__") or "")
    return name.partition(".")[0] in _KEEP_THEIR_ALEMBIC


def _stays(root: str) -> bool:
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
        # an attribute, or a submodule that nobody has asked for yet
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
