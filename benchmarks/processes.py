"""Running a contender as a process, and what is known of it afterwards."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = Path(__file__).with_name("launcher.py")
WORKERS = Path(__file__).with_name("workers")
LIMIT = 900.0
NOT_OURS = ("ASYNCMIG_", "ALEMBIC_", "PG", "DATABASE_URL", "PYTHONPATH", "PYTHONDONTWRITE")


class FailedError(Exception):
    """A contender did not do its work; the text has its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A process that ended well.

    Attributes:
        seconds: from its start to its end.
        cpu: seconds of processor time.
        peak: bytes of memory at most resident.
        output: what it printed.
    """

    seconds: float
    cpu: float
    peak: int
    output: str


def run(command: Sequence[str | Path], scratch: Path, *, cwd: Path | None = None) -> Finished:
    """Run a command to its end, timed by the launcher.

    Raises:
        FailedError: it did not end with 0.
    """
    out, err = scratch / "stdout", scratch / "stderr"
    arguments = [str(part) for part in command]
    launched = subprocess.run(
        [sys.executable, "-I", "-S", LAUNCHER, out, err, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd or scratch,
        env=environment(),
        timeout=LIMIT,
    )
    report = json.loads(launched.stdout)
    output = out.read_text(encoding="utf-8")
    if code := report.pop("code"):
        words = " / ".join((err.read_text(encoding="utf-8") or output).strip().splitlines()[-3:])
        raise FailedError(f"{Path(arguments[0]).name} ended with {code}: {words}")
    return Finished(output=output, **report)


def worker(name: str, scratch: Path, **order: object) -> tuple[Finished, list[float]]:
    """Run ``workers/NAME.py`` with an order; it answers with the seconds of each call."""
    path = WORKERS / f"{name}.py"
    finished = run([sys.executable, path, json.dumps(order, default=str)], scratch)
    return finished, json.loads(finished.output.splitlines()[-1])


def script(name: str, scratch: Path) -> Path:
    """A console script of this interpreter, written as an installer does where it is missing."""
    installed = Path(sysconfig.get_path("scripts")) / name
    if installed.exists():
        return installed
    path = scratch / name
    if not path.exists():
        path.write_text(
            f"#!{sys.executable}\nimport sys\nfrom {name}_cli.app import main\nsys.exit(main())\n"
        )
        path.chmod(0o700)
    return path


def environment() -> dict[str, str]:
    """Ours, without what would turn a contender's head."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    try:
        importlib.metadata.distribution("asyncmig")
    except importlib.metadata.PackageNotFoundError:
        kept["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "cli")])
    return kept
