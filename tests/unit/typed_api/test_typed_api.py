"""The types of the public API, as a user's ``mypy --strict`` sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

from support.paths import ROOT

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent


def check(name: str) -> tuple[list[str], int]:
    """The errors that mypy reports in a program, as ``line: [code]``; and its exit code."""
    arguments = ["--strict", "--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"]
    out, err, code = api.run([*arguments, str(FOLDER / name)])
    assert not err, err
    found = [
        re.sub(r".*?:(\d+): error: .*\[([\w-]+)\]", r"\1: \2", line)
        for line in out.splitlines()
        if ": error:" in line
    ]
    return found, code


def test_a_program_that_uses_the_api_is_well_typed() -> None:
    assert check("program.py") == ([], 0)


def test_mistakes_are_found() -> None:
    lines = (FOLDER / "wrong_program.py").read_text().splitlines()
    expected = [
        f"{number}: {line.partition('# expected: ')[2]}"
        for number, line in enumerate(lines, start=1)
        if "# expected: " in line
    ]
    assert len(expected) == 9
    assert check("wrong_program.py") == (expected, 1)
