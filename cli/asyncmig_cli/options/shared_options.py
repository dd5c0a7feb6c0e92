"""The options that every command accepts, before and after its name."""

from collections.abc import Sequence
from typing import Annotated

import typer

__all__ = ["PANEL", "SHARED", "SharedOptions"]

PANEL = "Options of every command"

Config = Annotated[
    list[str] | None,
    typer.Option(
        "-c",
        "--config",
        metavar="FILE",
        rich_help_panel=PANEL,
        help="Configuration file. Give it twice to add an ini file to a TOML file.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "-n",
        "--name",
        metavar="NAME",
        rich_help_panel=PANEL,
        help="Database of the configuration, or section of the ini file.",
    ),
]
X = Annotated[
    list[str] | None,
    typer.Option(
        "-x",
        metavar="KEY=VALUE",
        rich_help_panel=PANEL,
        help="Argument for env.py and the revision scripts; repeatable.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", rich_help_panel=PANEL, help="Database URL."),
]
Embedded = Annotated[
    bool,
    typer.Option(
        "--embedded",
        rich_help_panel=PANEL,
        help="Run a private PostgreSQL server of the extra `embedded`; no URL is needed.",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        rich_help_panel=PANEL,
        help="Print one JSON document on standard output, and nothing else there.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("-q", "--quiet", rich_help_panel=PANEL, help="Print only results and errors."),
]
Progress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress",
        rich_help_panel=PANEL,
        show_default=False,
        help="Show live progress; otherwise one line is printed for each finished revision. "
        "--progress=json writes each event as a line of JSON to standard error.",
    ),
]
RaiseErr = Annotated[
    bool,
    typer.Option("--raiseerr", rich_help_panel=PANEL, help="Show the traceback of an error."),
]


class SharedOptions:
    """The values of the shared options, given before or after the command's name, or merged.

    This is a plain class because creating a dataclass takes longer than parsing the arguments.
    """

    __slots__ = ("config", "embedded", "json", "name", "progress", "quiet", "raiseerr", "url", "x")

    def __init__(
        self,
        *,
        config: Sequence[str] | None = None,
        name: str | None = None,
        x: Sequence[str] | None = None,
        url: str | None = None,
        embedded: bool = False,
        json: bool = False,
        quiet: bool = False,
        progress: bool | None = None,
        raiseerr: bool = False,
    ) -> None:
        self.config = tuple(config or ())
        self.name = name
        self.x = tuple(x or ())
        self.url = url
        self.embedded = embedded
        self.json = json
        self.quiet = quiet
        self.progress = progress
        self.raiseerr = raiseerr

    def merged(self, later: "SharedOptions") -> "SharedOptions":
        """These options, overridden by ``later`` ones; lists are concatenated."""
        return SharedOptions(
            config=self.config + later.config,
            name=self.name if later.name is None else later.name,
            x=self.x + later.x,
            url=self.url if later.url is None else later.url,
            embedded=self.embedded or later.embedded,
            json=self.json or later.json,
            quiet=self.quiet or later.quiet,
            progress=self.progress if later.progress is None else later.progress,
            raiseerr=self.raiseerr or later.raiseerr,
        )


SHARED: dict[str, tuple[object, object]] = {
    "config": (Config, None),
    "name": (Name, None),
    "x": (X, None),
    "url": (Url, None),
    "embedded": (Embedded, False),
    "json": (Json, False),
    "quiet": (Quiet, False),
    "progress": (Progress, None),
    "raiseerr": (RaiseErr, False),
}
"""Parameter name, as a field of ``SharedOptions``: its annotation and its default."""
