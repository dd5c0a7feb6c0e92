"""The name of an object in a schema."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ObjectName"]


class ObjectName(NamedTuple):
    """A name with its schema, which is always given."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"
