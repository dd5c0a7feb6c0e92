"""`ci.yml` tests the versions that the project promises, by targets of the Makefile."""

from __future__ import annotations

import re
import tomllib
from urllib.parse import urlsplit

import pytest
import yaml

from support.paths import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
TRIGGERS = WORKFLOW[True]  # YAML 1.1 reads the key `on` as a boolean
JOBS = WORKFLOW["jobs"]
TEST_JOB = JOBS["test"]
MATRIX = TEST_JOB["strategy"]["matrix"]["include"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKE_TARGETS = set(
    re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)


def run_steps(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def test_it_runs_for_main_and_for_pull_requests():
    assert TRIGGERS["push"] == {"branches": ["main"]}
    assert "pull_request" in TRIGGERS


def test_every_python_of_the_classifiers_is_tested():
    prefix = "Programming Language :: Python :: 3."
    classified = {
        f"3.{name.removeprefix(prefix)}"
        for name in PROJECT["classifiers"]
        if name.startswith(prefix)
    }
    assert {entry["python"] for entry in MATRIX} == classified
    assert PROJECT["requires-python"] == f">={min(classified, key=minor)}"


def test_every_postgresql_of_the_compose_file_is_tested():
    assert {entry["postgresql"] for entry in MATRIX} == {
        name.removeprefix("postgres") for name in COMPOSE if re.fullmatch(r"postgres\d+", name)
    }


def test_every_python_is_tested_with_the_newest_postgresql():
    newest = max((entry["postgresql"] for entry in MATRIX), key=int)
    with_newest = {entry["python"] for entry in MATRIX if entry["postgresql"] == newest}
    assert with_newest == {entry["python"] for entry in MATRIX}


def test_no_combination_is_tested_twice():
    pairs = [(entry["python"], entry["postgresql"]) for entry in MATRIX]
    assert len(set(pairs)) == len(pairs)


def test_the_server_is_a_service_with_the_settings_of_the_compose_file():
    service, reference = TEST_JOB["services"]["postgresql"], COMPOSE["postgres18"]
    assert service["image"] == "postgres:${{ matrix.postgresql }}-alpine"
    assert service["command"] == reference["command"]
    assert service["env"] == reference["environment"]
    assert f"--tmpfs {reference['tmpfs'][0]}" in service["options"]
    assert " ".join(reference["healthcheck"]["test"][1:]) in service["options"]


def test_the_tests_connect_to_the_service():
    url = urlsplit(TEST_JOB["env"]["ASYNCMIG_TEST_URL"])
    service = TEST_JOB["services"]["postgresql"]
    assert url.hostname == "127.0.0.1"
    assert service["ports"] == [f"{url.port}:5432"]
    assert service["env"]["POSTGRES_PASSWORD"] == url.password


def test_checks_tests_documentation_and_the_wheel_are_built():
    commands = {command for job in JOBS.values() for command in run_steps(job)}
    assert run_steps(JOBS["sqlalchemy"]) == ["make test-matrix"]
    assert {
        "make check",
        "make test",
        "make test-full",
        "make coverage",
        "make docs",
        "make release-check",
    } <= commands
    assert "git diff --exit-code -- docs" in run_steps(JOBS["docs"])


@pytest.mark.parametrize("name", JOBS)
def test_a_job_may_only_read_and_ends_in_time(name):
    job = JOBS[name]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert 0 < job["timeout-minutes"] <= 90


@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_targets_of_the_makefile(name):
    commands = run_steps(JOBS[name])
    assert commands
    for target in re.findall(r"\bmake ([a-z-]+)", "\n".join(commands)):
        assert target in MAKE_TARGETS


@pytest.mark.parametrize("name", JOBS)
def test_a_job_checks_the_code_out_and_caches_by_files_that_exist(name):
    steps = JOBS[name]["steps"]
    assert steps[0]["uses"].startswith("actions/checkout@")
    assert steps[0]["with"] == {"persist-credentials": False}
    [python] = [step for step in steps if step.get("uses", "").startswith("actions/setup-python@")]
    for path in python["with"]["cache-dependency-path"].split():
        assert (ROOT / path).is_file()


@pytest.mark.parametrize("name", JOBS)
def test_expressions_name_what_the_matrix_has(name):
    job = JOBS[name]
    used = set(re.findall(r"\$\{\{ matrix\.(\w+) \}\}", yaml.safe_dump(job)))
    matrix = job.get("strategy", {}).get("matrix", {"include": [{}]})
    assert all(used <= set(entry) for entry in matrix["include"])


def minor(version):
    return int(version.split(".")[1])
