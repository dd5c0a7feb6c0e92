"""Write docs/errors.md from the articles of ``asyncmig explain``; ``--check`` only compares.

tests/integration/project/test_error_pages.py executes every example.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asyncmig_cli.errors import InterruptedRunError, UsageError
from asyncmig_cli.explanations.articles import error_articles, error_types

__all__ = ["TARGET", "page"]

TARGET = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
HEAD = """\
<!-- Written by scripts/error_pages.py from asyncmig_cli/explanations: change those, then `make docs`. -->

# Errors

Every error says what is wrong and where, on one line, and what to do next, in a hint. The last line,
`see:`, has the address of a section of this page, or of [Errors of PostgreSQL](sqlstates.md); `asyncmig
explain E0201` prints the section without a network. With `--json` an error is a document with its id,
its type and its fields; in Python it is an exception with `id`, `message`, `hint` and `fields()`.
`--raiseerr` adds the traceback. Ids do not change. On this page, `…` replaces parts of a message that
vary.

## Types

`type` in the JSON document is one of these. The exit code of an error is 5 if a revision is left
partially applied, and 2 if an argument or an option is wrong whatever the project contains. Another
type, with the id null, is an error that asyncmig does not expect: a bug in it or in a script.
"""


def page() -> str:
    """The whole page."""
    rows = ["| id | type | exit code | meaning |", "|---|---|---|---|"]
    for name, kind in error_types().items():
        cells = (f"[{name}](#{name.lower()})", f"`{kind.__name__}`", exit_code(kind), meaning(kind))
        rows.append(f"| {' | '.join(cells)} |")
    sections = [
        f"## {name}\n\n`{article.title}`\n\n{article.text}"
        for name, article in error_articles().items()
    ]
    return "\n\n".join([HEAD.rstrip(), "\n".join(rows), *sections]) + "\n"


def exit_code(kind: type[Exception]) -> str:
    """The exit code of the command line for an error of a type."""
    of_command_line = {UsageError: "2", InterruptedRunError: "130, 143"}
    return of_command_line.get(kind) or str(getattr(kind, "exit_code", 1))


def meaning(kind: type[Exception]) -> str:
    """The first line of the docstring, as Markdown."""
    return (kind.__doc__ or "").strip().partition("\n")[0].replace("``", "`")


def main() -> int:
    """Write the page, or check that it is up to date."""
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text("utf-8") == page():
            return 0
        print(f"{TARGET} is out of date: run scripts/error_pages.py", file=sys.stderr)
        return 1
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
