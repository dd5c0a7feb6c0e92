"""An invalid index that an earlier attempt has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines
from asyncmig.results.lint import Severity
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Revisions

__all__ = ["InvalidIndex"]


class InvalidIndex(Rule):
    """Reports an invalid index on a table that the plan changes."""

    title = "invalid index of an interrupted CREATE INDEX CONCURRENTLY"
    hazards = ("41",)
    severity = Severity.WARNING
    needs_database = True
    why = (
        "CREATE INDEX CONCURRENTLY that fails or is cancelled leaves an index that no query uses and"
        " every write maintains; a unique one may still refuse rows. CREATE INDEX IF NOT EXISTS takes it"
        " as existing. Drop it concurrently and build it again. It needs a database."
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        reported: set[str] = set()
        for place in revisions.places:
            for action in place.actions:
                table = place.existing(action.relation)
                known = place.table(table) if table else None
                if known is None or known.name in reported:
                    continue
                invalid = [index.name for index in known.indexes.values() if not index.valid]
                if not invalid:
                    continue
                reported.add(known.name)
                passes = action.if_not_exists and action.index and action.index.name in invalid
                yield Problem(
                    message=f"{known.name} has the invalid index {', '.join(invalid)}"
                    + (", which IF NOT EXISTS accepts as existing" if passes else ""),
                    table=known.name,
                    severity=Severity.ERROR if passes else None,
                    suggestion=lines(
                        *(f"DROP INDEX CONCURRENTLY {identifier(name)}" for name in invalid)
                    ),
                    facts=place.facts,
                    origin=place.statement.origin,
                    revision=place.step.revision,
                )
