"""Which entities are managed: compared, and dropped if they are not declared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.catalog.declarations import Declarations

__all__ = ["Managed"]

_MANAGEABLE = frozenset(
    {
        "aggregate",
        "composite_type",
        "event_trigger",
        "extension",
        "function",
        "grant",
        "materialized_view",
        "policy",
        "procedure",
        "row_security",
        "rule",
        "statistics",
        "trigger",
        "view",
    }
)
_NO_DATA = re.compile(r"\bWITH\s+NO\s+DATA\s*;?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """The managed kinds of entities, with details of declared entities.

    Attributes:
        declared: the kinds of which at least one entity is declared.
        listed: the kinds of the setting ``managed_entities``.
        extensions: the declared extensions: schema and version, None if they are not given.
        with_data: for each declared materialized view by schema and name, whether it is created with rows.
    """

    declared: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    extensions: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    with_data: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, declarations: Declarations, listed: Iterable[str] = ()) -> Managed:
        """The kinds that declarations manage, and those that are listed.

        Raises:
            ConfigError: ``listed`` contains something that is not a kind.
        """
        kinds = frozenset(listed)
        if unknown := kinds - _MANAGEABLE:
            raise ConfigError(
                f"managed_entities contains {', '.join(sorted(unknown))}, which is not a kind of entity",
                hint=f"the kinds are {', '.join(sorted(_MANAGEABLE))}",
            )
        entities: Iterable[Any] = declarations.entities
        return cls(
            declared=declarations.kinds,
            listed=kinds,
            extensions={
                item.name: (item.schema, getattr(item, "version", None))
                for item in entities
                if item.kind == "extension"
            },
            with_data={
                (item.schema or declarations.default_schema, item.name): _is_with_data(item)
                for item in entities
                if item.kind == "materialized_view"
            },
        )

    def manages(self, kind: str) -> bool:
        """True if undeclared entities of this kind are dropped."""
        # an undeclared extension may belong to something else, and columns may depend on it
        return kind in self.listed or (kind in self.declared and kind != "extension")


def _is_with_data(view: Any) -> bool:
    """True if a declared materialized view is created with its rows."""
    with_data = getattr(view, "with_data", None)
    return bool(with_data) if with_data is not None else not _NO_DATA.search(view.sql()[0])
