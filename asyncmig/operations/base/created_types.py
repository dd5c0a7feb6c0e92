"""The enum types that the scripts of one run have created.

SQLAlchemy emits ``CREATE TYPE`` with the first table that uses an enum, and not with the next one.
Alembic does so for a whole run, and projects rely on it: two revisions that create a table with the
same enum work if both are in one run. A script may be recorded more than once (for a plan, then for
the run), so the script that has created a type is kept with its name.
"""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["CreatedTypes", "ScriptTypes"]

TypeName: TypeAlias = tuple[str | None, str]
"""Schema and name."""


class CreatedTypes:
    """The types of one run. Names without a schema are on the search path."""

    def __init__(self) -> None:
        self._creators: dict[TypeName, str] = {}

    def for_script(self, script: str) -> ScriptTypes:
        """The types for one script, before it is recorded; ``script`` is its revision."""
        return ScriptTypes(self._creators, script)


class ScriptTypes:
    """The types that exist for one script, while it is recorded."""

    def __init__(self, creators: dict[TypeName, str], script: str) -> None:
        self._creators = creators
        self._script = script
        self._own: set[TypeName] = set()

    def __contains__(self, name: TypeName) -> bool:
        return name in self._own or self._creators.get(name, self._script) != self._script

    def add(self, name: TypeName) -> None:
        """This script creates the type."""
        self._own.add(name)
        self._creators.setdefault(name, self._script)

    def discard(self, name: TypeName) -> None:
        """This script drops the type."""
        self._own.discard(name)
        self._creators.pop(name, None)
