"""``asyncmig list_templates``."""

from asyncmig_cli.drawing.table import Column, Table
from asyncmig_cli.invocation import Invocation

EXAMPLES = {"asyncmig list_templates": "what `asyncmig init -t NAME` takes"}
DOCUMENT = '{"templates": [TemplateInfo]}'


def list_templates(invocation: Invocation) -> None:
    """List the templates of init."""
    from asyncmig.scaffold.project_templates import list_templates as templates

    found = templates()
    table = Table(
        [Column("template"), Column("what it is", flexible=True, least=20)],
        [(one.name, one.description) for one in found],
    )
    invocation.show(
        {"templates": [{"name": one.name, "description": one.description} for one in found]},
        lambda stream: table.lines(stream.width),
    )
