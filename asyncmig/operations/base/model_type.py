"""Types read from the catalog, with the type of the model that they correspond to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["model_type", "with_model_type"]

_KEY = "asyncmig_model_type"


def with_model_type(type_: TypeEngine[Any], model: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type, with the model's type attached; copies that SQLAlchemy makes may lose it."""
    type_.__dict__[_KEY] = model
    return type_


def model_type(type_: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """The model's type of a type read from the catalog; None without one."""
    found: TypeEngine[Any] | None = type_.__dict__.get(_KEY)
    return found
