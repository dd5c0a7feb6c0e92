"""``Invocation``: what a command function works with: options, settings, migrator and streams."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmig.errors import FileError
from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.shared_options import SharedOptions
from asyncmig_cli.output.console import Console, Stream
from asyncmig_cli.output.documents import write_document
from asyncmig_cli.runtime.command_line import CommandLine, SecretText

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.migrator import Migrator
    from asyncmig.results import RevisionInfo
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig_cli.progress.reporter import Reporter

__all__ = ["Invocation"]

T = TypeVar("T")


class Invocation:
    """One call of one command."""

    def __init__(self, command_line: CommandLine, options: SharedOptions) -> None:
        self.command_line = command_line
        self.options = options
        # Errors of this command are reported as its options say, given before or after its name.
        command_line.shared = options
        if options.embedded and options.url:
            message = "--embedded and --url name two databases"
            raise UsageError(message, "leave one of them out")
        if options.url is not None and not options.url.strip():
            message = "--url is empty, and no other database is used in its place"
            raise UsageError(message, "is the variable set that the value comes from?")
        if options.json:
            self.console.reserve()

    @property
    def console(self) -> Console:
        """The streams."""
        return self.command_line.console

    @property
    def is_verbal(self) -> bool:
        """True when confirmations are printed: with neither ``-q`` nor ``--json``."""
        return not (self.options.quiet or self.options.json)

    def show(self, document: Mapping[str, object], text: Callable[[Stream], Iterable[str]]) -> None:
        """Print a result: the document with ``--json``, else the lines."""
        if self.options.json:
            write_document(self.console.out, document)
            return
        for line in text(self.console.out):
            self.console.out.line(line)

    def show_each(
        self,
        found: Mapping[str, T],
        document: Callable[[T], Mapping[str, object]],
        lines: Callable[[T, Stream], Iterable[str]],
    ) -> None:
        """Print one result, or those of several databases: under their names, in JSON in ``databases``."""
        if len(found) == 1:
            (one,) = found.values()
            self.show(document(one), lambda stream: lines(one, stream))
            return
        from asyncmig_cli.rendering.databases import database_lines

        documents = {name: document(one) for name, one in found.items()}
        self.show({"databases": documents}, lambda stream: database_lines(found, stream, lines))

    def confirm(
        self, document: Mapping[str, object], text: Callable[[Stream], Iterable[str]]
    ) -> None:
        """Print what was done; not with ``-q``."""
        if self.options.json or not self.options.quiet:
            self.show(document, text)

    def show_sql(self, sql: str) -> None:
        """Print an offline script as it is."""
        if self.options.json:
            write_document(self.console.out, {"sql": sql})
        else:
            self.console.out.write_utf8(sql if sql.endswith("\n") or not sql else f"{sql}\n")

    def note(self, text: str) -> None:
        """Print a line on standard error; not with ``-q``."""
        if not self.options.quiet:
            self.console.err.line(text)

    def warn(self, notes: Iterable[str]) -> None:
        """Print warnings on standard error, with ``--json`` too; not with ``-q``."""
        for text in notes:
            self.note(f"{self.console.err.style('warning:', 'yellow', 'bold')} {text}")

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the project, read from files without a database."""
        from asyncmig import config

        return config.load(**self._source())

    @cached_property
    def histories(self) -> "dict[str, Settings]":
        """The settings of each history of revisions, by the name of its database.

        A single history, also one that several databases share, has the empty name.
        """
        from asyncmig import config

        if self.settings.section is not None or not self.settings.databases:
            return {"": self.settings}
        each = {
            name: config.load(**dict[str, Any](self._source(), name=name))
            for name in self.settings.databases
        }
        folders = {settings.version_paths for settings in each.values()}
        return each if len(folders) > 1 else {"": next(iter(each.values()))}

    def graphs(self) -> "dict[str, RevisionGraph]":
        """The revision graph of each history, read without a database."""
        from asyncmig.revisions.script_directory import ScriptDirectory

        return {
            name: ScriptDirectory.load(
                settings.version_paths,
                recursive=settings.recursive_version_locations,
                sourceless=settings.sourceless,
                named_by=settings.config_path,
            ).graph
            for name, settings in self.histories.items()
        }

    def revisions(self, expression: str) -> "dict[str, tuple[RevisionInfo, ...]]":
        """The revisions that an expression names, in each history that has them.

        Raises:
            RevisionError: no history has them, or the expression is wrong.
        """
        from asyncmig.errors import RevisionNotFoundError
        from asyncmig.revisions.graph.describe import describe_target

        found: dict[str, tuple[RevisionInfo, ...]] = {}
        missing: RevisionNotFoundError | None = None
        for name, graph in self.graphs().items():
            try:
                found[name] = describe_target(graph, expression)
            except RevisionNotFoundError as error:
                missing = missing or error
        if not found and missing is not None:
            raise missing
        return found

    async def migrators(self, migrator: "Migrator") -> "tuple[Migrator, ...]":
        """The migrator, or one for each database where each has a history of its own."""
        return await migrator.databases() if len(self.histories) > 1 else (migrator,)

    def _source(self) -> dict[str, Any]:
        options = self.options
        return {
            "path": options.config or None,
            "name": options.name,
            "x": options.x,
            "url": None if options.url is None else SecretText(options.url),
        }

    def migrate(
        self,
        work: Callable[["Migrator"], Awaitable[T]],
        *,
        progress: bool = False,
        **overrides: object,
    ) -> T:
        """Run ``work`` with the project's migrator in an event loop, and return its result.

        Args:
            work: called with the migrator.
            progress: show the events of the run.
            overrides: settings that the command's own options change.
        """
        import gc

        from asyncmig_cli.progress.reporter import EnvWarnings, NullReporter, choose_reporter
        from asyncmig_cli.runtime.event_loop import run_until_signal

        gc.enable()
        quiet = self.options.quiet
        reporter: Reporter = NullReporter() if quiet else EnvWarnings(self.console.err)
        if progress:
            reporter = choose_reporter(
                self.console.err,
                quiet=self.options.quiet,
                live=self.options.progress,
                as_json=self.command_line.json_progress,
            )

        def on_signal(number: int) -> None:
            name = "SIGTERM" if number == 15 else "interrupt"
            reporter.say(f"{name}: rolling back; a second signal exits immediately")

        changed = {name: value for name, value in overrides.items() if value is not None}
        # Read here and not in the loop, which must never wait for a file.
        folder = self.embedded_folder() if self.options.embedded else None
        with reporter:
            return run_until_signal(
                lambda: self._with_migrator(work, reporter, changed, folder),
                on_signal=on_signal,
                on_second=reporter.abandon,
            )

    def embedded_folder(self) -> Path:
        """The data folder of this project's private PostgreSQL server, with a .gitignore beside it.

        Raises:
            FileError: the folder cannot be written.
        """
        from asyncmig.embedded import DEFAULT_FOLDER

        config = self.settings.config_path
        folder = (config.parent if config else Path.cwd()) / DEFAULT_FOLDER
        ignored = folder.parent / ".gitignore"
        if not ignored.exists():
            try:
                folder.parent.mkdir(parents=True, exist_ok=True)
                ignored.write_text("*\n")
            except OSError as error:
                message = f"cannot write {ignored}: {FileError.reason(error)}"
                hint = "give a --url, or run where the project folder is writable"
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
        from asyncmig.telemetry.observe import inherited_trace

        source = self._source()
        if folder is None:
            with inherited_trace(os.environ):
                return await work(Migrator.from_config(**source, on_event=reporter, **overrides))
        from asyncmig import embedded

        async with embedded.project_server(folder) as server:
            source["url"] = SecretText(server.url)
            settings = {"url_source": "--embedded", **overrides}
            with inherited_trace(os.environ):
                return await work(Migrator.from_config(**source, on_event=reporter, **settings))
