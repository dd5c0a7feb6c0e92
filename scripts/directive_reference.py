"""Writes docs/directives.md from the directives themselves; ``--check`` only compares."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.custom_directives import Extensible
from asyncmig.operations.facade import Operations
from asyncmig.operations.script_operations import ScriptOperations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = Path(__file__).parent.parent / "docs" / "directives.md"
SECTIONS = ("Args", "Returns", "Raises", "Example", "Examples", "Attributes", "Note")

HEAD = """\
# Directives

What a script may call on `op`. Where Alembic has the directive, the signature is Alembic's, keyword for
keyword; the others are made for PostgreSQL's own objects. Generated from the code by `make docs`.
"""


def document() -> str:
    """The whole page."""
    return HEAD + "".join(_pages())


def _pages() -> Iterator[str]:
    for owner in Operations.__mro__[:-1]:
        members = [
            (name, member)
            for name, member in vars(owner).items()
            if not name.startswith("_") and inspect.isfunction(member) and member.__doc__
        ]
        if owner in {Directives, Extensible} or not members:
            continue
        title = owner.__module__.rpartition(".")[2].replace("_", " ")
        yield f"\n## {'the script and its run' if owner is ScriptOperations else title}\n"
        for name, member in members:
            yield f"\n### {name}\n\n```python\n{_signature(name, member)}\n```\n\n{_prose(member)}\n"


def _signature(name: str, member: Callable[..., object]) -> str:
    signature = inspect.signature(member)
    parameters = [
        re.sub(r"^(\**\w+): '([^']*)'", r"\1: \2", str(parameter))
        for key, parameter in signature.parameters.items()
        if key != "self"
    ]
    kinds = [p.kind for key, p in signature.parameters.items() if key != "self"]
    for position, kind in enumerate(kinds):
        if kind is inspect.Parameter.KEYWORD_ONLY:
            if inspect.Parameter.VAR_POSITIONAL not in kinds:
                parameters.insert(position, "*")
            break
    call = "await op" if inspect.iscoroutinefunction(member) else "op"
    line = f"{call}.{name}({', '.join(parameters)})"
    if len(line) <= 100:
        return line
    inside = "".join(f"    {parameter},\n" for parameter in parameters)
    return f"{call}.{name}(\n{inside})"


def _prose(member: Callable[..., object]) -> str:
    """A docstring in Google's style as Markdown."""
    lines = (inspect.getdoc(member) or "").replace("``", "`").splitlines()
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        heading = line.rstrip(":")
        if heading in SECTIONS and line.endswith(":"):
            end = at + 1
            while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
                end += 1
            body = textwrap.dedent("\n".join(lines[at + 1 : end])).strip("\n")
            blocks.append(_section(heading, body))
            at = end
        else:
            blocks.append(line)
            at += 1
    return "\n".join(blocks).strip()


def _section(heading: str, body: str) -> str:
    if heading.startswith("Example"):
        return f"```python\n{body}\n```\n"
    entries: list[str] = []
    for line in body.splitlines():
        if line.startswith(" ") and entries:
            entries[-1] += f" {line.strip()}"
        elif line:
            entries.append(line)
    if heading in {"Args", "Raises", "Attributes"}:
        items = []
        for entry in entries:
            name, _, text = entry.partition(":")
            items.append(f"- `{name}`:{text}")
        label = {"Args": "", "Attributes": "", "Raises": "Raises:\n\n"}[heading]
        return label + "\n".join(items) + "\n"
    return f"{heading}: {' '.join(entries)}\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(DOCUMENT.read_text("utf-8") != document() and f"{DOCUMENT.name} is old: make docs")
    DOCUMENT.write_text(document(), "utf-8")
