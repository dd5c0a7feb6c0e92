"""What the files say about the release agrees."""

from __future__ import annotations

import re
import tomllib

from support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelog_begins_with_the_version_of_the_package():
    version, date = re.findall(r"^## (\S+) - (\S+)$", CHANGELOG, re.MULTILINE)[0]
    assert version == PROJECT["version"]
    assert date == "unreleased" or re.fullmatch(r"\d{4}-\d\d-\d\d", date)


def test_the_readme_compares_this_version_with_the_alembic_that_is_tested():
    major_minor = ".".join(PROJECT["version"].split(".")[:2])
    [alembic] = [
        requirement.split("==")[1]
        for requirement in PROJECT["optional-dependencies"]["dev"]
        if requirement.startswith("alembic==")
    ]
    assert f"| | Alembic {alembic.rsplit('.', 1)[0]} | asyncmig {major_minor} |" in README


def test_the_readme_has_the_figures_of_the_page_of_changes():
    page = (ROOT / "docs/autogenerate-changes.md").read_text(encoding="utf-8")
    everything, found, partly = re.search(
        r"asyncmig finds all (\d+) changes\. Alembic finds (\d+) and misses \d+\. For the\s+other (\d+)",
        page,
    ).groups()
    assert f"| {everything} single changes of models" in README
    assert f"| {found} detected, {partly} in part or with a script that fails" in README
    assert f"| {everything} detected |" in README


def test_the_readme_names_the_supported_versions_as_the_package_does():
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} and newer" in README
    [sqlalchemy] = [text for text in PROJECT["dependencies"] if text.startswith("sqlalchemy")]
    oldest = re.search(r">=([\d.]+)", sqlalchemy)[1]
    assert f"SQLAlchemy 2.0 (from {oldest})" in README
