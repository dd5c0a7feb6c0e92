"""A failed statement: its origin, its SQL, and the server's message."""

from collections.abc import Iterator, Mapping

from asyncmig_cli.output.console import Stream
from asyncmig_cli.rendering.files import near

__all__ = ["failure_lines"]

MAX_SQL_LINES = 12


def failure_lines(fields: Mapping[str, object], stream: Stream) -> Iterator[str]:
    """The fields of a failed statement, one to a line; nothing for other errors."""
    sql = fields.get("sql")
    if not isinstance(sql, str):
        yield from _refused_lines(fields, stream)
        return
    directive = fields.get("directive")
    origin = fields.get("origin")
    if origin:
        place = near(str(origin))
        yield _fact(stream, "at", f"{place} ({directive})" if directive else place)
    if (phase := fields.get("phase")) is not None:
        yield _fact(stream, "phase", _place(phase, fields.get("statement")))
    position = fields.get("position")
    for index, line in enumerate(_excerpt(sql, position if isinstance(position, int) else None)):
        yield _fact(stream, "sql" if index == 0 else "", line)
    for name, label in (
        ("detail", "detail"),
        ("server_hint", "server hint"),
        ("sqlstate", "sqlstate"),
    ):
        value = fields.get(name)
        if value:
            yield _fact(stream, label, str(value))
    yield from _refused_lines(fields, stream)
    applied = fields.get("applied")
    if isinstance(applied, list) and applied:
        yield _fact(stream, "committed", ", ".join(map(str, applied)))


def _refused_lines(fields: Mapping[str, object], stream: Stream) -> Iterator[str]:
    """The refused objects of the models after the first one, each with its hint if that is another one."""
    refused = fields.get("refused")
    if not isinstance(refused, list):
        return
    hint = refused[0]["hint"]
    for found in refused[1:]:
        what = f"{found['subject']}, {found['part']}" if found["part"] else found["subject"]
        yield _fact(stream, "refused too", f"{what}: {found['reason']}")
        if found["hint"] and found["hint"] != hint:
            hint = found["hint"]
            yield _fact(stream, "", stream.style(hint, "dim"))


def _place(phase: object, statement: object) -> str:
    """The phase and the statement as ``plan``, ``status`` and ``log`` number them."""
    if not isinstance(phase, int):
        return str(phase)
    of_phase = f", statement {statement + 1}" if isinstance(statement, int) else ""
    return f"{phase + 1}{of_phase}"


def _fact(stream: Stream, label: str, value: str) -> str:
    return f"  {stream.style(f'{label:<11}', 'dim')} {value}"


def _excerpt(sql: str, position: int | None) -> list[str]:
    """The statement, with a caret under ``position``; a long statement is cut around that line."""
    lines = sql.strip("\n").expandtabs(4).splitlines() or [""]
    caret_line = -1
    caret = ""
    if position is not None and position <= len(sql) + 1:
        before = sql[: position - 1].lstrip("\n").expandtabs(4)
        caret_line = before.count("\n")
        caret = " " * len(before.rpartition("\n")[2]) + "^"
    first = max(0, min(caret_line - MAX_SQL_LINES // 2, len(lines) - MAX_SQL_LINES))
    shown: list[str] = ["…"] if first else []
    for number, line in enumerate(lines[first : first + MAX_SQL_LINES], first):
        shown.append(line)
        if number == caret_line:
            shown.append(caret)
    if len(lines) > first + MAX_SQL_LINES:
        shown.append("…")
    return shown
