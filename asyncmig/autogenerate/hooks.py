"""The user's functions and options, by the names that ``context.configure`` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Hooks"]

_DECIDING = ("include_name", "include_object")
_FUNCTIONS = (*_DECIDING, "process_revision_directives", "render_item")
_SWITCHES = ("compare_type", "compare_server_default")
_PREFIXES = ("user_module_prefix", "sqlalchemy_module_prefix", "alembic_module_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What users bring to a comparison.

    ``compare_type`` and ``compare_server_default`` are True, False, or a function that says True for
    different, False for the same and None for what we find. The prefixes stand before types of the
    user's (None: the module, which is imported), names of SQLAlchemy, and directives.
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
        """Those that a module, or a mapping of options, has.

        Raises:
            ConfigError: something of a known name is of the wrong kind. Facts: ``name``.
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
        """The functions that are called while both sides are compared."""
        given = {name: getattr(self, name) for name in (*_DECIDING, *_SWITCHES)}
        return {name: item for name, item in given.items() if callable(item)}

    def or_else(self, **values: Any) -> Hooks:
        """These, and the given values for what they leave open."""
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
