"""ADD COLUMN with a volatile default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.names import volatile_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddColumnVolatileDefault"]


class AddColumnVolatileDefault(Rule):
    """Reports a default that has to be computed for each existing row."""

    title = "ADD COLUMN with a volatile default"
    hazards = ("5",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "A constant or stable default is stored once, in the catalog. A volatile one, such as"
        " gen_random_uuid(), random() or clock_timestamp(), differs for each row, so the table and all of"
        " its indexes are rewritten under ACCESS EXCLUSIVE: no other session reads or writes it during"
        " that time. now() and CURRENT_TIMESTAMP are stable. Add the column without a default, set the"
        " default, which counts for new rows, and fill the old rows in batches."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",),
        good=(
            "ALTER TABLE orders ADD COLUMN token uuid",
            "ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, rewrites=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        column = action.new_column
        if table is None or column is None or column.default is None:
            return
        call = volatile_call(column.default, place.schema.volatile)
        if call is None:
            return
        yield Problem(
            message=f"rewrites {table}: the default of {column.name} calls {call}(), which is volatile",
            table=table,
            suggestion=safe_text(action, place)
            or "-- the column without the default; then SET DEFAULT; then op.backfill for the old rows",
            facts=place.facts if call in place.schema.volatile else "sql",
        )
