"""asyncmig.execution.resume: is a phase the one that an earlier run has committed, or has begun?"""

import pytest

from asyncmig.errors import ScriptError
from asyncmig.execution.resume import Resume, read_resumes
from support.fake_session import FakeSession
from support.plans import autocommit, partial, step, transaction

FIRST = transaction("SELECT 1")
SECOND = autocommit("VACUUM a", "VACUUM b")


def resume(**facts) -> Resume:
    entry = partial(**{"phase": 1, "fingerprint": SECOND.fingerprint} | facts)
    return Resume(entry=entry, fingerprints={0: FIRST.fingerprint})


def test_phases_before_the_one_that_stopped_are_committed() -> None:
    assert [resume().is_committed(phase) for phase in (0, 1, 2)] == [True, False, False]


@pytest.mark.parametrize("state", ["done", "caught"])
def test_a_phase_that_is_done_is_committed_too(state: str) -> None:
    assert [resume(state=state).is_committed(phase) for phase in (0, 1, 2)] == [True, True, False]


def test_the_same_phases_pass() -> None:
    resume().check(step(), 0, FIRST)
    resume().check(step(), 1, SECOND)


def test_a_phase_that_was_changed_is_refused() -> None:
    with pytest.raises(ScriptError, match=r"revision a1 was changed .* phase 1 is not the one"):
        resume().check(step(), 0, transaction("SELECT 2"))


def test_the_phase_that_was_interrupted_must_be_the_same() -> None:
    with pytest.raises(ScriptError, match="phase 2 is not the one"):
        resume(state="started").check(step(), 1, autocommit("VACUUM a", "VACUUM c"))


@pytest.mark.parametrize("state", ["failed", "refused"])
def test_behind_a_statement_that_failed_the_phase_may_be_corrected(state: str) -> None:
    known = resume(state=state, statement=1, fingerprint=autocommit("VACUUM a").fingerprint)
    known.check(step(), 1, autocommit("VACUUM a", "VACUUM corrected"))
    with pytest.raises(ScriptError, match="phase 2 is not the one"):
        known.check(step(), 1, autocommit("VACUUM other", "VACUUM b"))


def test_a_phase_of_which_nothing_is_known_passes() -> None:
    resume(fingerprint=None).check(step(), 1, autocommit("VACUUM z"))
    resume(fingerprint=None, state="failed").check(step(), 1, autocommit("VACUUM z"))
    resume().check(step(), 7, autocommit("VACUUM z"))


def test_a_script_that_ends_in_a_committed_phase_was_shortened() -> None:
    with pytest.raises(ScriptError, match=r"revision a1 was shortened .* \(a1\.py\)"):
        resume().check_not_shortened(step(), 0)
    # the error that the script handled there is raised again instead
    Resume(entry=partial(phase=1), fingerprints={}, caught={0: "boom"}).check_not_shortened(
        step(), 0
    )


async def test_nothing_is_read_where_nothing_is_partial(settings_of) -> None:
    session = FakeSession()
    settings, state = settings_of()
    assert await read_resumes(session, settings, state) == {}
    assert session.messages == []


async def test_committed_phases_and_handled_errors_are_read(settings_of) -> None:
    rows = [
        {"phase": 0, "fingerprint": "f0", "caught": None},
        {"phase": 1, "fingerprint": "f1", "caught": "boom"},
    ]
    settings, state = settings_of(partial())
    found = await read_resumes(FakeSession(rows={"fingerprint": rows}), settings, state)
    assert found["a1"].fingerprints == {0: "f0", 1: "f1"}
    assert found["a1"].caught == {1: "boom"}


@pytest.fixture
def settings_of(tmp_path):
    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings

    def make(*entries):
        state = DatabaseState(
            heads=frozenset(),
            schema="public",
            has_version_table=True,
            has_journal=True,
            has_backfills=False,
            partial=entries,
        )
        return Settings(script_location=tmp_path), state

    return make


@pytest.mark.parametrize(
    ("facts", "phase", "continues"),
    [
        ({"kind": "autocommit"}, 1, True),
        ({"kind": "backfill"}, 1, True),
        ({"kind": "transaction"}, 1, False),
        ({"kind": "autocommit"}, 0, False),
    ],
)
def test_a_phase_continues_with_its_own_row(facts: dict, phase: int, continues: bool) -> None:
    made = resume(**facts)
    assert made.autocommit_entry(phase) is (made.entry if continues else None)
