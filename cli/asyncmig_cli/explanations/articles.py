"""``Article``: a section of the documentation, found by the id of an error, an SQLSTATE or a rule."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from asyncmig import errors
from asyncmig_cli.errors import InterruptedRunError, UsageError

__all__ = [
    "SITE",
    "Article",
    "article_url",
    "error_articles",
    "error_types",
    "find_article",
    "known_names",
    "sqlstate_article",
]

SITE = "https://asyncmig.github.io/asyncmig/"
"""The documentation; the addresses of its pages and sections do not change."""

_SQLSTATE = re.compile(r"[0-9A-Z]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A section.

    Attributes:
        id: ``E0201``, ``55P03`` or ``add-check``.
        kind: ``error``, ``sqlstate`` or ``rule``.
        title: the class of the error, PostgreSQL's name of the condition, or what the rule reports.
        url: of the section on the site.
        text: Markdown.
    """

    id: str
    kind: str
    title: str
    url: str
    text: str


def article_url(kind: str, name: str) -> str:
    """The address of a section."""
    page = {"error": "errors", "sqlstate": "sqlstates", "rule": "lint"}[kind]
    return f"{SITE}{page}/#{name.lower()}"


@cache
def error_types() -> dict[str, type[Exception]]:
    """The types of errors by their ids, in order."""
    library = [getattr(errors, name) for name in errors.__all__]
    found = {kind.id: kind for kind in [*library, UsageError, InterruptedRunError]}
    return dict(sorted(found.items()))


def error_articles() -> dict[str, Article]:
    """An article for each type of error, by id."""
    from asyncmig_cli.explanations.error_cases import CASES
    from asyncmig_cli.explanations.error_texts import TEXTS
    from asyncmig_cli.explanations.markdown import case_section

    found = {}
    for name, kind in error_types().items():
        parts = [TEXTS[kind.__name__]]
        parts += [case_section(case) for case in CASES if case.kind == kind.__name__]
        found[name] = Article(
            id=name,
            kind="error",
            title=kind.__name__,
            url=article_url("error", name),
            text="\n\n".join(parts),
        )
    return found


def sqlstate_article(code: str) -> Article | None:
    """The article of an SQLSTATE that PostgreSQL has."""
    from asyncmig.database.error_hints import HINTS
    from asyncmig_cli.explanations.markdown import hint_text

    rows = [row for row in HINTS if row.sqlstate == code]
    condition = rows[0].condition if rows else _condition(code)
    if condition is None:
        return None
    lines = [f"PostgreSQL reported `{condition}` (SQLSTATE {code})."]
    if not rows:
        lines.append(
            "asyncmig has no hint of its own for it: the error has PostgreSQL's detail and hint."
        )
    elif len(rows) == 1 and not rows[0].cause:
        lines.append(f"What to do: {hint_text(rows[0])}.")
    else:
        lines.append("What to do depends on the cause:")
        lines.append("\n".join(f"- {row.cause or 'otherwise'}: {hint_text(row)}" for row in rows))
    return Article(
        id=code,
        kind="sqlstate",
        title=condition,
        url=article_url("sqlstate", code) if rows else f"{SITE}sqlstates/",
        text="\n\n".join(lines),
    )


def rule_article(name: str) -> Article | None:
    """The article of a lint rule."""
    from asyncmig.lint.rule import all_rules
    from asyncmig_cli.explanations.markdown import rule_text

    rule = all_rules().get(name)
    if rule is None:
        return None
    url = article_url("rule", name)
    return Article(id=name, kind="rule", title=rule.title, url=url, text=rule_text(name, rule))


def find_article(name: str) -> Article | None:
    """The article that a person means, in capital or small letters, by the id or the class of an error."""
    plain = name.strip().upper()
    for one in error_types().items():
        if plain in {one[0], one[1].__name__.upper()}:
            return error_articles()[one[0]]
    if _SQLSTATE.fullmatch(plain) and (found := sqlstate_article(plain)) is not None:
        return found
    return rule_article(plain.lower().replace("_", "-"))


def known_names() -> Iterator[str]:
    """The names that ``find_article`` knows, for a suggestion; SQLSTATEs that have hints."""
    from asyncmig.database.error_hints import HINTS
    from asyncmig.lint.rule import all_rules

    for name, kind in error_types().items():
        yield name
        yield kind.__name__
    yield from dict.fromkeys(row.sqlstate for row in HINTS)
    yield from all_rules()


def _condition(code: str) -> str | None:
    """PostgreSQL's name of an SQLSTATE without a hint, from the driver's classes of errors."""
    from asyncpg import exceptions

    for name in exceptions.__all__:
        kind = getattr(exceptions, name)
        if getattr(kind, "sqlstate", None) == code:
            words = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Error")).lower()
            return words.replace("s_q_l", "sql")
    return None
