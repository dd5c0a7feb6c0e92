"""Post-write hooks: formatters and linters that run on a new revision file."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

from asyncmig.config.files.source import nearest
from asyncmig.errors import FileError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from asyncmig.config.settings import PostWriteHook

__all__ = ["SCRIPT_TOKEN", "HookRunners", "run_post_write_hooks"]

HookRunners: TypeAlias = "Mapping[str, Callable[..., object]]"

SCRIPT_TOKEN = "REVISION_SCRIPT_FILENAME"  # noqa: S105  # a placeholder in options, no secret

_MOST_LINES = 8  # a wrong option takes four, and a short traceback fits


def run_post_write_hooks(
    path: Path,
    hooks: Iterable[PostWriteHook],
    *,
    runners: HookRunners | None = None,
) -> tuple[str, ...]:
    """Run hooks on a file, one after the other; it blocks, so call it in a thread.

    Args:
        path: the file.
        hooks: from ``Settings.post_write_hooks``.
        runners: functions for further types of hooks, which are called as those of Alembic: with the path
            and the options.

    Returns:
        the names of the hooks that ran.

    Raises:
        ScriptError: a hook cannot be started or fails; the following hooks do not run, and the file is
            kept. Facts: ``path``, ``hook``, ``exit_code``, ``stderr`` (or its standard output, if
            it wrote no errors).
    """
    ran: list[str] = []
    for hook in hooks:
        runner = (runners or {}).get(hook.type)
        if runner is not None:
            _run_function(path, hook, runner)
        else:
            _run_program(path, hook)
        ran.append(hook.name)
    return tuple(ran)


def _run_function(path: Path, hook: PostWriteHook, runner: Callable[..., object]) -> None:
    options = {
        **hook.extra,
        "_hook_name": hook.name,
        "type": hook.type,
        **({"entrypoint": hook.entrypoint} if hook.entrypoint else {}),
        **({"options": hook.options} if hook.options else {}),
        **({"cwd": hook.cwd} if hook.cwd else {}),
    }
    try:
        runner(str(path), options)
    except Exception as error:
        # a function of the user may raise any exception
        cause = f"{type(error).__name__}: {error}".rstrip(": ")
        raise _fault(path, hook, f"failed: {cause}") from error


def _run_program(path: Path, hook: PostWriteHook) -> None:
    command = [*_command(path, hook), *_arguments(path, hook)]
    try:
        done = subprocess.run(  # noqa: S603  # the project's own configuration names the program
            command,
            cwd=hook.cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        reason = FileError.reason(error)
        what = f"could not be started: {error.filename or command[0]}: {reason}"
        raise _fault(path, hook, what) from error
    if done.returncode:
        output = done.stderr.strip() or done.stdout.strip()
        what = f"failed with exit code {done.returncode}: {_last_lines(output)}"
        raise _fault(path, hook, what, exit_status=done.returncode, stderr=output)


def _last_lines(output: str) -> str:
    """The last lines of a program's output."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    if len(lines) < 2:
        return lines[0].strip() if lines else "no output"
    cut = ["..."] if len(lines) > _MOST_LINES else []
    return "".join(f"\n  {line}" for line in (*cut, *lines[-_MOST_LINES:]))


def _command(path: Path, hook: PostWriteHook) -> list[str]:
    if hook.type == "exec":
        return [hook.entrypoint]
    if hook.type == "module":
        from importlib.util import find_spec

        try:
            found = find_spec(hook.entrypoint)
        except (ImportError, ValueError):
            found = None
        if found is None:
            raise _fault(
                path, hook, f"names the module '{hook.entrypoint}', which is not installed"
            )
        return [sys.executable, "-m", hook.entrypoint]
    if hook.type == "console_scripts":
        from importlib.metadata import entry_points

        found_entry = next(iter(entry_points(group="console_scripts", name=hook.entrypoint)), None)
        if found_entry is None:
            raise _fault(
                path, hook, f"names the console script '{hook.entrypoint}', which is not installed"
            )
        module, attribute = found_entry.module, found_entry.attr
        call = f"sys.argv[0] = {hook.entrypoint!r}; sys.exit({module}.{attribute}())"
        return [sys.executable, "-c", f"import sys, {module}; {call}"]
    near = nearest(hook.type, ("console_scripts", "exec", "module"))
    raise _fault(
        path,
        hook,
        f"has the unknown type '{hook.type}'" + (f", did you mean '{near}'?" if near else ""),
    )


def _arguments(path: Path, hook: PostWriteHook) -> list[str]:
    """The options as a list; without the token the file is the first one, as in Alembic."""
    written = hook.options
    if SCRIPT_TOKEN not in written:
        written = f"{SCRIPT_TOKEN} {written}"
    try:
        options = shlex.split(written, posix=sys.platform != "win32")
    except ValueError as error:
        what = f"has options that cannot be split: {str(error).lower()}"
        raise _fault(path, hook, what) from None
    return [option.replace(SCRIPT_TOKEN, str(path)) for option in options]


def _fault(path: Path, hook: PostWriteHook, what: str, **facts: object) -> ScriptError:
    return ScriptError(
        f"the post-write hook '{hook.name}' {what}",
        hint=f"the revision is written: {path}; correct the hook in the configuration",
        path=str(path),
        hook=hook.name,
        **facts,
    )
