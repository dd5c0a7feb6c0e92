"""Several tables locked by foreign keys of one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.lock_levels import foreign_tables
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.schema.tables import key_of
from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place

__all__ = ["SeveralForeignKeys"]


class SeveralForeignKeys(Rule):
    """Reports the statement by which a transaction locks a second existing table for a foreign key."""

    title = "foreign keys to several existing tables in one transaction"
    hazards = ("16",)
    severity = Severity.NOTE
    why = (
        "A foreign key takes SHARE ROW EXCLUSIVE on the table that it refers to, CREATE TABLE included. A"
        " transaction with foreign keys to several existing tables holds all of these locks together, and"
        " a deadlock with code that writes to the same tables in another order becomes possible. Give each"
        " referenced table a transaction of its own: create the table without the keys, then add one key"
        " after the other."
    )
    examples = Examples(
        bad=(
            (
                "CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint REFERENCES orders,"
                " customer_id bigint REFERENCES customers)"
            ),
        ),
        good=(
            (
                "CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint REFERENCES orders,"
                " customer_id bigint)"
            ),
            (
                "ALTER TABLE payments ADD CONSTRAINT payments_customer_id_fkey"
                " FOREIGN KEY (customer_id) REFERENCES customers NOT VALID"
            ),
        ),
        claim=Claim(
            locks={"orders": "ShareRowExclusiveLock", "customers": "ShareRowExclusiveLock"}
        ),
    )

    def check_statement(self, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        here = _locked(place)
        if not here:
            return
        before: dict[str, None] = {}
        for earlier in place.earlier:
            before.update(dict.fromkeys(_locked(earlier)))
        new = [table for table in here if table not in before]
        if not new or len(before) + len(new) < 2:
            return
        others = [*before, *new]
        yield Problem(
            message=f"locks {' and '.join(others)} together for foreign keys",
            table=new[-1],
            suggestion="-- one referenced table a transaction: add the keys one by one, as NOT VALID",
        )


def _locked(place: Place) -> list[str]:
    """The existing tables that a statement locks because a foreign key refers to them."""
    found: dict[str, None] = {}
    for action in place.actions:
        own = key_of(action.relation) if action.relation else ""
        for name in foreign_tables(action):
            if not place.is_new(name) and key_of(name) != own:
                found[key_of(name)] = None
    return list(found)
