"""``heads`` as a whole process: what a person waits for at the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Aim, Case, Contender, Sample
from benchmarks.processes import FailedError, run, script

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.projects import Projects


def cold_start(projects: Projects, scratch: Path) -> Case:
    """The first, uncounted round finds no byte code and no index of the scripts."""
    projects.forget_byte_code()
    ini = projects.ini["asyncpg"]

    def command(*parts: str | Path, cwd: Path = scratch, prints: str = "") -> Sample:
        finished = run(parts, scratch, cwd=cwd)
        if prints not in finished.output:
            raise FailedError(f"{parts[0]} did not print {prints}")
        return Sample(
            seconds=finished.seconds,
            process=finished.seconds,
            cpu=finished.cpu,
            peak=finished.peak,
        )

    def contender(name: str, parts: Sequence[str | Path], **options: object) -> Contender:
        return Contender(name=name, run=lambda: command(*parts, **options))  # type: ignore[arg-type]  # of command above

    return Case(
        name="cold heads",
        title=f"cold start: heads of {projects.size:,} revisions, whole process",
        contenders=(
            contender(
                "asyncmig heads",
                [script("asyncmig", scratch), "heads"],
                cwd=projects.native,
                prints=projects.head,
            ),
            contender(
                "alembic heads",
                [script("alembic", scratch), "-c", ini, "heads"],
                cwd=ini.parent,
                prints=projects.head,
            ),
            contender("import typer", [sys.executable, "-c", "import typer"]),
            contender("pass", [sys.executable, "-c", "pass"]),
        ),
        unit="import typer",
        aims=(Aim(of="asyncmig heads", against="import typer", limit=1.5),),
    )
