"""Runs both linters over every hazard in every setting."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from asyncmig import Migrator
from asyncmig.config.lint_settings import LintSettings
from asyncmig.lint.example import ROWS, TABLES
from asyncmig.lint.rule import all_rules
from lint_hazards.hazards import HAZARDS, NOT_SQL
from support.linted import write_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.results import LintFinding
    from lint_hazards.hazards import Hazard

__all__ = ["SETTINGS", "Verdict", "compare", "page", "squawk_version"]

SETTINGS = ("big", "small", "new")
SQUAWK = Path(sys.executable).with_name("squawk")
SMALL_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One hazard in one setting: is it one, and who says so."""

    hazard: Hazard
    setting: str
    real: bool
    ours: bool
    squawk: bool
    further: tuple[LintFinding, ...] = ()
    """Alarms of ours by other rules."""


async def compare(folder: Path, make_database: Callable[[], str]) -> list[Verdict]:
    """A verdict for each hazard and setting."""
    found = []
    for number, hazard in enumerate(HAZARDS):
        for setting in SETTINGS:
            place = folder / f"{number}-{setting}"
            alarms = await _ours(hazard, setting, place, make_database())
            ours = [each for each in alarms if each.rule == hazard.rule]
            further = tuple(each for each in alarms if each.rule != hazard.rule)
            found.append(
                Verdict(
                    hazard,
                    setting,
                    hazard.is_one(setting),
                    bool(ours),
                    _squawk(hazard, setting, place),
                    further,
                )
            )
    return found


async def _ours(hazard: Hazard, setting: str, folder: Path, url: str) -> list[LintFinding]:
    """Our alarms: all findings, but notes about tables that are small."""
    settings = LintSettings(small_table_rows=SMALL_ROWS)
    before = TABLES + hazard.before
    if setting == "new":
        location = write_texts(folder, "SELECT 1;", before, *hazard.texts)
    else:
        location = write_texts(folder, before, *hazard.texts)
    migrator = Migrator(url, script_location=location, lint=settings)
    await migrator.upgrade("r0")
    if setting != "new":
        await _fill(url, hazard, big=setting == "big")
    result = await migrator.lint()
    rules = all_rules()
    return [
        finding
        for finding in result.findings
        if not (finding.severity == "note" and rules[finding.rule].by_size)
    ]


async def _fill(url: str, hazard: Hazard, *, big: bool) -> None:
    rows = ROWS + hazard.rows
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(rows if big else rows.replace("(1, 2000)", "(1, 20)"))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _squawk(hazard: Hazard, setting: str, folder: Path) -> bool:
    """Whether squawk reports a rule that is about the hazard, at its statements."""
    before = f"{TABLES}{hazard.before}\n" if setting == "new" else ""
    path = folder / "migration.sql"
    path.write_text(before + "".join(f"{text.rstrip(';')};\n" for text in hazard.texts), "utf-8")
    done = subprocess.run(
        [SQUAWK, "--reporter", "json", "--pg-version", "18.0", path],
        capture_output=True,
        text=True,
        check=False,
    )
    first = before.count("\n")
    return any(
        each["rule_name"] in hazard.squawk and each["line"] >= first
        for each in json.loads(done.stdout)
    )


def squawk_version() -> str:
    """The version of the wheel."""
    done = subprocess.run([SQUAWK, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def _sign(verdict: Verdict, alarm: bool) -> str:
    if verdict.real:
        return "alarm" if alarm else "**miss**"
    return "**false alarm**" if alarm else "silent"


_INTRODUCTION = (
    "Each hazard of a list of 45, in three settings: the table exists and is big (2,000 rows here, with"
    " `small_table_rows = 1000`), it exists and is small (20 rows), it is new in the same plan. A lock that"
    " lasts as long as a scan is no hazard on a small table; a table that running code does not know yet"
    " has none. What each statement does was seen on a server: locks, scans, rewrites, errors. asyncmig"
    " has the database; squawk {version} has the text, as it asks for no more. Of squawk only the rules"
    " about the hazard count. `silent` is right where there is no hazard."
)


def page(verdicts: list[Verdict]) -> str:
    """The comparison in Markdown."""
    lines = [
        "# asyncmig lint beside squawk",
        "",
        "Made by `scripts/lint_comparison.py`, and compared with a server and with squawk by a test.",
        "",
        _INTRODUCTION.format(version=squawk_version()),
        "",
        "| | hazard | big: asyncmig | squawk | small: asyncmig | squawk | new: asyncmig | squawk |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for start in range(0, len(verdicts), len(SETTINGS)):
        three = verdicts[start : start + len(SETTINGS)]
        hazard = three[0].hazard
        cells = [
            cell for each in three for cell in (_sign(each, each.ours), _sign(each, each.squawk))
        ]
        lines.append(f"| {hazard.number} | {hazard.name} | {' | '.join(cells)} |")
    lines += [
        "",
        "| | right alarms | rightly silent | false alarms | misses |",
        "|---|---|---|---|---|",
    ]
    for name, alarm in (("asyncmig", _of_ours), ("squawk", _of_squawk)):
        counts = [
            sum(each.real is real and alarm(each) is said for each in verdicts)
            for real, said in ((True, True), (False, False), (False, True), (True, False))
        ]
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")
    lines += ["", "Hazards that no statement shows by itself:", ""]
    lines += [f"- {number}: {text}" for number, text in NOT_SQL.items()]
    lines += [
        "",
        "What asyncmig lint does not claim is listed in [Lint](lint.md#what-it-does-not-claim).",
    ]
    return "\n".join(lines) + "\n"


def _of_ours(verdict: Verdict) -> bool:
    return verdict.ours


def _of_squawk(verdict: Verdict) -> bool:
    return verdict.squawk
