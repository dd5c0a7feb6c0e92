"""Calling a script's function: three forms of Python, and SQL files.

``run_script`` runs a script against its recorder and returns an awaitable where the script is a coroutine
function; nothing here awaits. A plan made without a database drives such a coroutine by hand: as long
as it only calls directives it never suspends, and where it would, it is live.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.errors import AsyncmigError, IrreversibleError, ScriptError
from asyncmig.operations.facade import Operations
from asyncmig.operations.running_op import using
from asyncmig.plan.misspelled_names import name_hint
from asyncmig.plan.model import Direction
from asyncmig.plan.recorder import Recorder, StopRecordingError
from asyncmig.revisions.files.failing_line import failing_line
from asyncmig.revisions.files.script import DeferredScript, SqlScript
from asyncmig.sql.split import iterate_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping

    from asyncmig.revisions.files.script import PythonScript
    from asyncmig.revisions.files.sql_file import SqlSection
    from asyncmig.sql.split import SqlStatement

_OWN_LOOP = "cannot be called from a running event loop"
"""What ``asyncio.run()`` and its kind say."""

AnyScript: TypeAlias = "PythonScript | DeferredScript | SqlScript"

__all__ = [
    "AnyScript",
    "check_written",
    "drive",
    "record",
    "run_script",
    "script_failure",
]


def check_written(script: AnyScript, direction: Direction) -> None:
    """Refuse a direction that a script does not have.

    Raises:
        IrreversibleError: the function or section is missing, or only raises NotImplementedError; then
            the message has what it says. Facts: ``revision``, ``path``, ``line``.
        ScriptError: the same of an upgrade. Facts: likewise.
    """
    if direction is Direction.DOWNGRADE and not script.has_downgrade:
        said, line = _refusal(script, "downgrade")
        raise IrreversibleError(
            f"revision {script.revision.id} has no downgrade{said}",
            hint="write its downgrade, or restore a backup; nothing was changed",
            revision=script.revision.id,
            path=script.revision.path,
            line=line,
        )
    if direction is Direction.UPGRADE and not script.has_upgrade:
        said, line = _refusal(script, "upgrade")
        raise ScriptError(
            f"revision {script.revision.id} has no upgrade{said}",
            hint="define `def upgrade(op: Operations) -> None:` or an `-- upgrade` section"
            if line is None
            else "write what it is to do in place of `raise NotImplementedError`; nothing was changed",
            revision=script.revision.id,
            path=script.revision.path,
            line=line,
        )


def _refusal(script: AnyScript, function: str) -> tuple[str, int | None]:
    """What a function that only raises says, and where: what follows the words that it is not there."""
    unwritten = None if isinstance(script, SqlScript) else script.unwritten.get(function)
    if unwritten is None:
        return f" ({script.revision.path})", None
    said = "" if unwritten.message is None else f": {unwritten.message}"
    return f"{said} ({script.revision.path}:{unwritten.line})", unwritten.line


def record(
    script: AnyScript,
    direction: Direction,
    recorder: Recorder,
    keywords: Mapping[str, Any] | None = None,
) -> bool:
    """Run a script without a database.

    Returns:
        True when the whole script was recorded; False when it is live from ``live_origin`` on.
    """
    try:
        coroutine = run_script(script, direction, recorder, keywords)
        if coroutine is not None:
            drive(coroutine, recorder)
    except StopRecordingError:
        return False
    except AsyncmigError:
        raise
    except Exception as error:
        raise script_failure(script, error) from error
    return not recorder.went_live


def run_script(
    script: AnyScript,
    direction: Direction,
    recorder: Recorder,
    keywords: Mapping[str, Any] | None = None,
) -> Coroutine[Any, Any, None] | None:
    """Run a script against its recorder.

    Returns:
        None for a sync script, which has run; the coroutine of an async one, which has not begun.
    """
    if isinstance(script, SqlScript):
        sections = script.upgrade if direction is Direction.UPGRADE else script.downgrade
        for section in sections or ():
            _run_section(section, recorder)
        return None
    recorder.is_of_alembic = script.mentions(b"alembic")
    operations = Operations(recorder, created_types=recorder.created_types)
    if isinstance(script, DeferredScript):
        with _script_context(script, operations, recorder):
            script = script.load()
    _read_switch(script, recorder)
    function = script.upgrade if direction is Direction.UPGRADE else script.downgrade
    if function is None:  # check_written comes first
        return None
    arguments, given = _arguments(function, operations, keywords or {})

    @contextmanager
    def running() -> Iterator[None]:
        block = nullcontext() if script.transactional else recorder.autocommit()
        with block, _script_context(script, operations, recorder):
            yield

    if inspect.iscoroutinefunction(function):

        async def run() -> None:
            with running():
                await function(*arguments, **given)

        return run()
    with running():
        function(*arguments, **given)
    return None


def _read_switch(script: PythonScript, recorder: Recorder) -> None:
    """``safe_rewrites = False`` in a script keeps the plain form of all its directives."""
    value = getattr(script.module, "safe_rewrites", True)
    if not isinstance(value, bool):
        raise ScriptError(
            f"revision {script.revision.id} sets safe_rewrites to {value!r} ({script.revision.path})",
            hint="safe_rewrites is False to keep the plain form of all its directives",
            revision=script.revision.id,
            path=script.revision.path,
        )
    if recorder.rewrites is not None:
        recorder.rewrites.switched_on = value


@contextmanager
def _script_context(
    script: AnyScript, operations: Operations, recorder: Recorder
) -> Iterator[None]:
    """While code of the script runs: ``op`` is its own, and ``sys.exit()`` does not end the process."""
    with recorder.import_context(), using(operations):
        try:
            yield
        except SystemExit as error:
            raise script_failure(script, error) from error


def _run_section(section: SqlSection, recorder: Recorder) -> None:
    path = recorder.revision.path
    if section.kind == "transaction":
        recorder.divide()
    statements = _statements(section, recorder)
    if section.kind == "backfill":
        first = next(statements, None)
        text, line = (None, section.line) if first is None else (first.text, first.line)
        is_taken = recorder.add_backfill(section.options, text, origin=f"{path}:{line}")
        if first is not None and not is_taken:
            statements = chain([first], statements)
    elif section.kind == "online":
        first = next(statements, None)
        text, line = ("", section.line) if first is None else (first.text, first.line)
        recorder.add_online(section.options, text, origin=f"{path}:{line}")
    for statement in statements:
        recorder.add(
            statement.text,
            origin=f"{path}:{statement.line}",
            directive="sql",
            autocommit=section.kind == "autocommit",
            copy_data=statement.copy_data,
        )


def _statements(section: SqlSection, recorder: Recorder) -> Iterator[SqlStatement]:
    path = recorder.revision.path
    try:
        yield from iterate_statements(section.text, first_line=section.line)
    except ScriptError as error:
        line = error.fields().get("line")
        raise ScriptError(
            f"revision {recorder.revision.id} cannot be read at {path}:{line}: {error}",
            hint=error.hint,
            revision=recorder.revision.id,
            path=path,
            line=line,
        ) from None


def _arguments(
    function: Callable[..., Any], operations: Operations, keywords: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a script's function is called with.

    A first required positional parameter that no configured keyword names takes the ``Operations``;
    the other parameters take the keywords that were given to ``run_migrations`` in an ``env.py``.
    """
    parameters = list(inspect.signature(function).parameters.values())
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    takes_operations = bool(positional) and positional[0].name not in keywords
    accepts_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    given = {key: value for key, value in keywords.items() if accepts_any or key in names}
    return ((operations,) if takes_operations else ()), given


def drive(coroutine: Coroutine[Any, Any, None], recorder: Recorder) -> None:
    """Run a coroutine as far as it goes by itself; the recorder is live if that is not its end."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    # it waits for something that is not ours: only a run can tell what follows
    coroutine.close()
    recorder.went_live = True


def script_failure(script: AnyScript, error: BaseException) -> ScriptError:
    """An exception that a script raised itself, with the line of the script that raised it."""
    line = failing_line(script.revision.path, error)
    where = f"{script.revision.path}:{line}" if line else script.revision.path
    return ScriptError(
        f"revision {script.revision.id} failed at {where}: {type(error).__name__}: {error}",
        hint=_hint(script.revision.path, error),
        revision=script.revision.id,
        path=script.revision.path,
        line=line,
    )


def _hint(path: str, error: BaseException) -> str:
    if _OWN_LOOP in str(error):
        return (
            "asyncmig runs in an event loop: write `async def upgrade(op)` and await it there, or call "
            "`op.run_async(function)`, whose function gets an AsyncConnection"
        )
    return name_hint(error, path) or "the script itself raised this"
