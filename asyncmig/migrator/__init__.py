"""``Migrator``, the facade of the library: its methods by subject, a module each."""

from __future__ import annotations

from asyncmig.migrator.base import project_of
from asyncmig.migrator.migrator import Migrator

__all__ = ["Migrator", "project_of"]
