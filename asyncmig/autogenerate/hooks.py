"""The user's functions, by the names that ``context.configure`` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Hooks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The user's functions, with the names that ``context.configure`` gives them."""

    include_name: Callable[..., bool] | None = None
    include_object: Callable[..., bool] | None = None
    process_revision_directives: Callable[..., None] | None = None
    render_item: Callable[..., Any] | None = None

    @classmethod
    def found_in(cls, source: object) -> Hooks:
        """Those that a module, or a mapping of options, has."""
        names = cls.__dataclass_fields__
        if isinstance(source, Mapping):
            return cls(**{name: source[name] for name in names if source.get(name) is not None})
        return cls(**{name: getattr(source, name, None) for name in names})
