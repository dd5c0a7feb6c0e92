"""``asyncmig init``."""

from typing import Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.rendering.files import new_project_lines
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {
    "asyncmig init migrations": "create a project in this folder",
    "asyncmig init migrations -t pyproject": "settings in pyproject.toml",
    "asyncmig init migrations --multidb": "for several databases",
}
DOCUMENT = "InitResult"


def init(
    invocation: Invocation,
    directory: Annotated[
        str, typer.Argument(metavar="DIRECTORY", help="The script directory to create.")
    ],
    template: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--template",
            metavar="NAME",
            help="Template, see `asyncmig list_templates`. Default: generic.",
        ),
    ] = None,
    multidb: Annotated[bool, typer.Option("--multidb", help="Same as -t multidb.")] = False,
    package: Annotated[
        bool,
        typer.Option("--package", help="Write __init__.py files."),
    ] = False,
) -> None:
    """Create a script directory and its configuration file."""
    if multidb and template not in {None, "multidb"}:
        message = f"--multidb and --template {template} name two templates"
        raise UsageError(message, "leave one of them out")
    if len(invocation.options.config) > 1:
        message = "init writes one configuration file"
        raise UsageError(message, "give -c once, or not at all")
    from asyncmig.config import load
    from asyncmig.scaffold.init import init_project

    named = next(iter(invocation.options.config), None)
    result = init_project(
        directory,
        template="multidb" if multidb else template or "generic",
        package=package,
        config_path=named,
    )
    # The variables of the URLs are not set yet, and not needed here.
    databases = load(result.config, environ={}).databases
    invocation.confirm(
        result.to_dict(), lambda stream: new_project_lines(result, stream, databases=databases)
    )
