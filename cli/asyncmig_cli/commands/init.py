"""``asyncmig init``."""

from typing import Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.input.adopt_prompt import wants_adoption
from asyncmig_cli.input.model_prompt import choose_models
from asyncmig_cli.rendering.files import new_project_lines
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {
    "asyncmig init migrations": "create a project in this folder",
    "asyncmig init migrations -t pyproject": "settings in pyproject.toml",
    "asyncmig init db --metadata app.models:Base.metadata": "name the models",
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
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="MODULE:NAME",
            help="The MetaData of the models; repeatable. Default: searched in the source files.",
        ),
    ] = None,
    package: Annotated[
        bool,
        typer.Option("--package", help="Write __init__.py files."),
    ] = False,
) -> int | None:
    """Create a script directory and its configuration file."""
    if multidb and template not in {None, "multidb"}:
        message = f"--multidb and --template {template} name two templates"
        raise UsageError(message, "leave one of them out")
    if len(invocation.options.config) > 1:
        message = "init writes one configuration file"
        raise UsageError(message, "give -c once, or not at all")
    from asyncmig.config import load
    from asyncmig.scaffold.init import init_project
    from asyncmig.scaffold.model_search import FoundModels

    if not invocation.options.config and wants_adoption(invocation):
        from asyncmig_cli.commands.adopt import adopt

        return adopt(invocation, db=False)
    named = next(iter(invocation.options.config), None)
    template = "multidb" if multidb else template or "generic"
    models = FoundModels(tuple(metadata)) if metadata else choose_models(invocation, template)
    result = init_project(
        directory, template=template, package=package, config_path=named, models=models
    )
    # The variables of the URLs are not set yet, and not needed here.
    databases = load(result.config, environ={}).databases
    invocation.confirm(
        result.to_dict(), lambda stream: new_project_lines(result, stream, databases=databases)
    )
    return None
