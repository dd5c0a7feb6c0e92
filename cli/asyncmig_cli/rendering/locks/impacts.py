"""The impact of a plan as text: one line for each statement, and what is open in the database now."""

from collections.abc import Iterator

from asyncmig.locks.modes import LockMode
from asyncmig.results import Impact, RelationLock, StatementImpact
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, duration, large_count, size
from asyncmig_cli.rendering.files import near

__all__ = ["impact_lines", "statement_impact"]

_COLORS = {"brief": "yellow", "writes": "red", "everything": "red"}
_MOST_NAMED = 3


def impact_lines(impact: Impact, stream: Stream, *, verbose: bool = False) -> Iterator[str]:
    """What each statement does, then what was not traced, and what would block now."""
    if not impact.statements:
        yield "no statement runs"
        return
    place = f"traced in a copy: {impact.copy}" if impact.copy else "from the table of facts"
    yield f"impact on the database ({place}), worst level: {_level(impact.level, stream)}"
    revision = None
    for each in impact.statements:
        if each.revision != revision:
            revision = each.revision
            yield f"  {stream.style(revision, 'bold')}"
        yield from _statement_lines(each, stream, verbose=verbose)
    for note in impact.notes:
        yield stream.style(f"note: {note}", "yellow")
    if impact.incomplete:
        yield stream.style(f"the copy is incomplete ({len(impact.incomplete)}):", "yellow")
        shown = impact.incomplete if verbose else impact.incomplete[:_MOST_NAMED]
        yield from (f"  {line}" for line in shown)
        if len(shown) < len(impact.incomplete):
            yield "  ... -v shows all"
    yield from _open_lines(impact, stream)


def _open_lines(impact: Impact, stream: Stream) -> Iterator[str]:
    for each in impact.blockers:
        who = _session(each.pid, each.role, each.application, each.age)
        yield stream.style(
            f"would wait now: {who} holds {LockMode(each.mode).sql} on {each.relation}", "red"
        )
    blocking = {each.pid for each in impact.blockers}
    for one in impact.long_transactions:
        if one.pid not in blocking:
            who = _session(one.pid, one.role, one.application, one.age)
            yield stream.style(f"long transaction: {who}", "yellow")


def _session(pid: int, role: str | None, application: str | None, age: float | None) -> str:
    facts = [f"pid {pid}", *(fact for fact in (role, application) if fact)]
    if age is not None:
        facts.append(f"open for {duration(age)}")
    return ", ".join(facts)


def _level(level: str, stream: Stream) -> str:
    color = _COLORS.get(level)
    return stream.style(level, color) if color else level


def _statement_lines(each: StatementImpact, stream: Stream, *, verbose: bool) -> Iterator[str]:
    number = "live" if each.statement is None else str(each.statement + 1)
    place = stream.style(f"{each.phase + 1}.{number}", "dim")
    first = " ".join(each.sql.split())
    head = first if len(first) <= 70 else f"{first[:67]}..."
    where = f"{near(each.origin)}: " if each.origin else ""
    yield f"    {place} {stream.style(where, 'dim')}{head or 'statements that the script sends by itself'}"
    text = statement_impact(each)
    color = _COLORS.get(each.level)
    yield f"        {stream.style(text, color) if color else text} {stream.style(f'({each.source})', 'dim')}"
    if each.error:
        yield f"        {stream.style(f'fails in the copy: {each.error}', 'red')}"
    if each.note:
        yield f"        {stream.style(each.note, 'yellow')}"
    if verbose:
        for lock in each.locks:
            held = " (from an earlier statement)" if lock.held else ""
            yield f"        {stream.style(f'{LockMode(lock.mode).sql} on {_relation(lock)}{held}', 'dim')}"


def statement_impact(each: StatementImpact) -> str:
    """The sentence about one statement."""
    if each.source == "unknown":
        return "not analysed: its effects cannot be read from its text"
    if each.blocks in ("nothing", "DDL only"):
        what = "blocks nothing" if each.blocks == "nothing" else "blocks only other schema changes"
        scanned = each.scans and f"; scans {_names(each, each.scans)} meanwhile"
        return f"{what}{scanned or ''}"
    worst = [lock for lock in each.locks if LockMode(lock.mode).blocks == each.blocks]
    tables_of = {lock.relation for lock in worst}
    worst = [lock for lock in worst if lock.table not in tables_of]
    tables = _joined(dict.fromkeys(_relation(lock) for lock in worst))
    new = [lock for lock in worst if not lock.held]
    verb = "blocks" if new else "still blocks"
    why = []
    if each.rewrites:
        why.append(f"it rewrites {_names(each, each.rewrites)}")
    elif each.scans:
        why.append(f"it scans {_names(each, each.scans)}")
    reason = f" while {' and '.join(why)}" if why else ", for a moment" if new else ""
    if not why and not new:
        reason = ", by a lock of an earlier statement in the transaction"
    advice = f"; safe form: {each.safe_form}" if each.safe_form else ""
    return f"{verb} {each.blocks} of {tables}{reason}{advice}"


def _names(each: StatementImpact, names: tuple[str, ...]) -> str:
    """The tables among the names: rewriting a table rewrites its indexes."""
    tables = [name for name in names if name in each.scans] or list(names)
    return _joined(dict.fromkeys(tables))


def _joined(names: dict[str, None]) -> str:
    listed = list(names)
    if len(listed) > _MOST_NAMED:
        rest = count(len(listed) - _MOST_NAMED + 1, "other")
        listed = [*listed[: _MOST_NAMED - 1], rest]
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def _relation(lock: RelationLock) -> str:
    facts = []
    if lock.rows is not None:
        facts.append(f"{large_count(lock.rows)} rows")
    if lock.bytes is not None:
        facts.append(size(lock.bytes))
    return f"{lock.relation} ({', '.join(facts)})" if facts else lock.relation
