"""Models without tables: the sign of a module that nobody imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.entities.registry import declared_beside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy.schema import MetaData

__all__ = ["EMPTY_MODELS_REMARK", "ModelOrigins", "empty_models_notes"]

EMPTY_MODELS_REMARK = "models without any table: was the module that defines them never imported?"
"""What the script says of it."""

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOrigins:
    """Where the models of a comparison come from.

    Attributes:
        specs: one for each ``MetaData``: its name, ``app.db:Base.metadata``; None of an object.
        place: the file that names or configures them; None is the ``Migrator``.
    """

    specs: Sequence[str | None] = ()
    place: str | None = None

    @property
    def missing(self) -> str:
        """What to do where there are none."""
        if self.place == "env.py":
            return "give context.configure() in env.py the MetaData: target_metadata=Base.metadata"
        return 'set target_metadata = "package.module:Base.metadata"'

    def told(self, number: int) -> tuple[str, str]:
        """Of one of them its name in words, and how models come into it."""
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
    """What a person should know of models of which some have neither tables nor entities.

    That is no error: a revision drops nothing before somebody runs it, and that a database is to become
    empty may be meant. So whoever reads the outcome is told, and whoever reads the script.

    Args:
        models: what is compared.
        origins: of these.
        dropped: names of the tables that the database has and the models have not.
        declares: something was declared, if not here.
    """
    empty = [
        number
        for number, metadata in enumerate(models)
        if not metadata.tables and not declared_beside(metadata)
    ]
    nothing = len(empty) == len(models) and not declares
    if not dropped and not nothing:
        return ()
    return tuple(_notes(empty, origins, sorted(dropped)))


def _notes(empty: Sequence[int], origins: ModelOrigins, dropped: Sequence[str]) -> Iterator[str]:
    what = "there is nothing to compare the database with"
    if dropped:
        names = ", ".join(dropped[:_MOST_NAMES]) + (" ..." if len(dropped) > _MOST_NAMES else "")
        tables = "table goes" if len(dropped) == 1 else "tables go"
        what = f"{len(dropped)} {tables} from the database ({names})"
    for number in empty:
        name, importing = origins.told(number)
        yield (
            f"{name} has no tables, so {what}: "
            f"was the module with the models never imported? {importing}"
        )
