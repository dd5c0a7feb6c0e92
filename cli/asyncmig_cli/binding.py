"""How a plain function becomes a command: its own parameters, the shared options, its examples.

A command function takes an :class:`Invocation` first, then its own parameters with typer's
annotations; it returns an exit code, or None for success. The binding adds the shared options, so
that ``asyncmig -c FILE heads`` and ``asyncmig heads -c FILE`` mean the same.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.session import Session
from asyncmig_cli.shared_options import PANEL, SHARED, SharedOptions

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["HELP_NAMES", "SHIELD", "LeanCommand", "LeanGroup", "bind", "shared_callback"]

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

# `downgrade -1` is no option of that name. The parser would think so: for its time the argument
# begins with this invisible sign.
SHIELD = "\u2060"
NEGATIVE = re.compile(r"-\d")


class LeanText:
    """Turns an argument into its type without typer's validators.

    Those are built by pydantic, whose import alone takes longer than a whole ``asyncmig heads``.
    """

    def __init__(self, annotation: object) -> None:
        self.convert: type[int | float] | None = None
        if annotation is int or annotation is float:
            self.convert = int if annotation is int else float

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """``value``, or the numbers in it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        value = unshielded(value)
        if self.convert is None or not isinstance(value, str):
            return value
        try:
            return self.convert(value)
        except ValueError:
            message = f"{value!r} is not a number"
            raise typer.BadParameter(message, ctx=ctx, param=param) from None


def _no_type(ctx: Any) -> None:
    """Nothing: an argument and a flag need no "<str>" or "<bool>" beside them in the help."""


def _lean(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        # Older typer has no descriptor, and converts without pydantic.
        if descriptor is None or descriptor.annotation not in {str, int, float, bool, list[str]}:
            continue
        parameter._runtime_param = LeanText(descriptor.annotation)  # noqa: SLF001  # no public seam
        if descriptor.annotation is bool or parameter.param_type_name == "argument":
            parameter.display_type_rich = _no_type
    return parameters


def unshielded(value: Any) -> Any:
    """A value of the command line as it was typed."""
    if isinstance(value, str):
        return value.removeprefix(SHIELD)
    if isinstance(value, list | tuple):
        return type(value)(map(unshielded, value))
    return value


class LeanCommand(TyperCommand):
    """A command whose start imports nothing that it does not use."""

    def get_params(self, ctx: "Context") -> Any:
        """Its parameters, the help option too."""
        return _lean(super().get_params(ctx))

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Parse, with ``-1`` and its like as values."""
        return super().parse_args(
            ctx, [f"{SHIELD}{one}" if NEGATIVE.match(one) else one for one in args]
        )


class LeanGroup(TyperGroup):
    """The same for the group."""

    def get_params(self, ctx: "Context") -> Any:
        """Its parameters, those of the shell completion too."""
        return _lean(super().get_params(ctx))


def _show_version(ctx: typer.Context, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        session = ctx.find_object(Session)
        if session is not None:
            session.show_version()
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        is_eager=True,
        callback=_show_version,
        rich_help_panel=PANEL,
        help="Show the versions of asyncmig and Python, and exit.",
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


def _take_shared(values: dict[str, Any]) -> SharedOptions:
    taken = {name: values.pop(f"shared_{name}") for name in SHARED}
    values.pop("show_version")
    return SharedOptions(**taken)


def _with_signature(
    function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Any]:
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362
    return function


def shared_callback() -> Callable[..., None]:
    """The callback of the group: it keeps what was said before the command's name."""

    def remember(**values: Any) -> None:
        context: typer.Context = values.pop("typer_context")
        session = context.find_object(Session)
        if session is not None:
            session.shared = _take_shared(values)

    return _with_signature(remember, _parameters(()))


def _epilog(examples: Mapping[str, str]) -> str:
    width = max(map(len, examples))
    lines = [f"  {line:<{width}}  [dim]# {meaning}[/dim]" for line, meaning in examples.items()]
    return "\n".join(["[bold]Examples[/bold]", *lines])


def bind(
    function: Callable[..., int | None],
    *,
    name: str,
    panel: str,
    examples: Mapping[str, str],
    hidden: bool = False,
) -> "Command":
    """The command ``name`` of a command function.

    Args:
        function: its docstring is the help; its first parameter is the invocation.
        name: as typed.
        panel: the heading it stands under in the list of commands.
        examples: command lines, each with what it does.
        hidden: left out of the list.
    """
    own = list(inspect.signature(function).parameters.values())[1:]

    def run(**values: Any) -> int | None:
        context: typer.Context = values.pop("typer_context")
        session = context.find_object(Session) or Session()
        invocation = Invocation(session, session.shared.merged(_take_shared(values)))
        return function(invocation, **{name: unshielded(one) for name, one in values.items()})

    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(
        name=name,
        cls=LeanCommand,
        help=function.__doc__,
        epilog=_epilog(examples),
        context_settings=HELP_NAMES,
        rich_help_panel=panel,
        hidden=hidden,
    )(_with_signature(run, _parameters(own)))
    return typer.main.get_command(app)
