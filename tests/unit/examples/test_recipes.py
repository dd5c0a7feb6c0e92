"""The recipes to copy: valid for the program that reads them, and with commands that exist."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import typer
import yaml

from asyncmig_cli.application import application
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPES = ROOT / "examples" / "recipes"
MANIFESTS = [
    "argo-sync-wave.yml",
    "helm-hook.yml",
    "kubernetes-init-container.yml",
    "kubernetes-job.yml",
]


def commands() -> Iterator[tuple[str, list[str]]]:
    """The calls of asyncmig in all recipes: file and arguments."""
    for path in sorted(RECIPES.iterdir()):
        text = path.read_text("utf-8")
        if path.name in MANIFESTS:
            for container in containers(yaml.safe_load(text)):
                if container.get("command") == ["asyncmig"]:
                    yield path.name, container["args"]
        elif path.suffix != ".md":
            for match in re.finditer(r"(?:^|[\s/])asyncmig((?: [\w./-]+)+)$", text, re.MULTILINE):
                if not match[1].startswith((" -e", " \\")):
                    yield path.name, shlex.split(match[1])


def containers(manifest: Any) -> Iterator[dict[str, Any]]:
    pod = manifest["spec"]["template"]["spec"]
    yield from (*pod.get("initContainers", ()), *pod["containers"])


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_valid(name: str) -> None:
    manifest = yaml.safe_load((RECIPES / name).read_text("utf-8"))
    assert kubernetes_validate.validate(manifest, "1.37", strict=True) == "1.37"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--builtin-schema", "vendor.github-workflows", "github-actions.yml"],
        ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "gitlab-ci.yml"],
    ],
    ids=["github", "gitlab"],
)
def test_pipelines_are_valid(arguments: list[str]) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *arguments],
        cwd=RECIPES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_unit_runs_once_before_the_service() -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.read(RECIPES / "shop-migrate.service")
    assert unit["Service"]["Type"] == "oneshot"
    assert unit["Unit"]["Before"] == unit["Install"]["RequiredBy"] == "shop.service"


def test_the_image_runs_without_rights() -> None:
    lines = (RECIPES / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER 65532" in lines
    assert lines.index("USER 65532") > max(
        number for number, line in enumerate(lines) if line.startswith(("RUN", "COPY"))
    )


@pytest.mark.parametrize(("name", "arguments"), list(commands()))
def test_commands_exist_with_these_options(name: str, arguments: list[str]) -> None:
    group = application()
    with typer.Context(group, info_name="asyncmig") as parent:
        command_name, command, rest = group.resolve_command(parent, arguments)
        assert command is not None, name
        command.make_context(command_name, rest, parent=parent)


def test_every_recipe_is_described() -> None:
    page = (RECIPES / "README.md").read_text("utf-8")
    names = {path.name for path in RECIPES.iterdir()} - {"README.md"}
    assert names == set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
