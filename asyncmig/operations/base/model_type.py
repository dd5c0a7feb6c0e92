"""The model's own type behind one that PostgreSQL prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["model_type", "with_model_type"]

_KEY = "asyncmig_model_type"


def with_model_type(type_: TypeEngine[Any], model: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type, which from now on knows the model's; a copy that SQLAlchemy makes may forget it."""
    type_.__dict__[_KEY] = model
    return type_


def model_type(type_: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """The model's type behind a type that was found in the catalog; None where there is none."""
    found: TypeEngine[Any] | None = type_.__dict__.get(_KEY)
    return found
