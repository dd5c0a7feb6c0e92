"""Write docs/cli.md from the commands themselves; ``--check`` only checks that it is up to date."""

import inspect
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from asyncmig import results
from asyncmig.deploy import Backup, DeploymentPlan, DeployResult
from asyncmig.plan import model
from asyncmig.plugins import PluginInfo
from asyncmig.scaffold.init import InitResult
from asyncmig.scaffold.project_templates import TemplateInfo
from asyncmig_cli.application import application
from asyncmig_cli.commands import COMMANDS
from asyncmig_cli.options.shared_options import PANEL

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

INTRODUCTION = """\
<!-- Written by scripts/cli_reference.py from the commands themselves: change those, then `make docs`. -->

# The command line

`asyncmig COMMAND [OPTIONS]`. An underscore in the name of a command can be typed as a hyphen
(`ensure-version`). `-h` or `--help` after a command shows its options and examples.

Results go to standard output; progress, notes and errors go to standard error. On a terminal, the
progress of a run is shown live; in a pipe, with `--no-progress`, or on a terminal that cannot move its
cursor, one line is written for each completed step. `NO_COLOR` disables colours, `FORCE_COLOR=1` enables
them.

After a first interrupt (Ctrl-C, SIGTERM) the command rolls back what is not committed, releases the lock
and ends; after a second one it ends at once.

## Exit codes

| Code | Meaning |
|---|---|
| 0 | done |
| 1 | error |
| 2 | wrong usage |
| 3 | revisions are pending, or there are differences: `current --check-heads`, `status --check`, `check` |
| 4 | the lock was not acquired in time |
| 5 | a revision is partially applied: a phase of it is committed, a later one failed |
| 130, 143 | interrupted by SIGINT or SIGTERM |
"""

JSON = """\
## JSON

With `--json` a command prints exactly one document on standard output. The output of scripts and hooks goes
to standard error. The fields of each named document are listed [below](#documents). A command that fails
prints

```json
{"error": {"type": "RevisionNotFoundError", "id": "E0201", "message": "...", "hint": "...", "fields": {}}}
```

where `type` is the class of the error (see `asyncmig.errors`), `id` is what `asyncmig explain` takes (null
for an unexpected exception), `hint` may be null, and `fields` are the fields of the error.
`asyncmig --version --json` prints `{"asyncmig": string, "python": string}`.
"""


COMPLETION = """
## Completion

`asyncmig --install-completion` adds the completion of commands, options, revisions and branch labels to the
start-up files of your shell: bash, zsh or fish. `_ASYNCMIG_COMPLETE=source_zsh asyncmig` (`source_bash`,
`source_fish`) prints the script, for an image or a package.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    group: Any = application()
    shared = [one for one in group.params if getattr(one, "rich_help_panel", None) == PANEL]
    yield "## Options of every command\n"
    yield "They are accepted before and after the name of the command.\n"
    yield from _table(shared)
    yield ""
    yield JSON
    yield COMPLETION
    yield "## Commands"
    heading = ""
    for name, panel in COMMANDS.items():
        if panel != heading:
            heading = panel
            yield f"\n### {panel}"
        yield from _command(name, group.get_command(None, name))
    yield "\n## Documents\n"
    yield "`[...]` is a list; `?` marks a value that may be null.\n"
    for kind in _documents():
        yield from _document(kind)


def _command(name: str, command: Any) -> Iterator[str]:
    module = import_module(f"asyncmig_cli.commands.{name}")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    own = [one for one in command.params if getattr(one, "rich_help_panel", None) != PANEL]
    options = [one for one in own if one not in arguments]
    yield f"\n#### asyncmig {name}\n"
    yield f"{inspect.cleandoc(command.help)}\n"
    usage = " ".join(
        ["asyncmig", name, *(["[OPTIONS]"] if options else []), *map(_placeholder, arguments)]
    )
    yield f"```text\n{usage}\n```\n"
    if own:
        yield from _table([*arguments, *options])
        yield ""
    yield "```console"
    for line, meaning in module.EXAMPLES.items():
        yield f"$ {line}    # {meaning}"
    yield "```\n"
    yield f"JSON: `{module.DOCUMENT}`"


def _placeholder(argument: Any) -> str:
    name = argument.metavar + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _table(parameters: list[Any]) -> Iterator[str]:
    yield "| Name | Meaning |"
    yield "|---|---|"
    for one in parameters:
        if one.param_type_name == "argument":
            name = f"`{_placeholder(one)}`"
        else:
            value = "" if one.is_flag else f" {one.metavar}"
            name = ", ".join(f"`{spelled}{value}`" for spelled in [*one.opts, *one.secondary_opts])
        meaning = " ".join(one.help.split()).replace("|", "\\|")
        if one.default not in {None, False} and not callable(one.default):
            meaning += f" Default: `{one.default}`."
        yield f"| {name} | {meaning} |"


def _documents() -> list[type]:
    own = [getattr(results, name) for name in results.__all__ if name != "Result"]
    return [
        *own,
        DeploymentPlan,
        Backup,
        DeployResult,
        PluginInfo,
        InitResult,
        TemplateInfo,
        model.Plan,
    ]


def _document(kind: type) -> Iterator[str]:
    yield f"### {kind.__name__}\n"
    if kind is model.Plan:
        yield PLAN
        return
    yield f"{inspect.cleandoc(kind.__doc__ or '').partition(chr(10))[0].replace('``', '`')}\n"
    yield "| Field | Type |"
    yield "|---|---|"
    assert is_dataclass(kind)
    for field in fields(kind):
        yield f"| `{field.name}` | {_type(str(field.type))} |"
    yield ""


PLAN = """\
What would run, in order.

| Field | Type |
|---|---|
| `direction` | `upgrade` or `downgrade` |
| `target` | string |
| `current`, `heads` | [string]: rows of the version table before and after |
| `steps` | [step] |

A step has `revision`, `direction`, `down_revisions`, `message`, `path`, `checksum`, `live` (it reads from
the database), `live_origin`, `version` (`remove` and `add`: rows) and `phases`. A phase has `kind`
(`transaction`, `autocommit` or `backfill`), `fingerprint` and `statements`. A statement has `sql`,
`parameters`, `origin` (`file:line`), `directive` and `transactional`.
"""

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def _type(written: str) -> str:
    optional = written.endswith(" | None")
    text = written.removesuffix(" | None")
    if text.startswith("tuple["):
        text = f"[{_type(text.removeprefix('tuple[').removesuffix(', ...]'))}]"
    return f"{_TYPES.get(text, text)}{'?' if optional else ''}"


def main() -> int:
    """Write the page, or compare it."""
    text = reference()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print(
            f"{TARGET} is not what the commands say: run scripts/cli_reference.py", file=sys.stderr
        )
        return 1
    TARGET.write_text(text)
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
