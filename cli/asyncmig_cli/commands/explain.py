"""``asyncmig explain``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig_cli.explanations.articles import Article
    from asyncmig_cli.output.console import Stream

EXAMPLES = {
    "asyncmig explain E0405": "an error of asyncmig, by the id in its message",
    "asyncmig explain 55P03": "an error of PostgreSQL, by its SQLSTATE",
    "asyncmig explain add-check": "a rule of `asyncmig lint`",
}
DOCUMENT = (
    '{"id": string, "kind": "error" \\| "sqlstate" \\| "rule", "title": string, "url": string,'
    ' "text": Markdown}; without a name {"errors": {id: type}}'
)


def explain(
    invocation: Invocation,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            show_default=False,
            help="The id of an error, an SQLSTATE, or the name of a lint rule. Default: list the errors.",
        ),
    ] = None,
) -> None:
    """Print what an error or a lint rule means, and what to do."""
    from dataclasses import asdict

    from asyncmig_cli.explanations.articles import error_types, find_article, known_names

    if name is None:
        types = {key: kind.__name__ for key, kind in error_types().items()}
        invocation.show(
            {"errors": types}, lambda _: [f"{key}  {title}" for key, title in types.items()]
        )
        return
    article = find_article(name)
    if article is None:
        from difflib import get_close_matches

        by_case = {known.upper(): known for known in known_names()}
        near = get_close_matches(name.upper(), by_case, n=1, cutoff=0.6)
        found = f"did you mean {by_case[near[0]]}? " if near else ""
        message = f"there is no error, SQLSTATE or lint rule {name!r}"
        raise UsageError(message, f"{found}`asyncmig explain` lists the errors")
    invocation.show(asdict(article), lambda stream: _lines(article, stream))


def _lines(article: "Article", stream: "Stream") -> Iterator[str]:
    """The text for a terminal: headings and code stand out, and the address is the last line."""
    yield stream.style(f"{article.id}: {article.title}", "bold")
    yield ""
    inside = False
    for line in article.text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield f"    {line}"
        else:
            yield from _prose(line, stream)
    yield ""
    yield f"{stream.style('see:', 'cyan', 'bold')} {article.url}"


def _prose(line: str, stream: "Stream") -> Iterator[str]:
    import re
    from textwrap import wrap

    if line.startswith("### "):
        yield stream.style(line.removeprefix("### "), "bold")
        return
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", line)
    width = max(40, min(stream.width or 100, 100))
    indent = "  " if text.startswith("- ") else ""
    yield from wrap(text, width, subsequent_indent=indent, break_long_words=False) or [""]
