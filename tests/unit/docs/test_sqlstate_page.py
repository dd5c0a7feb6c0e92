"""docs/sqlstates.md is what the hints of the library say."""

from scripts.sqlstate_page import TARGET, page


def test_the_page_is_up_to_date():
    assert TARGET.read_text(encoding="utf-8") == page(), "run scripts/sqlstate_page.py"
