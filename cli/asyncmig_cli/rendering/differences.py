"""The differences between a database and the models, or between a database and a revision."""

from collections.abc import Iterator, Sequence

from asyncmig.results import CheckResult, Difference, RevisionCheck
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count

__all__ = ["check_lines", "difference_lines", "revision_check_lines"]

_COLOURS = {"+": "green", "-": "red", "~": "yellow"}
_KINDS = {
    "create_primary_key": "constraint",
    "create_unique_constraint": "constraint",
    "create_foreign_key": "constraint",
    "create_check_constraint": "constraint",
    "create_exclude_constraint": "constraint",
    "drop_constraint": "constraint",
    "create_index": "index",
    "drop_index": "index",
    "add_column": "column",
    "drop_column": "column",
}


def check_lines(result: CheckResult, stream: Stream, *, verbose: bool = False) -> Iterator[str]:
    """A line for each difference; with ``verbose`` followed by its SQL.

    An object that is dropped and created again under its name is shown as one change. What may be a rename
    is listed at the end.
    """
    groups = _grouped(result.differences)
    printed: tuple[str, ...] = ()
    for items in groups:
        yield from _group_lines(items, stream)
        sql = tuple(statement for item in items for statement in item.sql)
        # an operation with several differences has its SQL with each of them
        if verbose and sql != printed:
            for statement in sql:
                for line in statement.splitlines():
                    yield stream.style(f"    {line}", "dim")
        printed = sql
    for candidate in result.candidates:
        yield f"{stream.style('?', 'cyan')} {candidate.suggestion}"
    if result.ok:
        yield f"{stream.style('no differences', 'green', 'bold')}: the database matches the models"
    else:
        found = count(len(groups), "difference")
        yield f"{stream.style('different', 'yellow', 'bold')}: {found}"


def difference_lines(differences: Sequence[Difference], stream: Stream) -> Iterator[str]:
    """A line for each difference, as ``check`` prints it."""
    for items in _grouped(differences):
        yield from _group_lines(items, stream)


def _grouped(differences: Sequence[Difference]) -> list[list[Difference]]:
    """The differences, with the drop and the creation of the same object together.

    An enum type that is replaced is first renamed; its three differences are one group.
    """
    groups: list[list[Difference]] = []
    dropped: dict[tuple[str, str], list[Difference]] = {}
    replaced: dict[str, list[Difference]] = {}
    for item in differences:
        if item.change in {"create_enum", "drop_enum"} and item.object in replaced:
            replaced[item.object].append(item)
            continue
        kind = _KINDS.get(item.change)
        key = (kind or "", item.object)
        if kind is not None and item.sign == "+" and key in dropped:
            dropped.pop(key).append(item)
            continue
        groups.append([item])
        if item.change == "rename_enum":
            schema, dot, _ = item.object.rpartition(".")
            replaced[item.object] = replaced[f"{schema}{dot}{item.after}"] = groups[-1]
        if kind is not None and item.sign == "-":
            dropped[key] = groups[-1]
    return groups


def _group_lines(items: Sequence[Difference], stream: Stream) -> Iterator[str]:
    first, last = items[0], items[-1]
    sign, what = first.sign, first.what
    if first.change == "rename_enum" and len(items) == 3:
        sign, what = "~", f"change_enum {first.object}"
        last, first = items[1], items[2]
    elif len(items) > 1:
        # equal on both sides: rebuilt because of a change of what it depends on
        verb = "rebuild" if first.before == last.after is not None else "change"
        sign, what = "~", f"{verb}_{_KINDS[first.change]} {first.object}"
    long = sum(len(end or "") for end in (first.before, last.after)) + len(what) > _room(stream)
    verb, space, name = what.partition(" ")
    if first.change != "execute":
        what = f"{verb}{space}{stream.style(name, 'bold')}"
    text = f"{stream.style(sign, _COLOURS[sign])} {what}"
    before = None if first.before is None else stream.style(first.before, "red")
    after = None if last.after is None else stream.style(last.after, "green")
    ends = [end for end in (before, after) if end is not None]
    if len(ends) > 1 and first.before == last.after:
        ends.pop()
    changed = first.changed_lines if len(items) == 1 else ()
    if changed:
        yield f"{text}:"
        for line in changed:
            yield f"    {stream.style(line, _COLOURS.get(line[:1], 'dim'))}"
    elif not ends:
        yield text
    elif long and len(ends) > 1:
        yield f"{text}:"
        yield f"    from {before}"
        yield f"    to   {after}"
    else:
        yield f"{text}: {' -> '.join(ends)}"


def _room(stream: Stream) -> int:
    return (stream.width or 120) - 8


def revision_check_lines(result: RevisionCheck, stream: Stream) -> Iterator[str]:
    """Whether a database is at a revision, and at which others."""
    wanted = ", ".join(result.revisions) or "<base>"
    if result.ok:
        yield f"{stream.style('at', 'green', 'bold')} {wanted}"
        return
    current = ", ".join(result.current) or "<base>"
    if result.partial:
        why = f"{stream.style('partial', 'red', 'bold')}: {', '.join(result.partial)} is partially applied"
    elif result.missing:
        why = f"{stream.style('behind', 'yellow', 'bold')}: {', '.join(result.missing)} is not applied"
    else:
        why = f"{stream.style('ahead', 'yellow', 'bold')}: {', '.join(result.unexpected)} is applied too"
    yield f"not at {wanted}, {why}; the database is at {current}"
