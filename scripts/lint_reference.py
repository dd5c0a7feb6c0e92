"""Write the list of rules in docs/lint.md from the rules themselves; ``--check`` only compares.

tests/integration/lint/test_examples.py executes every example.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asyncmig.lint.example import TABLES
from asyncmig.lint.rule import Rule, all_rules
from asyncmig_cli.explanations.markdown import rule_text

__all__ = ["BEGIN", "END", "TARGET", "with_reference"]

TARGET = Path(__file__).resolve().parent.parent / "docs" / "lint.md"
BEGIN = "<!-- rules: generated from asyncmig/lint/rules by scripts/lint_reference.py -->"
END = "<!-- end of rules -->"


def reference() -> str:
    """The table of rules, and a section for each."""
    rules = all_rules()
    rows = [
        f"| [`{name}`](#{name}) | {rule.severity}{' (opt-in)' if rule.style else ''} | "
        f"{rule.title.replace('|', chr(92) + '|')} |"
        for name, rule in rules.items()
    ]
    table = "\n".join(["| rule | severity | reports |", "|---|---|---|", *rows])
    start = f"The examples begin with these tables:\n\n```sql\n{TABLES.strip()}\n```"
    return "\n\n".join([table, start, *(section(name, rule) for name, rule in rules.items())])


def section(name: str, rule: type[Rule]) -> str:
    """What one rule reports, why, and its examples."""
    return f"### {name}\n\n{rule_text(name, rule)}"


def with_reference(document: str) -> str:
    """The page with the part between the markers brought up to date.

    Raises:
        ValueError: a marker is missing.
    """
    before, found, rest = document.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"the document lacks {END if found else BEGIN}")
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def main() -> None:
    """Write the page, or compare it."""
    written = TARGET.read_text(encoding="utf-8")
    wanted = with_reference(written)
    if "--check" in sys.argv[1:]:
        if written != wanted:
            sys.exit("docs/lint.md is out of date: run `make docs`")
        return
    TARGET.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
