"""docs/lint.md is what the rules say."""

from scripts.lint_reference import TARGET, with_reference


def test_the_page_is_up_to_date():
    written = TARGET.read_text(encoding="utf-8")
    assert written == with_reference(written), "run scripts/lint_reference.py"
