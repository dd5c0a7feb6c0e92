"""Makes a typer command of a plain function: its own parameters, the shared options, its examples.

A command function takes an :class:`Invocation` first, then its own parameters with typer's
annotations. It returns an exit code, or None for success. The binding adds the shared options, so
that ``asyncmig -c FILE heads`` and ``asyncmig heads -c FILE`` mean the same.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from asyncmig_cli.options.shared_options import PANEL, SHARED, SharedOptions
from asyncmig_cli.runtime.command_line import CommandLine
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["HELP_NAMES", "LeanCommand", "LeanGroup", "bind", "shared_callback"]

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

SHARED_HINT = (
    "[bold]Common options[/bold] (-c -n -x --url --json -q --raiseerr): `asyncmig help options`"
)

EXAMPLE_WIDTH = 70  # of a command and its meaning side by side, in a terminal of 80 columns

# The parser would take `-1` of `downgrade -1` for an option. While it runs, the argument begins with
# this invisible character.
SHIELD = "\u2060"
NEGATIVE = re.compile(r"-\d")


class LeanText:
    """Converts an argument to its type without typer's validators.

    pydantic builds those, and importing it takes longer than all of ``asyncmig heads``.
    """

    def __init__(self, annotation: object) -> None:
        self.convert: type[int | float] | None = None
        if annotation is int or annotation is float:
            self.convert = int if annotation is int else float

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """``value``, as a number where the parameter is one."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        value = remove_shield(value)
        if self.convert is None or not isinstance(value, str):
            return value
        try:
            return self.convert(value)
        except ValueError:
            message = f"{value!r} is not a number"
            raise typer.BadParameter(message, ctx=ctx, param=param) from None


def _no_type(ctx: Any) -> None:
    """No type in the help: an argument and a flag need no "<str>" or "<bool>" there."""


def _make_lean(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        # Older typer has no descriptor, and converts without pydantic.
        if descriptor is None or descriptor.annotation not in {str, int, float, bool, list[str]}:
            continue
        parameter._runtime_param = LeanText(descriptor.annotation)  # noqa: SLF001  # no public seam
        if descriptor.annotation is bool or parameter.param_type_name == "argument":
            parameter.display_type_rich = _no_type
    return parameters


def remove_shield(value: Any) -> Any:
    """A value of the command line as it was typed."""
    if isinstance(value, str):
        return value.removeprefix(SHIELD)
    if isinstance(value, list | tuple):
        return type(value)(map(remove_shield, value))
    return value


class _ShortHelp:
    """Leaves the shared options out of the help; the epilog names them."""

    in_help = False

    @contextmanager
    def writing_help(self) -> Iterator[None]:
        """Within the block, the help is written."""
        self.in_help = True
        try:
            yield
        finally:
            self.in_help = False

    def shown(self, parameters: list[Any]) -> list[Any]:
        """The parameters that the help lists, or all of them while arguments are parsed."""
        if not self.in_help:
            return parameters
        return [one for one in parameters if getattr(one, "rich_help_panel", None) != PANEL]


class LeanCommand(_ShortHelp, TyperCommand):
    """A command that imports only what it uses."""

    def get_params(self, ctx: "Context") -> Any:
        """Its parameters, the help option included."""
        return self.shown(_make_lean(super().get_params(ctx)))

    def format_help(self, ctx: "Context", formatter: Any) -> None:
        """Write the help."""
        with self.writing_help():
            super().format_help(ctx, formatter)

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Parse the arguments; ``-1`` and other negative numbers are values."""
        return super().parse_args(
            ctx, [f"{SHIELD}{one}" if NEGATIVE.match(one) else one for one in args]
        )


class LeanGroup(_ShortHelp, TyperGroup):
    """A group that imports only what it uses."""

    def get_params(self, ctx: "Context") -> Any:
        """Its parameters, those of the shell completion included."""
        return self.shown(_make_lean(super().get_params(ctx)))

    def format_help(self, ctx: "Context", formatter: Any) -> None:
        """Write the help."""
        with self.writing_help():
            super().format_help(ctx, formatter)


def _show_version(ctx: typer.Context, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        command_line = ctx.find_object(CommandLine)
        if command_line is not None:
            command_line.show_version()
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        is_eager=True,
        callback=_show_version,
        rich_help_panel=PANEL,
        help="Show the versions of asyncmig and Python.",
    ),
]


def _parameters(own: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    """``own`` parameters, then the context and the shared options."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(f"shared_{name}", keyword, default=default, annotation=annotation)
        for name, (annotation, default) in SHARED.items()
    ]
    version = inspect.Parameter("show_version", keyword, default=False, annotation=Version)
    context = inspect.Parameter("typer_context", keyword, annotation=typer.Context)
    return [*(one.replace(kind=keyword) for one in own), context, *shared, version]


def _pop_shared(values: dict[str, Any]) -> SharedOptions:
    shared = {name: values.pop(f"shared_{name}") for name in SHARED}
    values.pop("show_version")
    return SharedOptions(**shared)


def _with_signature(
    function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Any]:
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362
    return function


def shared_callback() -> Callable[..., None]:
    """The callback of the group: it stores the options given before the command's name."""

    def store(**values: Any) -> None:
        context: typer.Context = values.pop("typer_context")
        command_line = context.find_object(CommandLine)
        if command_line is not None:
            command_line.shared = _pop_shared(values)

    return _with_signature(store, _parameters(()))


def _epilog(examples: Mapping[str, str]) -> str:
    """The end of a command's help: the shared options, and the examples without line breaks."""
    width = max(map(len, examples))
    if width + max(map(len, examples.values())) > EXAMPLE_WIDTH:
        width = 0
    lines = [f"  {line:<{width}}  [dim]# {meaning}[/dim]" for line, meaning in examples.items()]
    return "\n".join([SHARED_HINT, "", "[bold]Examples[/bold]", *lines])


def bind(
    function: Callable[..., int | None],
    *,
    name: str,
    panel: str,
    examples: Mapping[str, str],
) -> "Command":
    """The command ``name`` of a command function.

    Args:
        function: its docstring is the help; its first parameter is the invocation.
        name: as typed.
        panel: its heading in the list of commands.
        examples: command lines, each with what it does.
    """
    own = list(inspect.signature(function).parameters.values())[1:]

    def run(**values: Any) -> int | None:
        context: typer.Context = values.pop("typer_context")
        command_line = context.find_object(CommandLine) or CommandLine()
        invocation = Invocation(command_line, command_line.shared.merged(_pop_shared(values)))
        return function(invocation, **{name: remove_shield(one) for name, one in values.items()})

    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(
        name=name,
        cls=LeanCommand,
        help=function.__doc__,
        epilog=_epilog(examples),
        context_settings=HELP_NAMES,
        rich_help_panel=panel,
    )(_with_signature(run, _parameters(own)))
    return typer.main.get_command(app)
