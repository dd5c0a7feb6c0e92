"""The code in all pages: valid Python, SQL, TOML and shell, with commands, keys and options that exist."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import yaml

from asyncmig.config.keys.table import BY_NAME
from asyncmig.sql.split import split
from asyncmig_cli.application import application
from asyncmig_cli.commands import canonical_name
from support.page_script import blocks_of
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.page_script import Block

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
OUTPUT = {"console", "text", "mermaid", "json", "diff", "ini", "html"}
"""Blocks that are not code of these languages."""
WRONG = {'# ae10.py\ndef upgrade(op: Operations) -> None:\n    op.execute("SELECT 1"\n'}
"""Scripts that a page shows for the error that they cause."""


def with_blocks(*languages: str) -> pytest.MarkDecorator:
    """A test of each page that has blocks in these languages, or in any."""
    found = {
        str(page.relative_to(ROOT)): [
            block for block in blocks_of(page) if not languages or block.language in languages
        ]
        for page in PAGES
    }
    cells = [pytest.param(name, blocks, id=name) for name, blocks in found.items() if blocks]
    return pytest.mark.parametrize(("page", "blocks"), cells)


@contextmanager
def located(page: str, block: Block) -> Iterator[None]:
    """An error says which block it is about."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in {page}:{block.line}")
        raise


def parse_python(text: str) -> None:
    """Parse code, or the signature of a directive."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        signature = text.strip().removeprefix("await ")
        if signature.startswith("op."):
            ast.parse(f"def {signature.removeprefix('op.')}: ...")
        elif text not in WRONG:
            raise AssertionError(f"{error}\n{text}") from error


def check_code(block: Block) -> None:
    match block.language:
        case "python" | "py":
            parse_python(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "yaml" | "yml":
            yaml.safe_load(block.text)
        case "sql":
            assert split(block.text)
        case "sh" | "bash":
            checked = subprocess.run(
                ["bash", "-n"], input=block.text, text=True, capture_output=True, check=False
            )
            assert checked.returncode == 0, checked.stderr
        case language:
            assert language in OUTPUT


@with_blocks()
def test_the_blocks_are_valid(page: str, blocks: list[Block]) -> None:
    for block in blocks:
        with located(page, block):
            check_code(block)


def calls(block: Block) -> list[list[str]]:
    """The calls of asyncmig in a block of shell or console lines."""
    found = []
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        if block.language == "console":
            if not line.startswith("$ "):
                continue
            line = line[2:]
        match = re.match(r"(?:[A-Z_]+=\S* )*(?:python -m )?(asyncmig(?: [^;|>&#]*)?)", line.strip())
        if match and "$" not in match[1]:
            found.append(shlex.split(match[1])[1:])
    return found


def check_call(arguments: list[str]) -> None:
    group = application()
    parent = group.make_context("asyncmig", list(arguments), resilient_parsing=False)
    with parent:
        rest = [*parent._protected_args, *parent.args]
        if not rest or canonical_name(rest[0]) == "help":
            return
        name, command, rest = group.resolve_command(parent, rest)
        assert command is not None
        command.make_context(name, rest, parent=parent)


@with_blocks("sh", "bash", "console")
def test_the_commands_and_their_options_exist(page: str, blocks: list[Block]) -> None:
    for block in blocks:
        for arguments in calls(block):
            with located(page, block):
                check_call(arguments)


def check_keys(block: Block) -> None:
    table = tomllib.loads(block.text)
    if block.title not in {None, "asyncmig.toml"} or "project" in table or "build-system" in table:
        return
    tables = [table.get("tool", {}).get("asyncmig", {} if "tool" in table else table)]
    tables += list(tables[0].get("databases", {}).values())
    for one in tables:
        for key, value in one.items():
            assert key in BY_NAME or isinstance(value, dict | list), key


@with_blocks("toml")
def test_the_keys_of_a_configuration_exist(page: str, blocks: list[Block]) -> None:
    for block in blocks:
        with located(page, block):
            check_keys(block)
