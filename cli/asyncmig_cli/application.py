"""The typer application: the list of commands, and the exit code of a call."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import typer

from asyncmig.errors import FileError
from asyncmig_cli.command_binding import HELP_NAMES, SHARED_HINT, LeanGroup, bind, shared_callback
from asyncmig_cli.commands import COMMANDS, canonical_name
from asyncmig_cli.errors import UsageError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.output.console import BrokenOutputError, Console
from asyncmig_cli.runtime.command_line import CommandLine, hide_secrets
from asyncmig_cli.runtime.error_report import report
from asyncmig_cli.runtime.library_log import shown_log

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["application", "run"]

HELP = "Async-first schema migrations for PostgreSQL."


class CommandGroup(LeanGroup):
    """Imports the module of the command that is called, and no other."""

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002  # click's signature
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":  # noqa: ARG002
        """The command of that name, written with underscores or with hyphens."""
        name = canonical_name(cmd_name)
        if name is None:
            return None
        command = self.commands.get(name)
        if command is None:
            module = import_module(f"asyncmig_cli.commands.{name}")
            command = bind(
                getattr(module, name), name=name, panel=COMMANDS[name], examples=module.EXAMPLES
            )
            self.commands[name] = command
        return command

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        """The command that the arguments begin with; ``help NAME`` is ``NAME --help``."""
        if args[0] == "help" and len(args) > 1 and canonical_name(args[1]) is not None:
            args = [args[1], "--help"]
        unknown = canonical_name(args[0]) is None and not args[0].startswith("-")
        if unknown and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0].replace("-", "_"), COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`asyncmig --help` lists the commands"
            message = f"there is no command {args[0]!r}"
            raise UsageError(message, hint)
        return super().resolve_command(ctx, args)


def application() -> "Command":
    """The whole command line."""
    app = typer.Typer(
        cls=CommandGroup,
        name="asyncmig",
        help=HELP,
        epilog=SHARED_HINT,
        context_settings=HELP_NAMES,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(shared_callback())
    return typer.main.get_command(app)


def run(arguments: Sequence[str], console: Console | None = None) -> int:
    """Execute the command of ``arguments`` and return its exit code; nothing is raised."""
    arguments = hide_secrets(arguments)
    command_line = CommandLine(arguments, console)
    out, err = command_line.console.out, command_line.console.err
    code: int = ExitCode.DONE
    try:
        with shown_log(arguments, err):
            code = _invoke(arguments, command_line)
        out.flush()
    except BrokenOutputError:
        # The reader has closed the pipe (`| head`): no error, the command has done its work.
        out.abandon()
    except FileError as error:
        out.abandon()
        code = report(error, command_line, json=False)
    try:
        err.flush()
    except (BrokenOutputError, FileError):
        err.abandon()
    return code


def _invoke(arguments: Sequence[str], command_line: CommandLine) -> int:
    try:
        outcome = application().main(
            args=command_line.arguments or ["--help"],
            prog_name="asyncmig",
            standalone_mode=False,
            obj=command_line,
        )
    except BrokenOutputError:
        raise
    except SystemExit as error:
        # typer and rich exit when the pipe closes while they write help
        if isinstance(error.__context__, BrokenPipeError):
            raise BrokenOutputError from error
        raise
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last place where an error can become a message
        return _report(error, command_line)
    if not arguments:
        return ExitCode.USAGE
    return outcome if isinstance(outcome, int) else ExitCode.DONE


def _report(error: BaseException, command_line: CommandLine) -> int:
    """Report ``error``; as text on standard error where standard output cannot be written."""
    try:
        return report(error, command_line)
    except (BrokenOutputError, FileError):
        command_line.console.out.abandon()
        return report(error, command_line, json=False)
