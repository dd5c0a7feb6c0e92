"""Both sides of a comparison, and the rules by which they are compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.diff.normalize.managed import Managed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.models_catalog import ModelsCatalog

__all__ = ["CompareHooks", "Rules", "Sides"]


class CompareHooks(Protocol):
    """The functions of the user that decide what is compared, as in ``context.configure``."""

    @property
    def include_name(self) -> Callable[[str | None, str, Mapping[str, str | None]], bool] | None:
        """Called with a name of the database, its type, and the names of its parents."""
        ...

    @property
    def include_object(self) -> Callable[[Any, str, str, bool, Any], bool] | None:
        """Called with an object, its name and type, whether it is reflected, and its counterpart."""
        ...

    @property
    def compare_type(self) -> Callable[..., bool | None] | bool | None:
        """Called with the context, both columns and both types, the database's first.

        Returns True for different, False for equal, None if PostgreSQL decides. True compares all types,
        False none.
        """
        ...

    @property
    def compare_server_default(self) -> Callable[..., bool | None] | bool | None:
        """Called with the context, both columns, both defaults, and the model's default as SQL.

        The result is that of ``compare_type``.
        """
        ...


@dataclass(frozen=True, slots=True)
class _NoHooks:
    include_name: None = None
    include_object: None = None
    compare_type: None = None
    compare_server_default: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides which differences count.

    Attributes:
        hooks: the functions of the user.
        managed: the managed kinds of entities.
        context: the first argument of ``compare_type`` and ``compare_server_default``.
    """

    hooks: CompareHooks = field(default_factory=_NoHooks)
    managed: Managed = field(default_factory=Managed)
    context: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The database and the models.

    Attributes:
        origin: the database before renames.
        actual: the database after renames, as far as they are known.
        models: the models.
    """

    origin: Catalog
    actual: Catalog
    models: ModelsCatalog

    @property
    def wanted(self) -> Catalog:
        """The catalog of the models."""
        return self.models.catalog

    def with_wanted(self, catalog: Catalog) -> Sides:
        """The sides with another catalog of the models."""
        return replace(self, models=replace(self.models, catalog=catalog))
