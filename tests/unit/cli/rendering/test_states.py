"""Where a database stands, in words."""

import pytest

from asyncmig.results import (
    AppliedStep,
    CurrentState,
    Finding,
    JournalEntry,
    PartialStep,
    RevisionInfo,
    RunResult,
    StampResult,
    Status,
    ValidationReport,
)
from asyncmig_cli.rendering.journal import journal_lines
from asyncmig_cli.rendering.states import current_lines, run_lines, stamp_lines, status_lines
from asyncmig_cli.rendering.validation import report_lines
from support.streams import memory_stream

PLAIN = memory_stream()
PARTIAL = PartialStep(revision="c3", direction="upgrade", phase=1, kind="autocommit", statement=0)


def test_current_shows_known_unknown_and_half_done_rows() -> None:
    head = RevisionInfo(revision="b2", is_head=True, is_effective_head=True, is_current=True)
    state = CurrentState(heads=("b2", "zz"), revisions=(head,), unknown=("zz",), partial=(PARTIAL,))
    assert list(current_lines(state, PLAIN)) == [
        "b2 (head)",
        "zz (not in the script directory)",
        "c3 (partial) upgrade is in autocommit phase 2, statement 1",
    ]


def test_a_database_ahead_of_the_code_is_called_so() -> None:
    state = CurrentState(heads=("zz",), unknown=("zz",), ahead=True)
    assert list(current_lines(state, PLAIN)) == ["zz (ahead of this code)"]


def test_status_lists_what_is_pending_but_not_without_end() -> None:
    pending = tuple(f"r{number}" for number in range(9))
    status = Status(state="pending", current=("a1",), heads=("r8",), pending=pending)
    assert list(status_lines(status, PLAIN)) == [
        "state     pending  `asyncmig upgrade` applies what is pending",
        "database  a1",
        "code      r8",
        "pending   9 revisions: r0, r1, r2, r3, r4, r5 … and 3 more",
    ]


def test_status_shows_what_is_wrong() -> None:
    status = Status(
        state="partial",
        current=(),
        heads=("c3",),
        partial=(PARTIAL,),
        unknown=("zz",),
        edited=("a1",),
    )
    text = "\n".join(status_lines(status, PLAIN))
    assert "database  <base>" in text
    assert "unknown   zz" in text
    assert "edited    a1 (changed since they were applied)" in text
    assert "partial   c3 (partial) upgrade is in autocommit phase 2" in text


def test_a_partial_revision_of_newer_code() -> None:
    status = Status(state="ahead", current=("a1",), heads=("a1",), partial=(PARTIAL,))
    first = next(iter(status_lines(status, PLAIN)))
    assert first == (
        "state     ahead  the database is ahead of this code: a newer release has partially "
        "applied a revision, and `asyncmig upgrade` of that release continues it"
    )


@pytest.mark.parametrize("state", ["current", "pending", "partial", "ahead", "diverged", "empty"])
def test_every_state_is_explained(state: str) -> None:
    first = next(iter(status_lines(Status(state=state, current=(), heads=()), PLAIN)))
    assert len(first) > len("state     ") + len(state) + 10


def test_what_a_run_did() -> None:
    result = RunResult(
        direction="upgrade",
        target="heads",
        before=(),
        after=("b2",),
        applied=(AppliedStep(revision="b2", direction="upgrade", phases=1, elapsed=0.1),),
        elapsed=1.5,
    )
    assert list(run_lines(result, PLAIN)) == ["upgraded <base> → b2: 1 revision in 1.50 s"]
    nothing = RunResult(direction="downgrade", target="b2", before=("b2",), after=("b2",))
    assert list(run_lines(nothing, PLAIN)) == ["nothing to downgrade: the database is at b2"]


def test_what_a_stamp_did() -> None:
    assert list(stamp_lines(StampResult(before=(), after=("b2",)), PLAIN)) == [
        "stamped <base> → b2"
    ]
    assert list(stamp_lines(StampResult(before=("b2",), after=("b2",)), PLAIN)) == [
        "the database is already stamped b2"
    ]


def entry(**changes: object) -> JournalEntry:
    fields: dict[str, object] = {
        "id": 1,
        "run": "r",
        "revision": "ae10",
        "direction": "upgrade",
        "phase": 0,
        "kind": "transaction",
        "state": "done",
        "statement": 3,
        "final": True,
        "started_at": "2026-11-21T02:00:00+00:00",
        "finished_at": None,
        "elapsed": 0.25,
        "checksum": None,
        "host": "web1",
        "pid": 7,
        "application": None,
        "role": "app",
        "asyncmig_version": None,
        "tag": None,
        "error": None,
    }
    return JournalEntry(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def test_the_journal_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    lines = list(journal_lines([entry(), entry(state="failed", error="no\n way")], PLAIN))
    assert " ".join(lines[0].split()) == "when revision direction phase kind state took by error"
    assert " ".join(lines[2].split()[2:]) == "ae10 upgrade 1 transaction done 250 ms app@web1"
    assert lines[3].endswith("no way")


def test_a_narrow_journal_keeps_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = list(journal_lines([entry(error="something long went wrong here")], PLAIN))
    assert lines[0].split() == ["when", "revision", "phase", "state"]
    assert all(len(line) <= 50 for line in lines)


def test_an_empty_journal_says_so() -> None:
    assert list(journal_lines([], PLAIN)) == ["the journal is empty"]


def test_a_valid_history() -> None:
    report = ValidationReport(revisions=3, checked=("cycles", "labels"))
    assert list(report_lines(report, PLAIN)) == ["valid: 3 revisions, 2 checks"]
    assert list(report_lines(report, PLAIN, verbose=True))[:2] == ["✓ cycles", "✓ labels"]


def test_findings_name_place_and_hint() -> None:
    finding = Finding(rule="labels", message="used twice", path="/p/a.py", hint="rename one")
    report = ValidationReport(revisions=3, checked=("cycles", "labels"), findings=(finding,))
    assert list(report_lines(report, PLAIN)) == [
        "labels /p/a.py: used twice",
        "  hint: rename one",
        "not valid: 3 revisions, 1 problem",
    ]
    report = ValidationReport(revisions=3, checked=("labels: used once",), findings=(finding,))
    assert "✗ labels: used once" in list(report_lines(report, PLAIN, verbose=True))
