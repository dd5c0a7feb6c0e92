"""Runs the examples of a documentation page from top to bottom, as a reader would, in one shell.

- ``sh`` blocks are executed.
- ``console`` blocks are executed line by line (``$ ``), and what each command prints is compared.
- a block with ``title="PATH"`` is written to that file.
- a block below ``<!-- not executed: REASON -->`` is left out.
- ``<!-- continues: PAGE -->`` executes the blocks of another page of the folder first.

All other blocks are checked by ``tests/unit/docs/test_code_blocks.py``, which executes nothing.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Block", "Command", "blocks_of", "last_pages", "normalized", "run_page", "with_output"]

_FENCE = re.compile(
    r"^(?:<!-- not executed: (?P<reason>[^\n]+?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_CONTINUES = re.compile(r"<!-- continues: (\S+) -->")
_LIMIT = 270
_PORT = "8000"
_FOLDER = "/home/ada/shop"
_WAIT = """
wait_for_port() {
    python -c '
import socket, sys, time
deadline = time.monotonic() + 30
while socket.socket().connect_ex(("127.0.0.1", int(sys.argv[1]))):
    assert time.monotonic() < deadline, "nothing listens on port " + sys.argv[1]
    time.sleep(0.05)
' "$1"
}
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        language: the word behind the fence.
        title: the file that it shows, or None.
        text: its lines.
        line: the number of its first line in the page.
        reason: why it is not executed, or None.
    """

    language: str
    title: str | None
    text: str
    line: int
    reason: str | None


@dataclass
class Command:
    """A command of a ``console`` block.

    Attributes:
        page: the page that has it.
        text: as it is written behind ``$ ``.
        expected: what the page says that it prints.
        line: its number in the page.
        printed: what it printed, standard error included.
    """

    page: Path
    text: str
    expected: str
    line: int
    printed: str = ""


@dataclass
class _Script:
    lines: list[str] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(
            language=match["language"],
            title=match["title"],
            text=re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
            line=text.count("\n", 0, match.start("language")) + 2,
            reason=match["reason"],
        )
        for match in _FENCE.finditer(text)
    ]


def last_pages(pages: list[Path]) -> list[Path]:
    """The pages that no other page continues: to run them is to run all."""
    continued = {
        page.with_name(match[1])
        for page in pages
        if (match := _CONTINUES.search(page.read_text("utf-8")))
    }
    return [page for page in pages if page not in continued]


def run_page(page: Path, folder: Path) -> list[Command]:
    """Execute the blocks of a page, behind those of the pages that it continues, in an empty folder.

    Returns:
        The commands of all ``console`` blocks, with what they printed.

    Raises:
        AssertionError: a command of an ``sh`` block failed; the message has the end of the output.
    """
    script = _script_of(_chain(page), folder)
    port = str(_free_port())
    text = "\n".join(script.lines).replace(_PORT, port)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:pytest_alembic -p no:cacheprovider -p no:faker",
    }
    work = folder / "work"
    work.mkdir()
    with (folder / "output").open("w+") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", _WAIT + text],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(_LIMIT)
        finally:
            _stop_group(shell.pid)
        output.seek(0)
        tail = output.read()[-3000:]
    for number, command in enumerate(script.commands):
        printed = folder / f"console{number}"
        if printed.exists():
            command.printed = (
                printed.read_text("utf-8").replace(port, _PORT).replace(str(work), _FOLDER)
            )
    assert status == 0, f"{page.name}: exit code {status}\n{tail}\n{_last(script.commands)}"
    return script.commands


def _chain(page: Path) -> list[Path]:
    """The pages that a page continues, and the page."""
    match = _CONTINUES.search(page.read_text("utf-8"))
    return [*(_chain(page.with_name(match[1])) if match else []), page]


def _script_of(pages: list[Path], folder: Path) -> _Script:
    script = _Script()
    for page, block in ((one, block) for one in pages for block in blocks_of(one)):
        if block.reason is not None:
            continue
        if block.title is not None:
            path = shlex.quote(block.title)
            script.lines.append(f'mkdir -p "$(dirname {path})"')
            script.lines.append(f"cat > {path} <<'END_OF_FILE'\n{block.text}END_OF_FILE")
        elif block.language == "sh":
            for line in block.text.splitlines():
                script.lines.append(line)
                if line.rstrip().endswith("&"):
                    script.lines.append(f"wait_for_port {_PORT}")
        elif block.language == "console":
            for command in _commands(page, block):
                number = len(script.commands)
                script.commands.append(command)
                script.lines.append(
                    f"{{ {command.text}\n}} > {shlex.quote(str(folder))}/console{number} 2>&1 || true"
                )
    return script


def _commands(page: Path, block: Block) -> list[Command]:
    found: list[Command] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            found.append(Command(page, line[2:], "", number))
        elif found:
            found[-1].expected += f"{line}\n"
    return found


def with_output(text: str, commands: list[Command]) -> str:
    """The text of a page with the output that its commands printed."""
    lines = text.split("\n")
    for command in sorted(commands, key=lambda one: -one.line):
        end = command.line + command.expected.count("\n")
        lines[command.line : end] = (
            command.printed.rstrip("\n").split("\n") if command.printed else []
        )
    return "\n".join(lines)


def normalized(text: str) -> str:
    """Output without what differs from run to run: durations, times, process ids, ports, paths, versions."""
    for pattern, word in (
        (r"\b\d+(\.\d+)? (ms|s|min)\b", "TIME"),
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "DATE"),
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"/tmp/[^\s:]*", "PATH"),
        (r"PostgreSQL \d+(\.\d+)?", "PostgreSQL VERSION"),
        (r"\bpid \d+", "pid N"),
        (r"\b\d+\.\d{3,}(e-\d+)?", "NUMBER"),
        (r"in \d+\.\d+s", "in TIME"),
    ):
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _last(commands: list[Command]) -> str:
    said = [f"$ {one.text}\n{one.printed}" for one in commands if one.printed]
    return "\n".join(said[-2:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
