"""docs/locks.md is made from the table of facts."""

import json

from lock_cases.page import page_of
from scripts.lock_facts import DATA, PAGE


def test_the_page_is_up_to_date():
    table = json.loads(DATA.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page_of(table), "run scripts/lock_facts.py"
