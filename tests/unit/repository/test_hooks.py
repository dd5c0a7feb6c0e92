"""`.pre-commit-config.yaml` runs what CI runs, with the tools that `constraints.txt` pins."""

from __future__ import annotations

import re

import pytest
import yaml

from support.paths import ROOT

CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repository in CONFIG["repos"] for hook in repository["hooks"]}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def prerequisites(target):
    """What the Makefile runs before a target, itself included."""
    found = re.search(rf"^{target}:([^#\n]*)", MAKEFILE, re.MULTILINE)
    return {target} if found is None else {target, *found[1].split()}


def test_no_hook_comes_from_another_repository():
    assert [repository["repo"] for repository in CONFIG["repos"]] == ["local"]


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_runs_its_target_on_the_whole_repository(name):
    hook = HOOKS[name]
    assert hook["language"] == "system"
    assert hook["pass_filenames"] is False
    assert hook["entry"] == f"make {name}"
    assert re.search(rf"^{name}: \$\(STAMP\)", MAKEFILE, re.MULTILINE), f"no target {name}"


def test_the_hooks_run_all_that_make_check_runs():
    # `make format` fails on everything that it cannot fix, as `make lint` does
    checked = prerequisites("check") - {"check", "$(STAMP)", "lint"} | {"format"}
    assert checked <= set(HOOKS)


def test_both_kinds_of_hooks_are_installed():
    stages = {stage for hook in HOOKS.values() for stage in hook.get("stages", ["pre-commit"])}
    assert set(CONFIG["default_install_hook_types"]) == stages == {"pre-commit", "pre-push"}
