"""Everything that a development installation needs is pinned."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.paths import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
EXTRAS = PROJECT["optional-dependencies"]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in LINES}


def requirements():
    texts = [*PROJECT["dependencies"], *SETTINGS["build-system"]["requires"]]
    texts += [text for extra in EXTRAS.values() for text in extra]
    return [Requirement(text) for text in texts if not text.startswith("asyncmig[")]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_a_dependency_is_pinned_within_its_range(requirement):
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def test_constraints_are_exact_and_in_order():
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in LINES)
    names = [canonicalize_name(line.split("==")[0]) for line in LINES]
    assert names == sorted(set(names))


def test_development_has_every_extra_that_tests_need():
    development = [Requirement(text) for text in EXTRAS["dev"]]
    named = {extra for one in development if one.name == "asyncmig" for extra in one.extras}
    assert named == set(EXTRAS) - {"dev"}
