"""One key of a configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asyncmig.config.value_types import Kind

__all__ = ["Key"]


class Key(NamedTuple):
    """One key of a configuration file.

    Attributes:
        name: as native files write it.
        field: the field of ``Settings``; None if it has the same name.
        kind: the kind of its value.
        doc: its description in the reference.
        group: its heading there.
        default: the default in the reference, where that of ``Settings`` does not show it.
        alembic: the name in Alembic's files; None if it has no meaning there.
        former: an earlier name, which files may still have.
        also: names in other tools, for suggestions in messages.
        lenient: in Alembic's files a value that does not parse is an option of the user.
        per_database: a database's table may have it, too.
        secret: the value may hold a password.
    """

    name: str
    kind: Kind
    doc: str
    group: str
    field: str | None = None
    default: str | None = None
    alembic: str | None = None
    former: str | None = None
    also: tuple[str, ...] = ()
    lenient: bool = False
    per_database: bool = True
    secret: bool = False

    @property
    def target(self) -> str:
        """The field of ``Settings``."""
        return self.field or self.name
