"""Revisions as text: one line each, or all details."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream
from asyncmig_cli.rendering.files import near

if TYPE_CHECKING:
    from asyncmig.results import BranchPoint, RevisionInfo
    from asyncmig_cli.rendering.dag import GraphRow

__all__ = ["branch_lines", "detail_lines", "graph_lines", "head_lines", "history_lines", "marks"]

LANE_COLORS = ("red", "green", "yellow", "blue", "magenta", "cyan")


def marks(
    info: "RevisionInfo",
    stream: Stream,
    *,
    effective: bool = True,
    current: bool = True,
    tree: bool = True,
) -> str:
    """The marks of a revision, such as `` (head)``, each with a space before it.

    Args:
        info: the revision.
        stream: for colour.
        effective: distinguish heads that another branch depends on.
        current: mark the rows of the version table.
        tree: mark branch points and merges.
    """
    found = []
    if info.is_head:
        word = "effective head" if effective and not info.is_effective_head else "head"
        found.append(stream.style(f"({word})", "green", "bold"))
    if current and info.is_current:
        found.append(stream.style("(current)", "cyan", "bold"))
    if tree and info.is_branch_point:
        found.append(stream.style("(branchpoint)", "magenta"))
    if tree and info.is_merge:
        found.append(stream.style("(mergepoint)", "magenta"))
    return "".join(f" {one}" for one in found)


def _labels(info: "RevisionInfo", stream: Stream) -> str:
    if not info.branch_labels:
        return ""
    return " " + stream.style(f"({', '.join(info.branch_labels)})", "yellow")


def _parents(info: "RevisionInfo", stream: Stream) -> str:
    text = ", ".join(info.down_revisions) or "<base>"
    if info.depends_on:
        text += f" ({', '.join(info.depends_on)})"
    return stream.style(text, "dim")


def history_lines(
    infos: "Iterable[RevisionInfo]", stream: Stream, *, verbose: bool = False
) -> Iterator[str]:
    """``down -> revision (label) (head), message``, newest first."""
    for info in infos:
        if verbose:
            yield from detail_lines(info, stream)
            yield ""
        else:
            yield _history_line(info, stream)


def _history_line(info: "RevisionInfo", stream: Stream) -> str:
    name = stream.style(info.revision, "bold")
    facts = f"{_labels(info, stream)}{marks(info, stream)}"
    return f"{_parents(info, stream)} -> {name}{facts}, {info.message}"


def head_lines(
    infos: "Iterable[RevisionInfo]",
    stream: Stream,
    *,
    verbose: bool = False,
    labels: bool = True,
    tree: bool = False,
) -> Iterator[str]:
    """One line a revision, without parents; ``current`` has marks instead of labels."""
    for info in infos:
        if verbose:
            yield from detail_lines(info, stream)
            yield ""
        else:
            shown = _labels(info, stream) if labels else ""
            name = stream.style(info.revision, "bold")
            yield f"{name}{shown}{marks(info, stream, current=False, tree=tree)}"


def detail_lines(info: "RevisionInfo", stream: Stream) -> Iterator[str]:
    """All details of a revision, its docstring indented below."""
    name = stream.style(info.revision, "bold")
    yield f"Rev: {name}{marks(info, stream, effective=False)}"
    down = ", ".join(info.down_revisions)
    yield f"Merges: {down}" if info.is_merge else f"Parent: {down or '<base>'}"
    if info.depends_on:
        yield f"Also depends on: {', '.join(info.depends_on)}"
    if info.is_branch_point:
        yield f"Branches into: {', '.join(info.children)}"
    if info.branch_labels:
        yield f"Branch names: {', '.join(info.branch_labels)}"
    yield f"Path: {info.path}"
    text = (info.doc or info.message).strip()
    if text:
        yield ""
        for line in text.splitlines():
            yield f"    {line}".rstrip()


def branch_lines(
    points: "Iterable[BranchPoint]", stream: Stream, *, verbose: bool = False
) -> Iterator[str]:
    """Each branch point and, below it, its children."""
    for point in points:
        if verbose:
            yield from detail_lines(point.revision, stream)
            yield ""
        else:
            yield from head_lines([point.revision], stream, tree=True)
        indent = " " * len(point.revision.revision)
        for child in point.children:
            name = stream.style(child.revision, "bold")
            message = f", {child.message}" if verbose else ""
            yield f"{indent} -> {name}{_labels(child, stream)}{marks(child, stream)}{message}"
        yield ""


def graph_lines(
    infos: "Sequence[RevisionInfo]", stream: Stream, *, verbose: bool = False
) -> Iterator[str]:
    """The history as a drawn graph, newest revision first."""
    # Imported here because `heads` draws nothing.
    from asyncmig_cli.rendering.dag import draw

    texts = {info.revision: _graph_text(info, stream, verbose=verbose) for info in infos}
    nodes = [(info.revision, info.down_revisions) for info in infos]
    block: list[GraphRow] = []
    for row in draw(nodes, lambda node: len(texts[node])):
        if row.node is not None and block:
            yield from _block(block, texts, stream)
            block = []
        block.append(row)
    if block:
        yield from _block(block, texts, stream)


def _block(
    rows: "Sequence[GraphRow]", texts: Mapping[str, Sequence[str]], stream: Stream
) -> Iterator[str]:
    """The rows of one revision, with its text in a column beside them."""
    text = texts.get(rows[0].node or "", ())
    width = max(len(row.picture) for row in rows[: len(text)]) if text else 0
    for row, line in zip_longest(rows, text, fillvalue=""):
        if isinstance(row, str):  # draw leaves room for every line
            break
        picture = _colored(row.picture, row.lanes, stream)
        space = " " * (width - len(row.picture))
        yield f"{picture}{space} {line}".rstrip()


def _graph_text(info: "RevisionInfo", stream: Stream, *, verbose: bool) -> list[str]:
    name = stream.style(info.revision, "bold")
    depends = f" (depends on {', '.join(info.depends_on)})" if info.depends_on else ""
    first = f"{name}{_labels(info, stream)}{marks(info, stream)}{stream.style(depends, 'dim')}"
    lines = [f"{first} {info.message}".rstrip()]
    if verbose:
        lines.append(stream.style(near(info.path), "dim"))
        rest = (info.doc or "").strip().partition("\n")[2].strip()
        lines += [f"    {line}".rstrip() for line in rest.splitlines()] if rest else []
        lines.append("")
    return lines


def _colored(picture: str, lanes: Sequence[int], stream: Stream) -> str:
    if not stream.color:
        return picture
    return "".join(
        character if lane < 0 else stream.style(character, LANE_COLORS[lane % len(LANE_COLORS)])
        for character, lane in zip(picture, lanes, strict=True)
    )
