"""The typer application: which commands there are, and how a call ends."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import typer

from asyncmig.errors import FileError
from asyncmig_cli.binding import HELP_NAMES, LeanGroup, bind, shared_callback
from asyncmig_cli.commands import COMMANDS, spelling
from asyncmig_cli.console import BrokenOutputError, Console
from asyncmig_cli.exits import ExitCode
from asyncmig_cli.failures import UsageProblem, report
from asyncmig_cli.library_log import shown_log
from asyncmig_cli.session import Session

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
        """The command of that name, in either of its spellings."""
        name = spelling(cmd_name)
        if name is None:
            return None
        known = self.commands.get(name)
        if known is None:
            module = import_module(f"asyncmig_cli.commands.{name}")
            known = bind(
                getattr(module, name), name=name, panel=COMMANDS[name], examples=module.EXAMPLES
            )
            self.commands[name] = known
        return known

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        """The command that the arguments begin with."""
        if spelling(args[0]) is None and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0].replace("-", "_"), COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`asyncmig --help` lists them"
            message = f"there is no command {args[0]!r}"
            raise UsageProblem(message, hint)
        return super().resolve_command(ctx, args)


def application() -> "Command":
    """The whole command line."""
    app = typer.Typer(
        cls=CommandGroup,
        name="asyncmig",
        help=HELP,
        context_settings=HELP_NAMES,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(shared_callback())
    return typer.main.get_command(app)


def run(arguments: Sequence[str], console: Console | None = None) -> int:
    """Do what ``arguments`` say and return the exit code; nothing is raised."""
    session = Session(arguments, console)
    out, err = session.console.out, session.console.err
    code: int = ExitCode.DONE
    try:
        with shown_log(arguments, err):
            code = _invoke(arguments, session)
        out.flush()
    except BrokenOutputError:
        # The reader has what it wanted (`| head`); what was done stays done.
        out.abandon()
    except FileError as error:
        out.abandon()
        code = report(error, session, json=False)
    try:
        err.flush()
    except (BrokenOutputError, FileError):
        err.abandon()
    return code


def _invoke(arguments: Sequence[str], session: Session) -> int:
    try:
        outcome = application().main(
            args=list(arguments) or ["--help"],
            prog_name="asyncmig",
            standalone_mode=False,
            obj=session,
        )
    except BrokenOutputError:
        raise
    except SystemExit as error:
        # what typer and rich do when the pipe closes while they write help
        if isinstance(error.__context__, BrokenPipeError):
            raise BrokenOutputError from error
        raise
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last place where an error can become a message
        return _report(error, session)
    if not arguments:
        return ExitCode.USAGE
    return outcome if isinstance(outcome, int) else ExitCode.DONE


def _report(error: BaseException, session: Session) -> int:
    """Tell ``error``, as text on standard error where standard output cannot take its document."""
    try:
        return report(error, session)
    except (BrokenOutputError, FileError):
        session.console.out.abandon()
        return report(error, session, json=False)
