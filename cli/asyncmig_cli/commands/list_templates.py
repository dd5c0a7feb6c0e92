"""``asyncmig list_templates``."""

from asyncmig_cli.rendering.table import Column, Table
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {"asyncmig list_templates": "the names for `asyncmig init -t NAME`"}
DOCUMENT = '{"templates": [TemplateInfo]}'


def list_templates(invocation: Invocation) -> None:
    """List the templates of `asyncmig init`."""
    from asyncmig.scaffold.project_templates import list_templates as templates

    found = templates()
    table = Table(
        [Column("template"), Column("description", flexible=True, least=20)],
        [(one.name, one.description) for one in found],
    )
    invocation.show(
        {"templates": [{"name": one.name, "description": one.description} for one in found]},
        lambda stream: table.lines(stream.width),
    )
