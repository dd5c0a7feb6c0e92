"""``asyncmig list_plugins``."""

from typing import TYPE_CHECKING

from asyncmig.errors import ConfigNotFoundError
from asyncmig_cli.rendering.table import Column, Table
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings

EXAMPLES = {
    "asyncmig list_plugins": "installed plugins, and which the project uses",
    "asyncmig list_plugins -n audit": "for one database",
}
DOCUMENT = '{"plugins": [PluginInfo]}'


def list_plugins(invocation: Invocation) -> None:
    """List the installed plugins, and those that the project uses."""
    from asyncmig.plugins import list_plugins as plugins

    settings: Settings | None
    try:
        settings = invocation.settings
    except ConfigNotFoundError:  # outside a project, no plugin is used
        settings = None
    found = plugins(settings)
    table = Table(
        [Column("plugin"), Column("used"), Column("package", flexible=True, least=12)],
        [
            (one.name, "yes" if one.chosen else "no", f"{one.package} {one.version}".strip())
            for one in found
        ],
    )
    invocation.show(
        {"plugins": [one.to_dict() for one in found]},
        lambda stream: table.lines(stream.width) if found else ["no plugins are installed"],
    )
