"""The files that ``revision``, ``merge`` and ``init`` wrote."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream

if TYPE_CHECKING:
    from asyncmig.results import CreatedRevision
    from asyncmig.scaffold.init import InitResult

__all__ = ["created_lines", "near", "new_project_lines"]

_SEARCHED = frozenset({"asyncmig.toml", "pyproject.toml"})
_VARIABLE = re.compile(r'^url = "\$\{(\w+)', re.MULTILINE)


def created_lines(created: "CreatedRevision", stream: Stream) -> Iterator[str]:
    """The new file, what autogenerate found for it, and the hooks that ran over it."""
    from asyncmig_cli.rendering.differences import difference_lines

    if created.changes == 0:
        yield f"{stream.style('no differences', 'green', 'bold')}: the database matches the models"
    if not created.written:
        yield stream.style("no revision was written", "dim")
        return
    for item in created.renames:
        yield f"renames {item.what} {stream.style(item.old, 'bold')} to {stream.style(item.new, 'bold')}"
    down = ", ".join(created.down_revisions) or "<base>"
    name = stream.style(created.revision, "bold")
    yield f"{stream.style('created', 'green', 'bold')} {near(created.path)} ({down} -> {name})"
    yield from difference_lines(created.differences, stream)
    for hook in created.hooks:
        yield stream.style(f"  ran {hook}", "dim")
    if created.further:
        yield f"{stream.style('created', 'green', 'bold')} {', '.join(created.further)} too"


def new_project_lines(
    result: "InitResult", stream: Stream, *, databases: Sequence[str] = ()
) -> Iterator[str]:
    """The files of a new project, and the next commands.

    Args:
        result: what was made.
        stream: where it is printed.
        databases: the names of several databases, each with its own history and URL.
    """
    from shlex import quote

    for verb, paths in (("created", result.created), ("changed", result.changed)):
        for path in paths:
            yield f"{stream.style(verb, 'green', 'bold')} {near(path)}"
    if result.target_metadata:
        yield f"models: {stream.style(', '.join(result.target_metadata), 'bold')}"
    yield ""
    config = Path(result.config)
    variables = _VARIABLE.findall(config.read_text("utf-8")) if databases else ["DATABASE_URL"]
    either = f" (or {', '.join(variables)})" if variables else ""
    embedded = "" if databases else ", or add --embedded for a private server"
    yield f"next: set the url{'s' if databases else ''} in {near(result.config)}{either}{embedded}, then"
    found = config.parent == Path.cwd() and config.name in _SEARCHED
    program = "asyncmig" if found else f"asyncmig -c {quote(near(result.config))}"
    for name in databases or (None,):
        chosen = "" if name is None else f" -n {quote(name)}"
        yield f'  {program}{chosen} revision -m "first table"'
    yield f"  {program} upgrade"


def near(path: str) -> str:
    """``path`` relative to the working directory, where it is inside."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
