"""The models of a new project: found in its source files, chosen at a terminal if there are several."""

import sys
from typing import TYPE_CHECKING

from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.scaffold.model_search import FoundModels

__all__ = ["choose_models"]


def choose_models(invocation: Invocation, template: str) -> "FoundModels | None":
    """The models for the new configuration; None if there are none, or if none was chosen.

    Args:
        invocation: the command.
        template: of the project; one without a place for models has none.
    """
    from asyncmig.config.files.locations import working_directory
    from asyncmig.errors import ConfigError
    from asyncmig.scaffold.model_search import find_models
    from asyncmig.scaffold.project_templates import find_template

    folder = working_directory()
    config = next(iter(invocation.options.config), None)
    try:
        if not find_template(template, folder).takes_models:
            return None
    except ConfigError:
        return None  # init reports it
    found = find_models(folder if config is None else (folder / config).parent)
    if len(found) < 2:
        return found[0] if found else None
    err = invocation.console.err
    if not invocation.is_verbal or not err.terminal or sys.stdin is None or not sys.stdin.isatty():
        names = ", ".join(one.names[0] for one in found)
        invocation.note(
            f"note: several models were found: {names}; set target_metadata, or give --metadata"
        )
        return None
    return _ask(invocation, found)


def _ask(invocation: Invocation, found: "Sequence[FoundModels]") -> "FoundModels | None":
    err = invocation.console.err
    err.line("several models were found:")
    for number, one in enumerate(found, 1):
        err.line(f"  {number}  {', '.join(one.names)}")
    while True:
        err.write(f"which are those of this database? [1-{len(found)}, empty for none] ")
        err.flush()
        line = sys.stdin.readline()
        answer = line.strip()
        if not line.endswith("\n"):
            err.line()
        if not answer:
            return None
        if answer.isdecimal() and 1 <= int(answer) <= len(found):
            return found[int(answer) - 1]
