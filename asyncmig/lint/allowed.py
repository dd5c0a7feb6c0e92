"""Applies the comments of revision files to findings, and reports those that are wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.lint.rule import all_rules
from asyncmig.lint.rules.silence_unknown_rule import SilenceUnknownRule
from asyncmig.lint.rules.silence_unused import SilenceUnused
from asyncmig.lint.rules.silence_without_reason import SilenceWithoutReason
from asyncmig.results.lint import LintFinding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from asyncmig.lint.rule import Rule
    from asyncmig.lint.selection import Selection
    from asyncmig.lint.silences import Silence

__all__ = ["ScriptSilences", "apply_silences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSilences:
    """The silences of one revision file."""

    revision: str
    path: str
    silences: tuple[Silence, ...]


def apply_silences(
    findings: Sequence[LintFinding],
    scripts: Iterable[ScriptSilences],
    selection: Selection,
    *,
    database: bool,
    alone: Callable[[str], Sequence[LintFinding]] | None = None,
) -> list[LintFinding]:
    """The findings, with those allowed that a comment allows, and the faults of comments.

    Args:
        findings: of the rules.
        scripts: the comments of each file that was linted.
        selection: the rules that were applied.
        database: a database was asked, so that all rules had what they need.
        alone: gives the findings about a revision as a deployment of its own, where it was linted
            together with others: a comment that is needed there is not unused.
    """
    by_path = {script.path: script for script in scripts}
    used: set[tuple[str, int]] = set()
    found = [_allowed(finding, by_path, used) for finding in findings]
    for script in by_path.values():
        for silence in script.silences:
            for rule, message, hint in _faults(script, silence, used, selection, database=database):
                if rule is SilenceUnused and alone is not None and _needed(script, silence, alone):
                    continue
                if rule.id in selection.ids:
                    found.append(
                        LintFinding(
                            rule=rule.id,
                            severity=str(selection.severity(rule)),
                            revision=script.revision,
                            path=script.path,
                            line=silence.line,
                            message=message,
                            suggestion=hint,
                        )
                    )
    return found


def _allowed(
    finding: LintFinding, by_path: Mapping[str, ScriptSilences], used: set[tuple[str, int]]
) -> LintFinding:
    script = by_path.get(finding.path or "")
    for silence in script.silences if script else ():
        if silence.rule == finding.rule and silence.reason and silence.covers(finding.line):
            used.add((finding.path or "", silence.line))
            return replace(finding, allowed=True, reason=silence.reason)
    return finding


def _needed(
    script: ScriptSilences, silence: Silence, alone: Callable[[str], Sequence[LintFinding]]
) -> bool:
    return any(
        finding.rule == silence.rule
        and finding.path == script.path
        and silence.covers(finding.line)
        for finding in alone(script.revision)
    )


def _faults(
    script: ScriptSilences,
    silence: Silence,
    used: set[tuple[str, int]],
    selection: Selection,
    *,
    database: bool,
) -> Iterator[tuple[type[Rule], str, str | None]]:
    rule = all_rules().get(silence.rule)
    if rule is None:
        near = nearest(silence.rule, all_rules()) if silence.rule else None
        name = f"'{silence.rule}'" if silence.rule else "a rule without a name"
        hint = f"did you mean '{near}'?" if near else "docs/lint.md lists all rules"
        yield SilenceUnknownRule, f"this comment allows {name}, which does not exist", hint
    elif not silence.reason:
        yield (
            SilenceWithoutReason,
            f"this comment allows {silence.rule} and gives no reason, so it allows nothing",
            f"asyncmig: allow {silence.rule} REASON",
        )
    elif (
        (script.path, silence.line) not in used
        and rule.id in selection.ids
        and (database or not rule.needs_database)
    ):
        yield (
            SilenceUnused,
            f"this comment allows {silence.rule}, which is not reported here",
            "remove the comment",
        )
