"""Files that were written."""

from collections.abc import Iterator
from pathlib import Path

from asyncmig.results import CreatedRevision
from asyncmig_cli.console import Stream

__all__ = ["created_lines", "near"]


def created_lines(created: CreatedRevision, stream: Stream) -> Iterator[str]:
    """The new file, and what ran over it."""
    down = ", ".join(created.down_revisions) or "<base>"
    name = stream.style(created.revision, "bold")
    yield f"{stream.style('created', 'green', 'bold')} {near(created.path)} ({down} -> {name})"
    for hook in created.hooks:
        yield stream.style(f"  ran {hook}", "dim")


def near(path: str) -> str:
    """``path`` as one would type it here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
