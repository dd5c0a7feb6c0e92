"""Hooks: functions and options of the user, by their names in ``context.configure``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
from sqlalchemy.util import await_only

from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Hooks"]

_DECIDING = ("include_name", "include_object")
_FUNCTIONS = (*_DECIDING, "process_revision_directives", "render_item")
_SWITCHES = ("compare_type", "compare_server_default")
_MAX_SECONDS = 0.02
"""Seconds after which other tasks of the event loop get a turn between calls of hooks."""
_PREFIXES = ("user_module_prefix", "sqlalchemy_module_prefix", "alembic_module_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The hooks of a comparison.

    ``compare_type`` and ``compare_server_default`` are True, False, or a function that returns True for
    different, False for equal, and None if PostgreSQL decides. The prefixes are those of types of the
    user (None: the module, which is imported), of names of SQLAlchemy, and of directives.
    """

    include_name: Callable[..., bool] | None = None
    include_object: Callable[..., bool] | None = None
    process_revision_directives: Callable[..., None] | None = None
    render_item: Callable[..., Any] | None = None
    compare_type: Callable[..., bool | None] | bool | None = None
    compare_server_default: Callable[..., bool | None] | bool | None = None
    user_module_prefix: str | None = None
    sqlalchemy_module_prefix: str | None = None
    alembic_module_prefix: str | None = None

    @classmethod
    def found_in(cls, source: object) -> Hooks:
        """The hooks of a module, or of a mapping of options.

        Raises:
            ConfigError: a hook has a wrong type. Facts: ``name``.
        """
        found: dict[str, Any] = {}
        for name in cls.__dataclass_fields__:
            value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
            if value is None:
                continue
            _check(name, value)
            found[name] = value
        return cls(**found)

    @property
    def deciding(self) -> dict[str, Callable[..., Any]]:
        """The functions that are called during the comparison."""
        given = {name: getattr(self, name) for name in (*_DECIDING, *_SWITCHES)}
        return {name: item for name, item in given.items() if callable(item)}

    def cooperative(self) -> Hooks:
        """These hooks for a greenlet, in which other tasks of the event loop run between their calls.

        They are called for each table, column and index.
        """
        started = monotonic()

        def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
            def called(*args: Any, **keywords: Any) -> Any:
                nonlocal started
                if monotonic() - started > _MAX_SECONDS:
                    await_only(anyio.lowlevel.checkpoint())
                    started = monotonic()
                return function(*args, **keywords)

            return called

        wrappers: dict[str, Any] = {name: wrapped(item) for name, item in self.deciding.items()}
        return replace(self, **wrappers)

    def or_else(self, **values: Any) -> Hooks:
        """These hooks, with the given values for those that are None."""
        missing = {name: item for name, item in values.items() if getattr(self, name) is None}
        return replace(self, **missing)


def _check(name: str, value: object) -> None:
    wanted = None
    if name in _FUNCTIONS and not callable(value):
        wanted = "a function"
    elif name in _SWITCHES and not (callable(value) or isinstance(value, bool)):
        wanted = "True, False or a function"
    elif name in _PREFIXES and not isinstance(value, str):
        wanted = "a string"
    if wanted is not None:
        raise ConfigError(
            f"{name} is a {type(value).__name__}, and must be {wanted}",
            hint="see docs/autogenerate.md",
            name=name,
        )
