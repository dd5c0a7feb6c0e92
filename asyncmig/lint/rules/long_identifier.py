"""A name of more than 63 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place

__all__ = ["LongIdentifier"]


class LongIdentifier(Rule):
    """Reports a name that PostgreSQL cuts."""

    title = "name of more than 63 bytes"
    hazards = ("37",)
    severity = Severity.WARNING
    why = (
        "PostgreSQL cuts names to 63 bytes, with a notice that is easily missed. Code that looks for the"
        " whole name does not find it, and two long names that begin alike become one."
    )
    examples = Examples(
        bad=(
            (
                "CREATE INDEX CONCURRENTLY"
                " orders_by_customer_and_status_and_total_and_creation_date_for_the_monthly_report"
                " ON orders (customer_id)"
            ),
        ),
        good=("CREATE INDEX CONCURRENTLY orders_for_the_monthly_report ON orders (customer_id)",),
        claim=Claim(
            shows="SELECT to_regclass('orders_by_customer_and_status_and_total_and_creation_date_for_t')"
            " IS NOT NULL"
        ),
    )

    def check_statement(self, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        for token in tokens(place.statement.sql):
            if token.kind not in (Kind.WORD, Kind.QUOTED):
                continue
            written = token.text.strip('"').replace('""', '"')
            if len(written.encode()) <= 63:
                continue
            cut = identifier_value(token.text)
            yield Problem(
                message=f"the name {written} is cut to {cut}",
                suggestion=f"-- at most 63 bytes, for example {cut[:40].rstrip('_')}",
            )
