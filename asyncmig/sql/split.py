r"""Cutting a script into its statements, exactly where PostgreSQL would.

A semicolon ends a statement unless it is inside a quote, a comment, the body of a SQL-standard
function (``BEGIN ATOMIC ... END``) or the command list of a rule. Lines of data follow a
``COPY ... FROM STDIN``. Comments before and after a statement are left out, so that editing one
changes no statement; those inside stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.sql.lexer import (
    Kind,
    end_of_block_comment,
    end_of_dollar_quote,
    end_of_quote,
    end_of_string,
    is_escape_string,
    tokens,
)
from asyncmig.sql.slices import search_slices

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SqlStatement", "copy_data", "iterate_statements", "reads_stdin", "split"]


@dataclass(frozen=True, slots=True)
class SqlStatement:
    r"""One statement of a script.

    Attributes:
        text: as written, without the closing semicolon and without comments around it; always one
            contiguous piece of the script.
        line: where it begins.
        offset: where it begins, in characters from the script's start: position ``p`` (1-based) of
            an error that the server reports is ``script[offset + p - 1]``.
        copy_data: for ``COPY ... FROM STDIN``, the lines before ``\.``, each with its line end.
    """

    text: str
    line: int
    offset: int
    copy_data: str | None = None


# every branch begins with a literal: that lets the regular expression engine skip whatever is plain
_STOP = re.compile(r""";|'|"|\$|\\|--|/\*""")
_BLANKS = " \t\n\r\f\v"
_NOT_BLANK = re.compile(rf"[^{_BLANKS}]")
_LINE_BREAK = re.compile(r"\r?\n|\r")
_COPY = re.compile(r"COPY\b", re.IGNORECASE)
_COPY_END = re.compile(r"\\\.[ \t]*\r?(?=\n|\Z)")
# what may be the beginning of CREATE [OR REPLACE] FUNCTION, PROCEDURE or RULE
_HAS_BODY = re.compile(rf"CREATE[{_BLANKS}]*(?:OR|FUNCTION|PROCEDURE|RULE|--|/\*)", re.IGNORECASE)
_BODY = re.compile(r"ATOMIC|RULE", re.IGNORECASE)
_NAMES = {"'": "quoted string", '"': "quoted identifier", "/*": "comment", "$": "dollar quote"}


def split(script: str, *, first_line: int = 1) -> list[SqlStatement]:
    r"""Cut a script into statements.

    ``BEGIN`` and ``COMMIT`` are statements like others. Empty statements are dropped, and so are the
    ``\restrict`` lines of ``pg_dump``, which mean something to ``psql`` alone.

    Args:
        script: the text.
        first_line: the number of its first line, where it is a part of a file.

    Raises:
        ScriptError: a quote, a comment, a ``BEGIN ATOMIC`` or the data of a COPY never ends, or
            there is a command of ``psql`` such as ``\connect``. Facts: ``line``.

    Example::

        >>> [statement.text for statement in split("SELECT 1; -- one\nSELECT ';'")]
        ['SELECT 1', "SELECT ';'"]
    """
    return list(iterate_statements(script, first_line=first_line))


def iterate_statements(script: str, *, first_line: int = 1) -> Iterator[SqlStatement]:
    """The statements of ``split`` one at a time; an error is raised when its place is reached."""
    return _Splitter(script, first_line).run()


class _Splitter:
    """One pass over one script, from stop to stop: whatever may matter to where statements end."""

    def __init__(self, script: str, first_line: int) -> None:
        self.script = script
        self.first_line = first_line
        self.line = first_line
        self.counted_to = 0

    def run(self) -> Iterator[SqlStatement]:
        script = self.script
        position = start = self.skip_blanks(1 if script.startswith("\ufeff") else 0)
        while found := search_slices(_STOP, script, position):
            stop, at = found[0], found.start()
            if stop == ";":
                statement, after = self.close(start, at)
                if statement is not None:
                    yield statement
                position = start = self.skip_blanks(after)
            elif stop == "\\":
                position = start = self.skip_blanks(self.backslash(start, at))
            else:
                position = self.skip(stop, at)
        last, _ = self.close(start, len(script))
        if last is not None:
            yield last

    def skip(self, stop: str, at: int) -> int:
        """Behind the quote or comment that begins here."""
        script = self.script
        match stop:
            case "'" if is_escape_string(script, at):
                end = end_of_string(script, at + 1, escapes=True)
            case "'" | '"':
                end = end_of_quote(script, at + 1, stop)
            case "$":
                end = end_of_dollar_quote(script, at)
            case "--":
                end = self.end_of_line(at)
            case _:
                end = end_of_block_comment(script, at + 2)
        if end is None:
            raise self.error(f"unterminated {_NAMES[stop]}", at)
        return end

    def end_of_line(self, at: int) -> int:
        """Behind the line break that ends this line."""
        found = _LINE_BREAK.search(self.script, at)
        return found.end() if found else len(self.script)

    def skip_blanks(self, position: int) -> int:
        """To the first character of the next statement; an optimizer hint belongs to it."""
        script = self.script
        while found := _NOT_BLANK.search(script, position):
            at = found.start()
            if script.startswith("--", at):
                position = self.skip("--", at)
            elif script.startswith("/*", at) and not script.startswith("/*+", at):
                position = self.skip("/*", at)
            else:
                return at
        return len(script)

    def close(self, start: int, at: int) -> tuple[SqlStatement | None, int]:
        """End the statement that began at ``start``: at the semicolon ``at``, or later.

        Returns:
            It, unless it is empty; the place behind it, and behind the data of a COPY.
        """
        script = self.script
        may_be_special = script.startswith(("c", "C"), start)
        if (
            may_be_special
            and _HAS_BODY.match(script, start)
            and search_slices(_BODY, script, start, at)
        ):
            at = self.end_of_body(start)
        text = script[start:at].rstrip(_BLANKS)
        if text.endswith("*/") or text.find("--", text.rfind("\n") + 1) >= 0:
            text = _without_closing_comments(text)
        if not text:
            return None, at + 1
        self.line += script.count("\n", self.counted_to, start)
        self.counted_to = start
        if may_be_special and reads_stdin(text):
            data, after = self.data(start, at)
            return SqlStatement(text, self.line, start, data), after
        return SqlStatement(text, self.line, start), at + 1

    def end_of_body(self, start: int) -> int:
        """The semicolon that ends a CREATE whose body may hold semicolons; else the script's end."""
        leading: list[str] = []
        depth = 0
        atomic = False
        previous = ""
        for token in tokens(self.script, start):
            if token.kind is Kind.UNTERMINATED:
                raise self.error("unterminated quote or comment", token.start)
            word = token.word
            if len(leading) < 4:
                leading.append(word)
            if word == ";" and not atomic and (depth <= 0 or "RULE" not in leading):
                return token.start
            # SELECT and the like never begin with END, but an END closes a CASE too
            if atomic:
                atomic = not (word == "END" and previous in (";", "ATOMIC"))
            elif word == "ATOMIC" and previous == "BEGIN":
                atomic = "FUNCTION" in leading or "PROCEDURE" in leading
            depth += (word == "(") - (word == ")")
            previous = word
        if atomic:
            raise self.error("BEGIN ATOMIC without its END, in the routine", start)
        return len(self.script)

    def data(self, start: int, at: int) -> tuple[str, int]:
        """The lines that follow the semicolon ``at`` of a COPY, and the place behind them."""
        script = self.script
        first = self.end_of_line(at)
        rest = script[at + 1 : first].strip()
        if rest and not rest.startswith("--"):
            raise self.error("text after COPY ... FROM STDIN, where its data begin,", at)
        found = copy_data(script, first)
        if found is None:
            raise self.error(
                "no data for COPY ... FROM STDIN",
                start,
                hint=r"the lines of data follow the statement, and a line with \. ends them",
            )
        last, after = found
        return script[first:last], after

    def backslash(self, start: int, at: int) -> int:
        r"""Behind a line that means something to psql alone: pg_dump writes ``\restrict`` lines."""
        command = self.script[at : self.end_of_line(at)].split()[0]
        if start == at and command in (r"\restrict", r"\unrestrict"):
            return self.end_of_line(at)
        raise self.error(
            f"{command} is a command of psql, not SQL,",
            at,
            hint="write it as SQL, or leave it to psql",
        )

    def error(self, what: str, at: int, *, hint: str | None = None) -> ScriptError:
        line = self.first_line + self.script.count("\n", 0, at)
        return ScriptError(
            f"{what} in line {line}", hint=hint or "see what begins there", line=line
        )


def _without_closing_comments(text: str) -> str:
    end = 0
    for token in tokens(text):
        end = token.end
    return text[:end]


def copy_data(script: str, first: int) -> tuple[int, int] | None:
    r"""Where the lines of data that begin at a place end, and the place behind their ``\.``."""
    at = first - 1
    while (at := script.find("\\.", at + 1)) >= 0:
        if at == first or script[at - 1] == "\n":
            end = _COPY_END.match(script, at)
            if end is not None:
                return at, end.end()
    return None


def reads_stdin(statement: str) -> bool:
    """True for COPY ... FROM STDIN."""
    if _COPY.match(statement) is None:
        return False
    previous = ""
    for token in tokens(statement):
        if previous == "FROM":
            return token.word == "STDIN"
        previous = token.word
    return False
