"""The fields of an event as attributes, under the same names in log records, spans and metrics."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.events import Event

__all__ = ["Attributes", "event_attributes"]

Attributes = dict[str, "str | bool | int | float | tuple[str, ...]"]

CONVENTIONAL = {
    "database": "db.namespace",
    "error": "error.type",
    "host": "server.address",
    "port": "server.port",
    "sqlstate": "db.response.status_code",
    "sql": "db.query.text",
}
"""Fields that the semantic conventions of OpenTelemetry (1.44) have a name for."""


def event_attributes(event: Event) -> Attributes:
    """Each field that has a value: ``asyncmig.FIELD``, or the name that the conventions give it."""
    found: Attributes = {}
    for field in fields(event):
        value: object = getattr(event, field.name)
        name = CONVENTIONAL.get(field.name, f"asyncmig.{field.name}")
        if isinstance(value, tuple):
            found[name] = tuple(str(item) for item in value)
        elif isinstance(value, str | bool | int | float):
            found[name] = value
    return found
