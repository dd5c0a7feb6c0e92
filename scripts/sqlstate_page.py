"""Writes docs/sqlstates.md from the hints that the library gives."""

from pathlib import Path

from asyncmig.database.error_hints import HINTS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "sqlstates.md"
HEAD = """\
# Errors of PostgreSQL and their hints

If PostgreSQL refuses a statement of a revision, the error has PostgreSQL's message, detail and SQLSTATE, and
a hint. The hint depends on what is known of the failure: the message, the directive, the direction, and the
statements that ran before it. This page is generated from the table that the library uses; a test provokes
its rows on a server. For an SQLSTATE that is not in the table, the hint is PostgreSQL's own.

| SQLSTATE | condition | cause | hint |
|---|---|---|---|
"""


def page() -> str:
    """The page."""
    filled = {"name": "NAME", "revision": "REVISION", "using": '"..."'}
    rows = (
        f"| `{row.sqlstate}` | `{row.condition}` | {row.cause} | "
        f"{row.text.format(**filled) if row.text else 'the hint of PostgreSQL'} |"
        for row in HINTS
    )
    return HEAD + "\n".join(row.replace("\n", " ") for row in rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
