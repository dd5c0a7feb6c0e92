"""``python -m benchmarks --quick``: every contender does its work once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from support.paths import ROOT

pytestmark = pytest.mark.slow


def test_a_quick_run_measures_everybody(server, tmp_path):
    path = tmp_path / "bench.json"
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", path],
        cwd=ROOT,
        env=os.environ | {"ASYNCMIG_BENCH_URL": server.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    report = json.loads(path.read_text())
    measured = {
        case["name"]: [one["name"] for one in case["contenders"] if one["median"] > 0]
        for case in report["cases"]
    }
    everybody = [
        "asyncmig",
        "alembic, asyncpg",
        "alembic, psycopg2",
        "psql -1 -f",
        "asyncpg, one query",
    ]
    assert measured == {
        "cold heads": ["asyncmig heads", "alembic heads", "import typer", "pass"],
        "compare 8": ["asyncmig, cold cache", "asyncmig, warm cache", *everybody[1:3]],
        "no-op": [*everybody[:3], "asyncpg, one select"],
        "fresh 8": everybody,
        "far 8": everybody,
    }
    compared = {one["name"]: one["queries"] for one in report["cases"][1]["contenders"]}
    assert compared["asyncmig, warm cache"] < compared["asyncmig, cold cache"] <= 25
    far = {one["name"]: one["round_trips"] for one in report["cases"][-1]["contenders"]}
    assert far["asyncpg, one query"] <= far["asyncmig"] < far["alembic, asyncpg"]
    assert report["facts"]["packages"]["alembic"]
    assert "fsync" in report["facts"]["postgresql"]
    loads = report["lock_load"]
    assert [load["added"] for load in loads] == [True] * 4
    for load in loads:
        assert sum(bar["transactions"] for bar in load["histogram"]) == load["transactions"] > 0
        assert load["longest_wait"] >= load["p99"] > 0
    rates = report["backfill"]
    assert len(rates) == 6
    assert all(one["rate"] > 0 for one in rates)
    names = [load["name"] for load in report["backfill_load"]]
    assert names[0] == "writers alone"
    assert names[-1] == "beside a backfill"
    assert len(names) == 4
    idle, busy = report["online_change"]
    assert busy["swap"] > 0
    for load in (*report["backfill_load"], idle, busy):
        assert load["transactions"] > 0
        assert load["longest"] >= load["p99"] >= load["p50"] > 0


def test_rewrite_load_prints_a_table(tmp_path):
    """With few rows and one change: every form runs, and the writers are measured."""
    path = tmp_path / "load.json"
    options = ["--rows", "500", "--only", "CHECK", "--json", path]
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.rewrite_load", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0].startswith("| 500 rows, 8 writers | Alembic | asyncmig, plain |")
    assert lines[2].startswith("| CHECK | ")
    report = json.loads(path.read_text())
    assert [one["form"] for one in report["results"]] == ["alembic", "plain", "safe"]
    for one in report["results"]:
        assert 0 < one["p50"] <= one["p99"] <= one["longest"]
        assert one["transactions"] > 0


@pytest.mark.timeout(300)
def test_the_ready_tests_of_both_plugins_pass_on_one_project(tmp_path):
    """The project is one of Alembic, whose models only its env.py names."""
    report = tmp_path / "ready.json"
    options = ("--revisions", "2", "--repetitions", "1", "--tests", "3", "--json", str(report))
    subprocess.run(
        [sys.executable, "-m", "benchmarks.ready_tests", *options],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=280,
    )
    found = json.loads(report.read_text())
    assert found["passed"] == {
        "pytest alone": 1,
        "pytest-alembic, four": 4,
        "asyncmig, four": 5,
        "pytest-alembic, five": 5,
        "asyncmig, five": 7,
        "asyncmig, all": 9,
    }
    assert found["clone_ms"] > 0
