"""Write docs/alembic.md: where everything of Alembic is in asyncmig; ``--check`` only compares.

What Alembic has is read from the installed one: its commands and options from its parser, the members
of ``op`` and of the batch object, the arguments of ``configure()``, the keys of its templates and of
its code. Where ours bears the same name, it is found; the rest is said in ``PLACES``.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import alembic
from alembic import autogenerate as their_autogenerate
from alembic import command as their_command
from alembic.config import CommandLine
from alembic.config import Config as TheirConfig
from alembic.operations import BatchOperations as TheirBatch
from alembic.operations import Operations as Theirs
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext as TheirMigrationContext
from alembic.runtime.migration import RevisionStep as TheirRevisionStep
from alembic.runtime.migration import StampStep as TheirStampStep
from alembic.script import Script as TheirScript
from alembic.script import ScriptDirectory as TheirScriptDirectory
from alembic.script.revision import RevisionMap as TheirRevisionMap

from asyncmig.alembic import Config, MigrationContext, ScriptDirectory, autogenerate, command
from asyncmig.alembic import EnvironmentContext as OurEnvironmentContext
from asyncmig.alembic_compat.facade.script.revision import RevisionMap
from asyncmig.alembic_compat.facade.script.steps import RevisionStep, StampStep
from asyncmig.config.keys.table import KEYS
from asyncmig.operations.batch import BatchOperations
from asyncmig.operations.facade import Operations
from asyncmig.revisions.graph.alembic_script import AlembicScript
from asyncmig.revisions.graph.revision import Revision
from asyncmig_cli.application import application

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Row", "page", "rows", "stale"]

TARGET = Path(__file__).resolve().parent.parent / "docs" / "alembic.md"
SOURCE = Path(alembic.__file__).parent
_ENV = "what `env.py` configures, which is executed"
_HOOK = "a function of that name in the `hooks` module, or read from `env.py`"
_METHOD = "a method of `Migrator` of the same name; no command of its own yet"
_HOOKS_KEY = "in `[[post_write_hooks]]`, or `[post_write_hooks]` of an ini file"

PLACES = {
    "command": {"check": _METHOD},
    "option": {"revision --autogenerate": "`Migrator.revision(autogenerate=True)`; no option yet"},
    "op": {
        "create_module_class_proxy": "none: makes Alembic's own `op` module; `from asyncmig import op`"
        " is a proxy of its own",
    },
    "batch": {
        "batch_alter_table": "none: a batch within a batch has no meaning; call it on `op`",
        "context": "none: a batch is made by `op.batch_alter_table` only",
        "create_module_class_proxy": "none: as for `op`",
    },
    "configure": {
        "connection": "what `env.py` configures, which is executed. An engine that `Migrator(...)` is given"
        " goes before it, and `env.py` connects with it; with a connection, `env.py` is only read",
        "dialect_name": "none: PostgreSQL is the only dialect",
        "dialect_opts": "none: offline SQL has its values as literals, whatever the paramstyle",
        "output_buffer": "none: `Migrator.sql()` returns the text, `--sql` prints it",
        "starting_rev": "`asyncmig upgrade a:b --sql`, `Migrator.sql('a:b')`",
        "tag": "`--tag`, `tag=`; kept in the journal",
        "template_args": "none: templates of `revision` are filled by asyncmig",
        "render_as_batch": "none: PostgreSQL alters tables in place; batches in scripts work",
        "include_name": _HOOK,
        "include_object": _HOOK,
        "process_revision_directives": _HOOK,
        "render_item": _HOOK,
        "on_version_apply": _HOOK + "; also `Migrator(on_version_apply=...)`",
        "literal_binds": "always on: values of offline SQL are literals",
        "upgrade_token": "none: variables of `script.py.mako` are asyncmig's",
        "downgrade_token": "none: as `upgrade_token`",
        "alembic_module_prefix": "none: new scripts say `op.`",
        "sqlalchemy_module_prefix": "none: new scripts say `sa.`",
        "user_module_prefix": "none: a type of one's own is written as `render_item` says, or with its"
        " module's full name",
        "autogenerate_plugins": "none: PostgreSQL compares; there is nothing to assemble from plugins",
        "kw": "`op.get_context().opts`, from `env.py`",
    },
    "api": {
        "EnvironmentContext.create_module_class_proxy": "none: makes Alembic's own `context` module",
        "MigrationContext.configure": "the same",
        "MigrationContext.run_migrations": "none: `command.upgrade`, or an `EnvironmentContext` with `fn`",
        "MigrationContext.stamp": "`command.stamp`, `Migrator.stamp`",
        **dict.fromkeys(
            (
                f"{step}.{name}"
                for step in ("RevisionStep", "StampStep")
                for name in (
                    *("merge_branch_idents", "should_create_branch", "should_delete_branch"),
                    *("should_merge_branches", "should_unmerge_branches", "unmerge_branch_idents"),
                    "update_version_num",
                )
            ),
            "none: Alembic's bookkeeping, row by row; asyncmig computes the change of the version table",
        ),
    },
    "key": {
        "entrypoint": _HOOKS_KEY,
        "executable": _HOOKS_KEY,
        "module": _HOOKS_KEY,
        "name": _HOOKS_KEY,
        "options": _HOOKS_KEY,
        "type": _HOOKS_KEY,
        "path_separator": "the same in Alembic's files; a native file writes a list",
        "my_important_option": "any key of one's own: `config.get_main_option`, `settings.extra`",
    },
}
"""Kind and name: the place in asyncmig, or the reason why there is none."""


class Row(NamedTuple):
    """Something that Alembic has; ``place`` is None when nobody has said where ours is."""

    kind: str
    name: str
    place: str | None


def rows() -> Iterator[Row]:
    """Everything that the installed Alembic has."""
    for kind, name, found in _surface():
        yield Row(kind, name, found or PLACES[kind].get(name))


def _surface() -> Iterator[tuple[str, str, str | None]]:
    yield from _commands()
    for name in _members(Theirs):
        yield "op", name, f"`op.{name}`" if hasattr(Operations, name) else None
    for name in _members(TheirBatch):
        yield "batch", name, f"`batch.{name}`" if hasattr(BatchOperations, name) else None
    ours = {key.name: key for key in KEYS}
    for name in list(inspect.signature(EnvironmentContext.configure).parameters)[1:]:
        place = f"`{name}` in the settings; {_ENV}" if name in ours else None
        yield "configure", name, place
    named = {key.alembic: key.name for key in KEYS if key.alembic}
    for name in _keys():
        yield "key", name, f"`{named[name]}`" if name in named else None
    yield from _api()


def _commands() -> Iterator[tuple[str, str, str | None]]:
    group: Any = application()
    parser = CommandLine().parser
    for option in _options(parser):
        yield "option", f"alembic {option}", _same_option(group, option)
    for name, theirs in _subparsers(parser).items():
        own = group.get_command(None, name)
        yield "command", name, f"`asyncmig {name}`" if own else None
        for option in _options(theirs):
            yield "option", f"{name} {option}", own and _same_option(own, option)


def _same_option(command: Any, option: str) -> str | None:
    theirs = option.split(", ")
    for one in command.params:
        ours = {*one.opts, *one.secondary_opts}
        if theirs[-1] in ours:
            missing = ", ".join(f"`{name}`" for name in theirs if name not in ours)
            return f"the same, but not spelled {missing}" if missing else "the same"
    return None


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001 - argparse shows its parts no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001 - likewise
        if action.option_strings and "--help" not in action.option_strings:
            yield ", ".join(action.option_strings)


def _members(kind: type) -> list[str]:
    return sorted(name for name in dir(kind) if not name.startswith("_"))


def _keys() -> list[str]:
    """The keys of the templates' files, and those that the code asks for."""
    found: set[str] = set()
    for path in SOURCE.glob("templates/*/*.mako"):
        if path.name in {"alembic.ini.mako", "pyproject.toml.mako"}:
            section = ""
            for line in path.read_text().splitlines():
                if header := re.match(r"\[+([\w.]+)\]+", line):
                    section = header[1]
                key = re.match(r"#? ?([a-z_]+(?:\.[a-z_]+)?) ?=", line)
                if key and section in {"alembic", "tool.alembic"}:
                    found.add(key[1])
    asked = re.compile(
        r"""get_(?:main|alembic|alembic_boolean)_option\(\s*["']([\w.]+)["']|_get_\w*option\w*\(\s*["']([\w.]+)["']"""
    )
    for path in SOURCE.rglob("*.py"):
        if "testing" not in path.parts:
            found.update(one or other for one, other in asked.findall(path.read_text()))
    return sorted(found - {"hooks"})


def _api() -> Iterator[tuple[str, str, str | None]]:
    """The Python API: public members of its modules and classes."""
    for name in _functions(their_command):
        yield "api", f"command.{name}", _in_ours(command, name)
    for name in _functions(their_autogenerate):
        yield "api", f"autogenerate.{name}", _in_ours(autogenerate, name)
    folder = Path(__file__).parent
    pairs: list[tuple[str, type, Any]] = [
        ("Config", TheirConfig, Config()),
        ("EnvironmentContext", EnvironmentContext, OurEnvironmentContext),
        ("MigrationContext", TheirMigrationContext, MigrationContext.configure()),
        ("ScriptDirectory", TheirScriptDirectory, ScriptDirectory(str(folder))),
        ("Script", TheirScript, AlembicScript(Revision(id="a"), None, _no_module)),
        ("RevisionMap", TheirRevisionMap, RevisionMap),
        ("RevisionStep", TheirRevisionStep, RevisionStep),
        ("StampStep", TheirStampStep, StampStep(None, None, True, False)),
    ]
    for title, theirs, ours in pairs:
        for name in _members(theirs):
            yield "api", f"{title}.{name}", _in_ours(ours, name)


def _no_module(_: Revision) -> NoReturn:
    raise NotImplementedError


def _in_ours(ours: Any, name: str) -> str | None:
    return "the same" if name in dir(ours) else None


def _functions(module: Any) -> list[str]:
    return sorted(
        name
        for name, found in vars(module).items()
        if inspect.isfunction(found) and not name.startswith("_")
    )


HEADINGS = {
    "command": "Commands",
    "option": "Options of commands",
    "op": "Members of `op`",
    "batch": "Members of the object of `batch_alter_table`",
    "configure": "Arguments of `context.configure()`",
    "key": "Keys of `alembic.ini` and `[tool.alembic]`",
    "api": "The Python API, in `asyncmig.alembic`",
}


INTRODUCTIONS = {
    "api": [
        "`from asyncmig.alembic import command, Config, ScriptDirectory, MigrationContext,",
        "EnvironmentContext, autogenerate`: names, arguments, output and results are Alembic's. The",
        "functions block; asynchronous code has `asyncmig.Migrator`.",
        "",
        "`import asyncmig.alembic; asyncmig.alembic.install()`, before anything imports Alembic, lets",
        "`import alembic` give these modules in the whole process, also to packages such as Flask-Migrate",
        "and pytest-alembic.",
        "",
    ],
}


def page() -> str:
    """The whole page."""
    lines = [
        "<!-- Written by scripts/alembic_table.py from the installed Alembic: change PLACES there. -->",
        "",
        "# From Alembic",
        "",
        f"Everything that Alembic {alembic.__version__} has, and where it is in asyncmig. A project with",
        "`alembic.ini` and `env.py` runs as it is: see what is said of `configure()` below.",
    ]
    everything = list(rows())
    for kind, heading in HEADINGS.items():
        lines += ["", f"## {heading}", "", *INTRODUCTIONS.get(kind, ())]
        lines += ["| Alembic | asyncmig |", "|---|---|"]
        lines += [
            f"| `{row.name}` | {row.place or '**nowhere**'} |"
            for row in everything
            if row.kind == kind
        ]
    return "\n".join(lines) + "\n"


def stale() -> list[str]:
    """What ``PLACES`` says of things that Alembic does not have."""
    here = {(kind, name): found for kind, name, found in _surface()}
    return [
        f"{kind} {name}"
        for kind, names in PLACES.items()
        for name in names
        if (kind, name) not in here
    ]


def main() -> int:
    """Write the page, or compare it."""
    missing = [f"{row.kind} {row.name}" for row in rows() if row.place is None]
    if missing:
        print("\n".join(["PLACES says nothing of:", *missing]), file=sys.stderr)
        return 1
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text() == page():
            return 0
        print(f"{TARGET} is old: run scripts/alembic_table.py", file=sys.stderr)
        return 1
    TARGET.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
