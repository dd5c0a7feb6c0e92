"""Every rule reports its bad example, and not its good one; tests/integration asks a server about both."""

import pytest

from asyncmig.lint.example import TABLES
from asyncmig.lint.rule import all_rules
from support.linted import lint_texts

WITH_EXAMPLES = [name for name, rule in all_rules().items() if rule.examples is not None]
WITHOUT = {
    "history-order",
    "invalid-index",
    "silence-unknown-rule",
    "silence-unused",
    "silence-without-reason",
    "unfinished-backfill",
}


def test_the_rules_without_an_example_are_those_that_no_statement_breaks():
    assert set(all_rules()) - set(WITH_EXAMPLES) == WITHOUT


@pytest.mark.parametrize("name", WITH_EXAMPLES)
async def test_the_bad_example_is_reported(name, tmp_path):
    examples = all_rules()[name].examples
    result = await lint_texts(tmp_path, TABLES + examples.setup, *examples.bad, enable=("style",))
    found = [finding for finding in result.findings if finding.rule == name]
    assert found
    for finding in found:
        assert finding.path
        assert finding.line
        assert finding.message


@pytest.mark.parametrize("name", WITH_EXAMPLES)
async def test_the_good_example_is_not(name, tmp_path):
    examples = all_rules()[name].examples
    result = await lint_texts(tmp_path, TABLES + examples.setup, *examples.good, enable=("style",))
    assert [finding for finding in result.findings if finding.rule == name] == []


@pytest.mark.parametrize("name", all_rules())
def test_the_id_is_the_name_of_the_file_and_of_the_class(name):
    rule = all_rules()[name]
    assert rule.__module__ == f"asyncmig.lint.rules.{name.replace('-', '_')}"
    assert rule.__name__ == "".join(word.capitalize() for word in name.split("-"))
    assert rule.title
    assert rule.why
