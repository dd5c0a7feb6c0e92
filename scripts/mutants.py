"""Mutants: does a test fail when the core has a mistake?

    python scripts/mutants.py                                 # SAMPLE mutants of the core
    python scripts/mutants.py --sample 0 asyncmig/plan        # all of a folder
    python scripts/mutants.py --seed 7 --sample 500
    python scripts/mutants.py --reuse                         # without the first run of the tests
    python scripts/mutants.py --tests tests/unit/plan --sample 80 asyncmig/plan   # minutes, without a server

The tests run once, to learn which lines each of them reaches. Then each mutant runs the tests that reach
its line until one fails: those of its own package, the other unit tests, the tests with a database. It does
so in a fork of a process that has imported everything but asyncmig. An import hook gives the module with the
mistake, so that no file is written. A mutant that no test noticed is printed. ``equivalent_mutants.toml``
lists those that no test can notice, each with its reason.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mutations import Mutation, find_mutations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
EQUIVALENTS = Path(__file__).with_name("equivalent_mutants.toml")
SCRATCH = ROOT / "build" / "mutants"
SAMPLE = 200
SEED = 1
WANTED = 95
"""Per cent of the mutants that tests should notice, without the equivalent ones."""
TIMEOUT = 120.0
"""Seconds for one stage of a mutant; a mistake that makes the tests hang is noticed."""
LONGEST_STAGE = 25.0
"""Seconds of tests that one stage of a mutant runs at most."""

CORE = (
    "asyncmig/bookkeeping",
    "asyncmig/database/advisory_lock.py",
    "asyncmig/database/background_task.py",
    "asyncmig/database/blockers.py",
    "asyncmig/database/retry_policy.py",
    "asyncmig/database/session_settings.py",
    "asyncmig/ddl/literal.py",
    "asyncmig/diff/comparison.py",
    "asyncmig/diff/stages.py",
    "asyncmig/diff/types",
    "asyncmig/execution",
    "asyncmig/plan",
    "asyncmig/revisions/graph",
    "asyncmig/sql",
)
UNIT_TESTS = tuple(
    f"tests/unit/{package}"
    for package in (
        *("backfill", "bookkeeping", "database", "ddl", "diff", "entities", "execution"),
        *("operations", "plan", "revisions", "sql"),
    )
)
DATABASE_TESTS = tuple(
    f"tests/integration/{package}"
    for package in ("backfill", "bookkeeping", "database", "execution", "plan")
)
WARM = (
    "alembic",
    "anyio",
    "asyncpg",
    "hypothesis",
    "psycopg2",
    "pytest_asyncio",
    "sqlalchemy.ext.asyncio",
)
"""What is imported before the fork."""
OPTIONS = (
    *(
        "--exitfirst",
        "--quiet",
        "--color=no",
        "--tb=short",
        "--assert=plain",  # else pytest's import hook is before ours: asyncmig is a plugin's package
        "-p",
        "no:cacheprovider",
        "-p",
        "no:cov",
    ),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of what is imported before the fork
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A mutation of a file; ``stages`` are the tests to run, one after the other."""

    path: str
    mutation: Mutation
    stages: list[list[str]]

    @property
    def key(self) -> tuple[str, str, str]:
        """How ``equivalent_mutants.toml`` names it."""
        return self.path, self.mutation.code, self.mutation.change

    @property
    def is_control(self) -> bool:
        """True where nothing is changed: its tests pass."""
        return self.mutation.before == self.mutation.after

    def __str__(self) -> str:
        return f"{self.path}:{self.mutation.line}: {self.mutation.change}\n    {self.mutation.code}"


class Reached:
    """Which tests reach which lines, and how long each test takes."""

    def __init__(self, data: coverage.CoverageData, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self._data = data

    def tests(self, path: str, line: int | None) -> set[str]:
        """The tests that reach a line, or any line, of a file."""
        by_line = self._data.contexts_by_lineno(str(ROOT / path))
        contexts = (
            by_line.get(line, []) if line else [each for all_ in by_line.values() for each in all_]
        )
        return {context.partition("|")[0] for context in contexts} & self.seconds.keys()

    def stages(self, path: str, mutation: Mutation) -> list[list[str]]:
        """The tests of a mutant: of its module, other unit tests, tests with a database."""
        own = path.replace("asyncmig/", "tests/unit/").removesuffix(".py").rpartition("/")[0]
        tests = self.tests(path, mutation.line) if mutation.in_function else set()
        # of a module without functions no test reaches a line
        tests = (
            tests
            or self.tests(path, None)
            or {test for test in self.seconds if test.startswith(own)}
        )
        unit = {test for test in tests if test.startswith(UNIT_TESTS)}
        near = {test for test in unit if test.startswith(own)}
        stages = [near, unit - near, tests - unit]
        return [self._choose(stage) for stage in stages if stage]

    def _choose(self, tests: Collection[str]) -> list[str]:
        """The short tests first: one case of each function, then the second cases, and so on."""
        cases = Counter[str]()
        order = []
        for test in sorted(tests, key=lambda test: (self.seconds[test], test)):
            function = test.partition("[")[0]
            order.append((cases[function], test))
            cases[function] += 1
        chosen, total = [], 0.0
        for _, test in sorted(order, key=lambda pair: pair[0]):
            total += self.seconds[test]
            if total > LONGEST_STAGE and chosen:
                break
            chosen.append(test)
        return chosen


class Durations:
    """A plugin of pytest: the time of each test, and the tests that fail."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the time of a stage."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    @property
    def passed(self) -> dict[str, float]:
        """The times of the tests that can tell a mutant."""
        return {test: seconds for test, seconds in self.seconds.items() if test not in self.failed}


class Only:
    """A plugin of pytest: runs these tests in this order, and no others."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose and sort."""
        wanted = [item for item in items if item.nodeid in self._places]
        items[:] = sorted(wanted, key=lambda item: self._places[item.nodeid])


class Mistaken(importlib.abc.MetaPathFinder):
    """An import hook: gives one module with its mistake."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._path = str(ROOT / mutant.path)
        self._source = mutant.mutation.source

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Find the module with the mistake."""
        if fullname != self._name:
            return None
        loader = _Loader(fullname, self._path, self._source)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._mistaken = source

    def get_code(self, fullname: str) -> Any:
        return compile(self._mistaken, self.get_filename(fullname), "exec", dont_inherit=True)


def run_pytest(arguments: Iterable[str], plugins: Sequence[object], log: Path) -> int:
    """Run pytest in a fork; gives the number of its process, which leads a group of its own."""
    pid = os.fork()
    if pid:
        return pid
    status = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        os.setsid()
        signal.alarm(0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        status = int(pytest.main([*OPTIONS, *arguments], plugins=list(plugins)))
    except BaseException:  # noqa: BLE001 - whatever it is, the log shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def map_tests(paths: Sequence[str], *, reuse: bool) -> Reached:
    """Run the tests once, and note what they reach; or take the notes of the last time."""
    settings = SCRATCH / "coveragerc"
    settings.write_text(
        "[run]\nparallel = true\nconcurrency = greenlet, thread\nsource = asyncmig\n"
        f"data_file = {SCRATCH / 'coverage'}\n"
    )
    durations = SCRATCH / "durations.json"
    command = [sys.executable, __file__, "--map", str(durations), *paths]
    environment = {**os.environ, "ASYNCMIG_TEST_DEPTH": "quick,cells=all"}
    if not reuse and subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("the tests cannot be run")
    data = coverage.CoverageData(str(SCRATCH / "coverage"))
    data.read()
    return Reached(data, json.loads(durations.read_text()))


def write_map(durations: Path, paths: Sequence[str]) -> int:
    """What ``map_tests`` runs as a process of its own."""
    plugin = Durations()
    measured = ["--cov=asyncmig", "--cov-context=test", f"--cov-config={SCRATCH / 'coveragerc'}"]
    arguments = [
        "--quiet",
        "--numprocesses=auto",
        "-m",
        "not slow",
        *measured,
        "--cov-report=",
    ]
    os.environ["COVERAGE_FILE"] = str(SCRATCH / "coverage")
    status = pytest.main([*arguments, *paths], plugins=[plugin])
    durations.write_text(json.dumps(plugin.passed))
    for test in sorted(plugin.failed):
        print(f"left out, as it fails without a mutant: {test}")
    return 0 if status == pytest.ExitCode.TESTS_FAILED else int(status)


def read_equivalents() -> dict[tuple[str, str, str], str]:
    """The mutants that no test can notice, with the reason."""
    entries = tomllib.loads(EQUIVALENTS.read_text())["equivalent"]
    return {(each["file"], each["code"], each["change"]): each["reason"] for each in entries}


def core_files(paths: Sequence[str]) -> Iterator[Path]:
    """The modules of files and folders."""
    for path in paths:
        place = ROOT / path
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def choose(paths: Sequence[str], sample: int, seed: int) -> list[tuple[str, Mutation]]:
    """A sample of the mutations of these files; all of them for 0."""
    found = [
        (str(file.relative_to(ROOT)), mutation)
        for file in core_files(paths)
        for mutation in find_mutations(file.read_text())
    ]
    print(
        f"{len(found):,} mutants in {len({path for path, _ in found})} modules", end="", flush=True
    )
    if 0 < sample < len(found):
        found = sorted(random.Random(seed).sample(found, sample), key=lambda pair: pair[0])
        print(f", {sample} of them by seed {seed}", end="")
    print(flush=True)
    return found


@dataclass(slots=True)
class Outcomes:
    """How the mutants ended.

    Attributes:
        noticed: how many, by ``unit`` and ``database``: the tests that failed.
        survivors: those that no test noticed.
        argued: how many are listed as equivalent.
        wrongly_argued: those of them that a test notices.
    """

    noticed: Counter[str] = field(default_factory=Counter)
    survivors: list[Mutant] = field(default_factory=list)
    argued: int = 0
    wrongly_argued: list[Mutant] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    mutant: Mutant
    stage: int
    log: Path
    deadline: float


class Run:
    """Runs the tests of mutants, some at a time."""

    def __init__(self, mutants: Iterable[Mutant], processes: int) -> None:
        self.outcomes = Outcomes()
        self._equivalents = read_equivalents()
        self._waiting = list(mutants)[::-1]
        self._processes = processes
        self._jobs: dict[int, _Job] = {}

    def to_the_end(self) -> Outcomes:
        """Run all of them."""
        while self._waiting or self._jobs:
            while self._waiting and len(self._jobs) < self._processes:
                self._start(self._waiting.pop(), 0)
            pid, status = os.waitpid(-1, os.WNOHANG) if self._jobs else (0, 0)
            if pid in self._jobs:
                self._ended(pid, os.waitstatus_to_exitcode(status))
            else:
                time.sleep(0.01)
                self._end_what_hangs()
        return self.outcomes

    def _start(self, mutant: Mutant, stage: int) -> None:
        if stage == len(mutant.stages):
            self._survived(mutant)
            return
        tests = mutant.stages[stage]
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        log = SCRATCH / f"mutant-{time.monotonic_ns()}.log"
        hook = Mistaken(mutant)
        sys.meta_path.insert(0, hook)
        pid = run_pytest(files, [Only(tests)], log)
        sys.meta_path.remove(hook)
        self._jobs[pid] = _Job(mutant, stage, log, time.monotonic() + TIMEOUT)

    def _ended(self, pid: int, status: int) -> None:
        job = self._jobs.pop(pid)
        _kill_group(pid)  # what its tests have left
        output = job.log.read_text(errors="replace")
        job.log.unlink(missing_ok=True)
        if status in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            self._start(job.mutant, job.stage + 1)
        elif job.mutant.is_control:
            print(output)
        elif job.mutant.key in self._equivalents:
            self.outcomes.wrongly_argued.append(job.mutant)
        else:
            is_unit = job.mutant.stages[job.stage][0].startswith(UNIT_TESTS)
            self.outcomes.noticed["unit" if is_unit else "database"] += 1

    def _survived(self, mutant: Mutant) -> None:
        if mutant.key in self._equivalents:
            self.outcomes.argued += 1
        else:
            self.outcomes.survivors.append(mutant)
            if not mutant.is_control:
                print(mutant, flush=True)

    def _end_what_hangs(self) -> None:
        for pid, job in self._jobs.items():
            if time.monotonic() > job.deadline:
                _kill_group(pid)


def check_controls(mutants: Iterable[Mutant], processes: int) -> None:
    """Make sure that the tests of some mutants pass without the mistake, and fail where nothing works."""
    controls = [
        replace(
            mutant, mutation=replace(mutant.mutation, after=mutant.mutation.before, source=source)
        )
        for mutant in sorted(mutants, key=lambda mutant: -len(mutant.stages))[:2]
        for source in [(ROOT / mutant.path).read_text()]
    ]
    if len(Run(controls, processes).to_the_end().survivors) < len(controls):
        sys.exit("tests fail in a fork without a mistake, too")
    broken = "raise ImportError('a mutant')"
    hopeless = [
        replace(mutant, mutation=replace(mutant.mutation, after=broken, source=broken))
        for mutant in controls
    ]
    if Run(hopeless, processes).to_the_end().survivors:
        sys.exit(
            "tests pass in a fork whose module cannot be imported: they run without the mistake"
        )


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def report(outcomes: Outcomes, seconds: float) -> bool:
    """Print the figures; says whether they are as they should be."""
    unit, database = outcomes.noticed["unit"], outcomes.noticed["database"]
    survived = len(outcomes.survivors)
    share = 100 * (unit + database) / (unit + database + survived or 1)
    print(
        f"\n{seconds:.0f} s: {unit} mutants noticed by unit tests, {database} by tests with a database, "
        f"{outcomes.argued} argued to be equivalent, {survived} not noticed.\n"
        f"{share:.1f} % noticed of what is not equivalent; at least {WANTED} % is wanted."
    )
    for mutant in outcomes.wrongly_argued:
        print(f"{EQUIVALENTS.name} lists this one, but a test notices it: {mutant}")
    return share >= WANTED and not outcomes.wrongly_argued


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=CORE, help="files and folders (the core)")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="how many mutants; 0: all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=max(2, os.cpu_count() or 1))
    parser.add_argument("--reuse", action="store_true", help="trust what the last run has noted")
    parser.add_argument(
        "--tests",
        action="append",
        help="run the tests of this folder only; can be repeated (those of the core's packages)",
    )
    parser.add_argument("--map", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.map:
        return write_map(given.map, given.paths)
    tests = given.tests or [*UNIT_TESTS, *DATABASE_TESTS]
    needs_server = not all(test.startswith("tests/unit/") for test in tests)
    if needs_server and "ASYNCMIG_TEST_URL" not in os.environ:
        servers = str(Path(__file__).with_name("servers.py"))
        os.execv(sys.executable, [sys.executable, servers, "run", "18", "--", *sys.orig_argv])
    os.chdir(ROOT)
    os.environ["ASYNCMIG_TEST_DEPTH"] = "quick,cells=all"
    SCRATCH.mkdir(parents=True, exist_ok=True)
    chosen = choose(given.paths, given.sample, given.seed)
    begun = time.monotonic()
    reached = map_tests(tests, reuse=given.reuse)
    mutants = [
        Mutant(path=path, mutation=mutation, stages=reached.stages(path, mutation))
        for path, mutation in chosen
    ]
    for name in WARM:
        importlib.import_module(name)
    check_controls(mutants, given.processes)
    outcomes = Run(mutants, given.processes).to_the_end()
    return 0 if report(outcomes, time.monotonic() - begun) else 1


if __name__ == "__main__":
    sys.exit(main())
