"""The ids of errors: stable, unique, explained, and sections of the pages to which messages lead."""

from __future__ import annotations

import pytest

from asyncmig import errors
from asyncmig.database.error_hints import HINTS
from asyncmig.lint.rule import all_rules
from asyncmig_cli.errors import InterruptedRunError, UsageError
from asyncmig_cli.explanations.articles import (
    SITE,
    Article,
    article_url,
    error_articles,
    error_types,
    find_article,
    known_names,
)
from asyncmig_cli.explanations.error_texts import TEXTS
from support.paths import ROOT

CLASSES = [getattr(errors, name) for name in errors.__all__]
STABLE = {
    "E0001": "AsyncmigError",
    "E0100": "ConfigError",
    "E0101": "ConfigNotFoundError",
    "E0102": "ConfigKeyError",
    "E0103": "EnvFileError",
    "E0104": "UrlError",
    "E0200": "RevisionError",
    "E0201": "RevisionNotFoundError",
    "E0202": "AmbiguousRevisionError",
    "E0203": "MultipleHeadsError",
    "E0204": "TargetError",
    "E0205": "HistoryError",
    "E0206": "ScriptError",
    "E0300": "PlanError",
    "E0301": "DirectiveError",
    "E0302": "NeedsDatabaseError",
    "E0303": "IrreversibleError",
    "E0400": "DatabaseError",
    "E0401": "ConnectionFailedError",
    "E0402": "StatementFailedError",
    "E0403": "PartiallyAppliedError",
    "E0404": "BackfillError",
    "E0405": "LockNotAcquiredError",
    "E0406": "ConnectionLostError",
    "E0407": "PoolingError",
    "E0408": "UnexpectedStateError",
    "E0500": "NotCurrentError",
    "E0600": "FileError",
    "E0700": "RefusedModelsError",
    "E0900": "UsageError",
    "E0901": "InterruptedRunError",
}
"""Published ids: a new error is added, and none of these changes its meaning or goes away."""


def test_ids_are_stable() -> None:
    found = {name: kind.__name__ for name, kind in error_types().items()}
    assert STABLE.items() <= found.items()


@pytest.mark.parametrize("kind", [*CLASSES, UsageError, InterruptedRunError])
def test_each_type_has_an_id_of_its_own_and_a_text(kind: type[Exception]) -> None:
    assert "id" in vars(kind), "a class needs an id of its own"
    assert error_types()[kind.id] is kind
    assert len(TEXTS[kind.__name__]) > 40


def test_no_text_is_left_over() -> None:
    assert set(TEXTS) == {kind.__name__ for kind in error_types().values()}


def anchors(page: str) -> set[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    headings = {
        line.strip("# \n").lower() for line in text.splitlines() if line.startswith(("## ", "### "))
    }
    return headings | {part.partition('"')[0] for part in text.split('<a id="')[1:]}


@pytest.mark.parametrize(
    ("kind", "page", "names"),
    [
        ("error", "errors.md", list(error_types())),
        ("sqlstate", "sqlstates.md", [row.sqlstate for row in HINTS]),
        ("rule", "lint.md", list(all_rules())),
    ],
)
def test_each_address_is_a_section_of_a_page(kind: str, page: str, names: list[str]) -> None:
    found = anchors(page)
    for name in names:
        address, _, anchor = article_url(kind, name).partition("#")
        assert address == f"{SITE}{page.removesuffix('.md')}/"
        assert anchor in found


def test_the_page_of_errors_has_the_text_that_explain_prints() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for article in error_articles().values():
        assert f"## {article.id}\n\n`{article.title}`\n\n{article.text}" in page


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("E0405", ("E0405", "error")),
        ("e0405", ("E0405", "error")),
        ("LockNotAcquiredError", ("E0405", "error")),
        ("55P03", ("55P03", "sqlstate")),
        ("55p03", ("55P03", "sqlstate")),
        ("add-check", ("add-check", "rule")),
        ("ADD_CHECK", ("add-check", "rule")),
    ],
)
def test_what_a_person_may_write(written: str, found: tuple[str, str]) -> None:
    article = find_article(written)
    assert article is not None
    assert (article.id, article.kind) == found


def test_an_sqlstate_without_a_hint_of_ours() -> None:
    assert find_article("54001") == Article(
        id="54001",
        kind="sqlstate",
        title="statement_too_complex",
        url=f"{SITE}sqlstates/",
        text="PostgreSQL reported `statement_too_complex` (SQLSTATE 54001).\n\n"
        "asyncmig has no hint of its own for it: the error has PostgreSQL's detail and hint.",
    )


@pytest.mark.parametrize("name", ["E9999", "ZZZZZ", "no-such-rule", ""])
def test_nothing_is_found(name: str) -> None:
    assert find_article(name) is None


def test_every_known_name_is_found() -> None:
    assert all(find_article(name) for name in known_names())
