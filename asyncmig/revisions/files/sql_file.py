"""SQL revision files.

::

    -- add customers                       the message: the first comment that states no fact
    -- revision: 1975ea83b712
    -- down_revision: ae1027a6acf          several: a, b   none: leave it out, or write None
    -- branch_labels: billing              optional
    -- depends_on: 27c6a30d7c24            optional
    -- lock_timeout: 2s                    optional, as are lock_retries: 3, statement_timeout: 10min

    -- upgrade
    CREATE TABLE customer (id bigint PRIMARY KEY, name text);

    -- phase: autocommit                   each statement commits by itself, until the next mark
    CREATE INDEX CONCURRENTLY customer_name ON customer (name);

    -- phase: transaction
    ANALYZE customer;

    -- backfill: name=upper_name           the next statement runs in batches
    UPDATE customer SET name = upper(name) WHERE name <> upper(name);

    -- backfill: require=order_totals     that backfill has to be done
    ALTER TABLE orders ALTER total SET NOT NULL;

    -- online: drop_old=false             the next statement changes its column without a long lock
    ALTER TABLE customer ALTER id TYPE numeric;

    -- downgrade
    DROP TABLE customer;

The header is the block of comments and blank lines at the top of the file; it ends with the first
mark or the first line of SQL. Facts and marks are comments with a line of their own, in any case. A
file whose header states no ``revision`` is no revision, only SQL that lives in the folder. SQL before
the first section belongs to ``-- upgrade``. A file without ``-- downgrade`` has no downgrade; a
``-- downgrade`` with nothing under it has an empty one. Inside of a string or a dollar-quoted body
such a line is text, never a mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from asyncmig.errors import ScriptError
from asyncmig.revisions.graph.revision import Revision, ScriptKind
from asyncmig.sql.layout import PieceKind, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "SqlSection",
    "SqlSections",
    "ends_header",
    "read_sql_limits",
    "read_sql_metadata",
    "read_sql_sections",
]

PhaseMark = Literal["autocommit", "transaction", "backfill", "online"]

_FACT = re.compile(
    r"--\s*(revision|down_revisions?|depends_on|branch_labels?|message"
    r"|lock_timeout|lock_retries|statement_timeout)\s*:\s*(.*?)\s*",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"--\s*(?:(?P<section>upgrade|downgrade)\s*:?|phase\s*:\s*(?P<phase>.*?)"
    r"|backfill\s*:\s*(?P<backfill>.*?)|online\s*:\s*(?P<online>.*?))\s*",
    re.IGNORECASE,
)
_NOT_BLANK = re.compile(r"\S")
_COMMENT = re.compile(r"--+\s*(.*?)\s*")
_LIMITS = frozenset({"lock_timeout", "lock_retries", "statement_timeout"})
_PLURALS = {"down_revisions": "down_revision", "branch_label": "branch_labels"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSection:
    """A stretch of SQL of one section, with one kind of phase.

    Attributes:
        kind: ``autocommit`` or ``transaction`` where a mark says so; ``backfill`` where the first statement
            runs in batches; ``online`` where it is an online change of a column; None where the planner
            decides.
        text: the SQL as written.
        line: the line of the file where ``text`` begins, counted from 1.
    """

    kind: PhaseMark | None
    text: str
    line: int
    options: str = ""
    """Of a backfill or online change, as its mark has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSections:
    """Both directions of a SQL revision; None is a section that is not there."""

    upgrade: tuple[SqlSection, ...] | None
    downgrade: tuple[SqlSection, ...] | None


def read_sql_metadata(text: str, path: str) -> Revision | None:
    """The metadata in the header of a SQL file; None where the file is no revision.

    Raises:
        ScriptError: the header is incomplete, or states a fact twice. Facts: ``path``, ``line``.
    """
    facts: dict[str, str] = {}
    plain: list[str] = []
    for number, (line, _) in enumerate(_header_lines(text), start=1):
        if match := _FACT.fullmatch(line):
            fact = _PLURALS.get(match[1].lower(), match[1].lower())
            if fact in facts:
                raise ScriptError(
                    f"{path}:{number} states `{fact}` a second time",
                    hint="keep one of the two lines",
                    path=path,
                    line=number,
                )
            facts[fact] = match[2]
        elif (comment := _COMMENT.fullmatch(line)) and (comment[1] or plain):
            plain.append(comment[1])
    if "revision" not in facts:
        if missing := {"down_revision", "depends_on", "branch_labels"} & facts.keys():
            raise ScriptError(
                f"{path} is not a revision: it has {', '.join(sorted(missing))} and no revision",
                hint="add the line `-- revision: ...` to its header",
                path=path,
                line=1,
            )
        return None
    name = facts["revision"]
    if not name or len(name.split()) > 1:
        raise ScriptError(
            f"{path} has no usable revision id: '{name}'",
            hint="write `-- revision: ` and one word",
            path=path,
            line=1,
        )
    doc = "\n".join([facts["message"], *plain] if facts.get("message") else plain).strip()
    return Revision(
        id=name,
        down_revisions=_listed(facts.get("down_revision", "")),
        depends_on=_listed(facts.get("depends_on", "")),
        branch_labels=_listed(facts.get("branch_labels", "")),
        doc=doc,
        path=path,
        kind=ScriptKind.SQL,
    )


def _listed(value: str) -> tuple[str, ...]:
    names = dict.fromkeys(part.strip() for part in value.split(","))
    return tuple(name for name in names if name and name.lower() != "none")


def read_sql_limits(text: str) -> dict[str, str]:
    """What the header says of locks and time, as written."""
    matches = (_FACT.fullmatch(line) for line, _ in _header_lines(text))
    return {
        match[1].lower(): match[2] for match in matches if match and match[1].lower() in _LIMITS
    }


def read_sql_sections(text: str, path: str) -> SqlSections:
    """The sections of a SQL revision, cut at their phase marks.

    Raises:
        ScriptError: a section twice, or an unknown phase. Facts: ``path``, ``line``.
    """
    text = text.replace("\r\n", "\n")
    found: dict[str, list[SqlSection]] = {}
    section, begin = "upgrade", _header_end(text)
    kind: PhaseMark | None = None
    options = ""
    for start, end, mark in _marks(text, begin):
        _append(found, section, kind, text, begin, start, options)
        begin, options = end, ""
        if mark["section"]:
            section, kind = mark["section"].lower(), None
            if section in found:
                what = f"has a second section `-- {section}`"
                raise _misplaced(text, start, path, what, "join the two")
            found[section] = []
        elif mark["backfill"] is not None:
            kind, options = "backfill", mark["backfill"]
        elif mark["online"] is not None:
            kind, options = "online", mark["online"]
        else:
            kind = _phase(mark["phase"].lower())
            if kind is None:
                what = f"marks an unknown phase '{mark['phase']}'"
                hint = "phases are `-- phase: autocommit` and `-- phase: transaction`"
                raise _misplaced(text, start, path, what, hint)
    _append(found, section, kind, text, begin, len(text), options)
    upgrade, downgrade = found.get("upgrade"), found.get("downgrade")
    return SqlSections(
        upgrade=None if upgrade is None else tuple(upgrade),
        downgrade=None if downgrade is None else tuple(downgrade),
    )


def _phase(word: str) -> PhaseMark | None:
    if word == "autocommit":
        return "autocommit"
    return "transaction" if word == "transaction" else None


def _append(
    found: dict[str, list[SqlSection]],
    section: str,
    kind: PhaseMark | None,
    text: str,
    begin: int,
    end: int,
    options: str,
) -> None:
    first = _NOT_BLANK.search(text, begin, end)
    if first is not None or kind in {
        "backfill",
        "online",
    }:  # a mark with nothing below it is an error
        start = begin if first is None else first.start()
        line = text.count("\n", 0, start) + 1
        body = text[start:end].rstrip()
        found.setdefault(section, []).append(
            SqlSection(kind=kind, text=body, line=line, options=options)
        )


def _misplaced(text: str, offset: int, path: str, what: str, hint: str) -> ScriptError:
    line = text.count("\n", 0, offset) + 1
    return ScriptError(f"{path}:{line} {what}", hint=hint, path=path, line=line)


def _header_lines(text: str) -> Iterator[tuple[str, int]]:
    """The lines of the header, stripped, each with the place behind it."""
    position = 0
    while position < len(text):
        end = text.find("\n", position) + 1 or len(text)
        bare = text[position:end].strip()
        if _MARK.fullmatch(bare) or (bare and not bare.startswith("--")):
            return
        yield bare, end
        position = end


def ends_header(beginning: str) -> bool:
    """Whether the header ends within the beginning of a file."""
    return _header_end(beginning) < len(beginning)


def _header_end(text: str) -> int:
    end = 0
    for _, end in _header_lines(text):  # noqa: B007 - the last one is wanted
        pass
    return end


def _marks(text: str, begin: int) -> Iterator[tuple[int, int, re.Match[str]]]:
    """The comments that are section or phase marks: where they start and end, what they say."""
    for kind, start, end in pieces(text, begin):
        if kind is not PieceKind.COMMENT or not text.startswith("--", start):
            continue
        alone = not text[text.rfind("\n", 0, start) + 1 : start].strip()
        if alone and (mark := _MARK.fullmatch(text, start, end)):
            yield start, end, mark
