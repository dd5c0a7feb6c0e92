"""``init`` beside a project of Alembic's: adopt that one, or not?"""

import sys
from pathlib import Path

from asyncmig_cli.runtime.invocation import Invocation

__all__ = ["wants_adoption"]


def wants_adoption(invocation: Invocation) -> bool:
    """Ask at a terminal whether a project of Alembic's in this folder is to be adopted.

    Without a terminal nothing is asked: ``init`` refuses a second configuration, and its hint names
    ``adopt``.
    """
    from asyncmig.config.files.locations import working_directory
    from asyncmig.scaffold.alembic_config import find_alembic_config

    err = invocation.console.err
    if not invocation.is_verbal or not err.terminal or sys.stdin is None or not sys.stdin.isatty():
        return False
    found = find_alembic_config(working_directory())
    return found is not None and _ask(invocation, found)


def _ask(invocation: Invocation, config: Path) -> bool:
    err = invocation.console.err
    err.line(f"{config.name} configures an Alembic project, which asyncmig runs as it is")
    while True:
        err.write("write its settings for asyncmig (asyncmig adopt)? [Y/n] ")
        err.flush()
        line = sys.stdin.readline()
        answer = line.strip().lower()
        if not line.endswith("\n"):
            err.line()
        if answer in {"", "y", "yes"}:
            return bool(line)
        if answer in {"n", "no"}:
            return False
