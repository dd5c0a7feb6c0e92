"""Warnings about models without tables, which usually means that a module was not imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.entities.registry import entities_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy.schema import MetaData

__all__ = ["EMPTY_MODELS_COMMENT", "ModelOrigins", "empty_models_notes"]

EMPTY_MODELS_COMMENT = "the models have no tables: is the module that defines them imported?"
"""The comment in the script."""

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOrigins:
    """Where the models of a comparison are configured.

    Attributes:
        specs: for each ``MetaData`` its name, ``app.db:Base.metadata``; None for an object.
        place: the file that names them; None for the arguments of ``Migrator``.
    """

    specs: Sequence[str | None] = ()
    place: str | None = None

    @property
    def missing(self) -> str:
        """The hint if there are no models."""
        if self.place == "env.py":
            return "give context.configure() in env.py the MetaData: target_metadata=Base.metadata"
        return 'set target_metadata = "package.module:Base.metadata"'

    def describe(self, number: int) -> tuple[str, str]:
        """The name of one ``MetaData`` in messages, and how its models are imported."""
        spec = self.specs[number] if number < len(self.specs) else None
        if spec is not None:
            where = f" in {self.place}" if self.place else ""
            module, _, rest = spec.partition(":")
            importing = f"import it in {module}, or name it in target_metadata instead"
            return f"target_metadata '{spec}'{where}", f'{importing} ("package.models:{rest}")'
        if self.place:
            return f"target_metadata in {self.place}", f"import it in {self.place}"
        return "the MetaData given to Migrator", "import it before the models are compared"


def empty_models_notes(
    models: Sequence[MetaData],
    origins: ModelOrigins,
    *,
    dropped: Collection[str],
    declares: bool,
) -> tuple[str, ...]:
    """Warnings about each ``MetaData`` that has neither tables nor entities.

    This is not an error, because a revision drops nothing until it is run, and the database may be meant to
    become empty. The warnings are in the result, and a comment is in the script.

    Args:
        models: the models.
        origins: where they are configured.
        dropped: names of the tables that only the database has.
        declares: entities are declared, possibly elsewhere.
    """
    empty = [
        number
        for number, metadata in enumerate(models)
        if not metadata.tables and not entities_of(metadata)
    ]
    nothing = len(empty) == len(models) and not declares
    if not dropped and not nothing:
        return ()
    return tuple(_notes(empty, origins, sorted(dropped)))


def _notes(empty: Sequence[int], origins: ModelOrigins, dropped: Sequence[str]) -> Iterator[str]:
    what = "there is nothing to compare with the database"
    if dropped:
        names = ", ".join(dropped[:_MOST_NAMES]) + (" ..." if len(dropped) > _MOST_NAMES else "")
        tables = "table is" if len(dropped) == 1 else "tables are"
        what = f"{len(dropped)} {tables} dropped from the database ({names})"
    for number in empty:
        name, importing = origins.describe(number)
        yield (
            f"{name} has no tables, so {what}: is the module with the models imported? {importing}"
        )
