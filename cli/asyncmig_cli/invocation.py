"""What a command function works with: the options, the settings, the library, the streams."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmig.errors import FileError
from asyncmig_cli.console import Console, Stream
from asyncmig_cli.documents import write_document
from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.session import Session
from asyncmig_cli.shared_options import SharedOptions

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.migrator import Migrator
    from asyncmig_cli.graph_queries import GraphQueries
    from asyncmig_cli.progress.reporter import Reporter

__all__ = ["Invocation"]

T = TypeVar("T")


class Invocation:
    """One command, called once."""

    def __init__(self, session: Session, options: SharedOptions) -> None:
        self.session = session
        self.options = options
        # An error of this command is told as its own options say, wherever they stood.
        session.shared = options
        if options.embedded and options.url:
            message = "--embedded and --url name two databases"
            raise UsageProblem(message, "leave one of them out")
        if options.url is not None and not options.url.strip():
            message = "--url is empty, and another database is not to be guessed"
            raise UsageProblem(message, "is the variable set that you gave?")
        if options.json:
            self.console.reserve()

    @property
    def console(self) -> Console:
        """The streams."""
        return self.session.console

    @property
    def says(self) -> bool:
        """True when a confirmation may be printed: neither quiet nor JSON."""
        return not (self.options.quiet or self.options.json)

    def show(self, document: Mapping[str, object], text: Callable[[Stream], Iterable[str]]) -> None:
        """Print what was asked for: the document with ``--json``, else the lines."""
        if self.options.json:
            write_document(self.console.out, document)
            return
        for line in text(self.console.out):
            self.console.out.line(line)

    def confirm(
        self, document: Mapping[str, object], text: Callable[[Stream], Iterable[str]]
    ) -> None:
        """Print what was done; ``-q`` keeps it back."""
        if self.options.json or not self.options.quiet:
            self.show(document, text)

    def show_sql(self, sql: str) -> None:
        """Print an offline script as it is."""
        if self.options.json:
            write_document(self.console.out, {"sql": sql})
        else:
            self.console.out.write_utf8(sql if sql.endswith("\n") or not sql else f"{sql}\n")

    def note(self, text: str) -> None:
        """Say something along the way, on standard error."""
        if not self.options.quiet:
            self.console.err.line(text)

    def warn(self, notes: Iterable[str]) -> None:
        """Say on standard error what a person should know, with ``--json`` too; ``-q`` keeps it back."""
        for text in notes:
            self.note(f"{self.console.err.style('warning:', 'yellow', 'bold')} {text}")

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the project. Reads files, and no database."""
        from asyncmig import config

        return config.load(**self._source())

    @cached_property
    def history(self) -> "GraphQueries":
        """The script directory, read without a database."""
        from asyncmig_cli.graph_queries import GraphQueries

        return GraphQueries(self.settings)

    def _source(self) -> dict[str, Any]:
        options = self.options
        return {
            "path": options.config or None,
            "name": options.name,
            "x": options.x,
            "url": options.url,
        }

    def migrate(
        self,
        work: Callable[["Migrator"], Awaitable[T]],
        *,
        progress: bool = False,
        **overrides: object,
    ) -> T:
        """Run ``work`` with the project's migrator in an event loop, and give its result.

        Args:
            work: what to do with the migrator.
            progress: show the run while it goes on.
            overrides: settings that the command's own options change.
        """
        import gc

        from asyncmig_cli.progress.reporter import Silence, choose_reporter
        from asyncmig_cli.runner import run_until_signal

        gc.enable()
        reporter: Reporter = Silence()
        if progress:
            reporter = choose_reporter(
                self.console.err, quiet=self.options.quiet, live=self.options.progress
            )

        def stopping(number: int) -> None:
            name = "SIGTERM" if number == 15 else "interrupt"
            reporter.say(f"{name}: rolling back what is open; once more stops at once")

        changed = {name: value for name, value in overrides.items() if value is not None}
        # Read here and not in the loop, which must never wait for a file.
        folder = self._embedded_folder() if self.options.embedded else None
        with reporter:
            return run_until_signal(
                lambda: self._with_migrator(work, reporter, changed, folder),
                on_signal=stopping,
                on_second=reporter.abandon,
            )

    def _embedded_folder(self) -> Path:
        """Where the private PostgreSQL of this project keeps its data; git is told to look away."""
        from asyncmig.embedded import DEFAULT_FOLDER

        config = self.settings.config_path
        folder = (config.parent if config else Path.cwd()) / DEFAULT_FOLDER
        ignored = folder.parent / ".gitignore"
        if not ignored.exists():
            try:
                folder.parent.mkdir(parents=True, exist_ok=True)
                ignored.write_text("*\n")
            except OSError as error:
                message = f"cannot write {ignored}: {(error.strerror or str(error)).lower()}"
                hint = "give a --url, or run where the project may be written"
                raise FileError(message, hint=hint, path=str(ignored)) from error
        return folder

    async def _with_migrator(
        self,
        work: Callable[["Migrator"], Awaitable[T]],
        reporter: "Reporter",
        overrides: Mapping[str, Any],
        folder: Path | None,
    ) -> T:
        from asyncmig.migrator import Migrator

        source = self._source()
        if folder is None:
            return await work(Migrator.from_config(**source, on_event=reporter, **overrides))
        from asyncmig import embedded

        async with embedded.server(data_dir=folder) as server:
            source["url"] = server.url
            return await work(Migrator.from_config(**source, on_event=reporter, **overrides))
