"""Writes docs/sqlstates.md from the hints that the library gives."""

from pathlib import Path

from asyncmig.database.error_hints import HINTS
from asyncmig_cli.explanations.markdown import hint_text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "sqlstates.md"
HEAD = """\
# Errors of PostgreSQL and their hints

If PostgreSQL refuses a statement of a revision, the error has PostgreSQL's message, detail and SQLSTATE, and
a hint. The hint depends on what is known of the failure: the message, the directive, the direction, and the
statements that ran before it. This page is generated from the table that the library uses; a test provokes
its rows on a server. For an SQLSTATE that is not in the table, the hint is PostgreSQL's own.
`asyncmig explain 55P03` prints what is here about one of them.

| SQLSTATE | condition | cause | hint |
|---|---|---|---|
"""


def page() -> str:
    """The page; the first row of each SQLSTATE is an anchor, in small letters."""
    known: set[str] = set()
    rows = []
    for row in HINTS:
        anchor = "" if row.sqlstate in known else f'<a id="{row.sqlstate.lower()}"></a>'
        known.add(row.sqlstate)
        cells = (f"{anchor}`{row.sqlstate}`", f"`{row.condition}`", row.cause, hint_text(row))
        rows.append(f"| {' | '.join(cells)} |".replace("\n", " "))
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
