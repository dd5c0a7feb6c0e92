"""How contenders take turns, and what is made of their figures."""

from __future__ import annotations

import json

import pytest

from benchmarks.measure import Aim, Case, Contender, Sample, measure
from benchmarks.processes import FailedError, run
from benchmarks.report import document, table


def sample(seconds: float, **more) -> Sample:
    return Sample(seconds=seconds, process=seconds, cpu=seconds, peak=10_000_000, **more)


class Runner:
    """A contender that takes the next of the given times, and notes when it was called."""

    def __init__(self, name, log, *seconds):
        self.name, self.log, self.seconds = name, log, iter(seconds)

    def __call__(self):
        self.log.append(self.name)
        return sample(next(self.seconds))


def race(*contenders, unit="b", aims=(), repetitions=2, warm_up=False):
    case = Case(name="case", title="a title", contenders=contenders, unit=unit, aims=aims)
    return measure(case, repetitions, warm_up=warm_up, told=lambda _: None)


def test_contenders_take_turns():
    log = []
    race(
        Contender(name="a", run=Runner("a", log, 1, 1, 1)),
        Contender(name="b", run=Runner("b", log, 1, 1, 1)),
        repetitions=3,
    )
    assert log == ["a", "b", "a", "b", "a", "b"]


def test_the_warm_up_is_kept_and_does_not_count():
    summary = race(Contender(name="b", run=Runner("b", [], 9, 1, 3)), warm_up=True)
    outcome = summary.outcomes["b"]
    assert outcome.warm_up == sample(9)
    assert (outcome.least, outcome.median) == (1, 2)


def test_a_slow_contender_runs_once_and_without_warm_up():
    log = []
    race(
        Contender(name="a", run=Runner("a", log, 1), most=1),
        Contender(name="b", run=Runner("b", log, 1, 1, 1)),
        warm_up=True,
    )
    assert log == ["b", "a", "b", "b"]


def test_a_failure_is_told_and_ends_only_its_own_race():
    def fail():
        raise FailedError("no such rival")

    summary = race(
        Contender(name="a", run=fail),
        Contender(name="b", run=Runner("b", [], 1, 1)),
        aims=(Aim(of="a", against="b", limit=1),),
    )
    report = document([summary], {}, repetitions=2, seconds=1)
    assert report["failed"] == ["case: no such rival"]
    assert summary.verdicts == []
    assert "no such rival" in table([summary])


@pytest.mark.parametrize(
    ("aim", "of", "against", "ratio", "met"),
    [
        (Aim(of="a", against="b", limit=1.5), 3, 2, 1.5, True),
        (Aim(of="a", against="b", limit=1.5), 4, 2, 2, False),
        (Aim(of="a", against="b", limit=20, faster=True), 1, 20, 20, True),
        (Aim(of="a", against="b", limit=20, faster=True), 2, 20, 10, False),
    ],
)
def test_an_aim_is_judged_by_medians(aim, of, against, ratio, met):
    summary = race(
        Contender(name="a", run=Runner("a", [], of)),
        Contender(name="b", run=Runner("b", [], against)),
        aims=(aim,),
        repetitions=1,
    )
    (verdict,) = summary.verdicts
    assert (verdict.ratio, verdict.met) == (ratio, met)
    assert ("MISSED" in table([summary])) is not met


def test_the_report_is_json_with_every_sample():
    summary = race(Contender(name="b", run=lambda: sample(1, round_trips=7)))
    report = json.loads(json.dumps(document([summary], {"python": "3"}, repetitions=2, seconds=1)))
    (case,) = report["cases"]
    assert case["contenders"][0]["round_trips"] == 7
    assert (
        case["contenders"][0]["samples"]
        == [{"seconds": 1, "process": 1, "cpu": 1, "peak": 10_000_000, "round_trips": 7}] * 2
    )


class TestProcesses:
    def test_time_memory_and_output_are_those_of_the_command(self, tmp_path):
        small = run(["/bin/sh", "-c", "echo hello; sleep 0.05"], tmp_path)
        assert small.output == "hello\n"
        assert 0.05 <= small.seconds < 5
        assert small.cpu < small.seconds
        assert 1_000_000 < small.peak < 30_000_000

    def test_a_failure_carries_the_last_words(self, tmp_path):
        with pytest.raises(FailedError, match=r"sh ended with 3: .*broken"):
            run(["/bin/sh", "-c", "echo broken >&2; exit 3"], tmp_path)

    def test_variables_of_the_rivals_are_kept_away(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ALEMBIC_CONFIG", "elsewhere.ini")
        monkeypatch.setenv("PGHOST", "elsewhere")
        finished = run(["/bin/sh", "-c", "echo $ALEMBIC_CONFIG$PGHOST"], tmp_path)
        assert finished.output == "\n"
