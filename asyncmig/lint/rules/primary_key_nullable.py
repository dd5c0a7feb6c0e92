"""PRIMARY KEY of an index whose columns may be NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import not_null_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["PrimaryKeyNullable"]


class PrimaryKeyNullable(Rule):
    """Reports a primary key for which PostgreSQL has to look for NULL first."""

    title = "PRIMARY KEY of columns that may be NULL"
    hazards = ("18",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "A primary key sets NOT NULL on its columns. Where they are not, USING INDEX saves building the"
        " index and not the scan: the table is read under ACCESS EXCLUSIVE. Prove NOT NULL before, as for"
        " set-not-null."
    )
    kinds = frozenset({ActionKind.ADD_PRIMARY_KEY})
    examples = Examples(
        setup="CREATE TABLE logs (id bigint, line text); CREATE UNIQUE INDEX logs_id ON logs (id);",
        rows="INSERT INTO logs SELECT n, 'x' FROM generate_series(1, 2000) AS n;",
        bad=("ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY USING INDEX logs_id",),
        good=(
            "ALTER TABLE logs ADD CONSTRAINT logs_id_present CHECK (id IS NOT NULL) NOT VALID",
            "ALTER TABLE logs VALIDATE CONSTRAINT logs_id_present",
            "ALTER TABLE logs ALTER COLUMN id SET NOT NULL",
            "ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY USING INDEX logs_id",
        ),
        claim=Claim(locks={"logs": "AccessExclusiveLock"}, scans=("logs",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        key = action.new_constraint
        known = place.table(table) if table else None
        if table is None or key is None or key.index is None or known is None:
            return
        index = known.indexes.get(key.index)
        if index is None:
            return
        nullable = [column for column in index.columns if not known.proves_not_null(column)]
        if not nullable:
            return
        yield Problem(
            message=f"blocks reads and writes of {table} while it looks for NULL in {', '.join(nullable)}",
            table=table,
            suggestion="\n".join(
                filter(None, (not_null_text(action, each, place) for each in nullable))
            ),
            facts=place.facts,
        )
