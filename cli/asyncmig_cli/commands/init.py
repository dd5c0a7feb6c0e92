"""``asyncmig init``."""

from typing import Annotated

import typer

from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.rendering.files import started_lines

EXAMPLES = {
    "asyncmig init migrations": "start a project here",
    "asyncmig init migrations -t pyproject": "keep the settings in pyproject.toml",
    "asyncmig init migrations --multidb": "for several databases",
}
DOCUMENT = "InitResult"


def init(
    invocation: Invocation,
    directory: Annotated[
        str, typer.Argument(metavar="DIRECTORY", help="The new script directory.")
    ],
    template: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--template",
            metavar="NAME",
            help="See `asyncmig list_templates`; generic if not given.",
        ),
    ] = None,
    multidb: Annotated[bool, typer.Option("--multidb", help="The same as -t multidb.")] = False,
    package: Annotated[
        bool,
        typer.Option("--package", help="Write __init__.py files, for folders that are imported."),
    ] = False,
) -> None:
    """Start a script directory and write its configuration, where the folder has none yet."""
    if multidb and template not in {None, "multidb"}:
        message = f"--multidb and --template {template} name two templates"
        raise UsageProblem(message, "leave one of them out")
    if len(invocation.options.config) > 1:
        message = "init writes one configuration file"
        raise UsageProblem(message, "give -c once, or not at all")
    from asyncmig.config import load
    from asyncmig.scaffold.init import init_project

    named = next(iter(invocation.options.config), None)
    result = init_project(
        directory,
        template="multidb" if multidb else template or "generic",
        package=package,
        config_path=named,
    )
    # The variables of the URLs are yet to be set: what the file says is enough here.
    databases = load(result.config, environ={}).databases
    invocation.confirm(
        result.to_dict(), lambda stream: started_lines(result, stream, databases=databases)
    )
