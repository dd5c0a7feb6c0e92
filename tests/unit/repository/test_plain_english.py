"""The pages for users keep to the rule for English in CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# CONTRIBUTING.md quotes some of these words
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/alembic.md",
    "docs/benchmarks.md",
    "docs/coming-from-alembic.md",
    "docs/directives.md",
    "docs/errors.md",
    "docs/guide.md",
    "docs/operations.md",
    "docs/services.md",
    "examples/README.md",
]
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
INSTEAD = {
    r"stands?": "exists, is committed, is applied",
    r"stood": "existed, was committed",
    r"hears?": "is called with, receives",
    r"(?:is|are|be|been) told": "reports, notifies, an error names",
    r"who(?:m)?ever": "the process, the user",
    r"somebody|someone": "another process, you",
    r"nobody": "no process",
    r"half[ -]way": "partial, partially applied",
    r"half[ -]done": "partial",
    r"go(?:es|ing)? on|went on": "continues",
    r"of (?:ours|yours)": "of asyncmig, your own",
    r"the way (?:back|down|up)": "downgrade, upgrade",
    r"is no (?:valid )?(?:Python|number|time|head)": "is not ...",
    r"in vain": "without effect",
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("words", INSTEAD)
def test_a_page_uses_the_term_of_the_field(name, words):
    text = (ROOT / name).read_text(encoding="utf-8")
    prose = CODE.sub(lambda code: "\n" * code[0].count("\n"), text)
    found = [
        f"{name}:{prose[: match.start()].count(chr(10)) + 1}: {match[0]}"
        for match in re.finditer(rf"\b(?:{words})\b", prose, re.IGNORECASE)
    ]
    assert not found, f"write: {INSTEAD[words]}"
