"""Recording the statements of a script: the one implementation of the directives' ``Sink``.

The same recorder serves a preview, ``--sql`` and a real run. What differs is the *live access* it
was given: none when a plan is made (the first read stops the recording and marks the step live), a
refusal when a script for psql is written, and the engine's connection in a run.
"""

from __future__ import annotations

from collections.abc import Sized
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import with_schema_map
from asyncmig.errors import NeedsDatabaseError, ScriptError
from asyncmig.operations.base.origin import calling_line
from asyncmig.operations.directives.online import is_online
from asyncmig.plan.error_handlers import is_handled_by_caller
from asyncmig.plan.phases import COMMIT_HERE, CommitHere, Entry
from asyncmig.sql.changed_settings import changed_settings
from asyncmig.sql.classify import Control, classify
from asyncmig.sql.names import calls_function
from asyncmig.sql.slices import LARGE, contains
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.ddl.compiled import CompiledSql
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.online import OnlineOp
    from asyncmig.plan.online.changes import ScriptChanges
    from asyncmig.plan.rewrites.rewriting import ScriptRewrites
    from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.sql.backfills.definition import Backfill
    from asyncmig.sql.classify import Classification

__all__ = ["LiveAccess", "Recorder", "StopRecordingError"]

_MANY = 200
"""Rows of a ``bulk_insert`` above which a thread compiles them."""


class LiveAccess(Protocol):
    """What gives a running script its connection; implemented by the engine."""

    def bind(self, recorder: Recorder) -> Connection:
        """The SQLAlchemy connection; pending statements are sent before it executes anything."""
        ...

    async def driver(self, recorder: Recorder) -> Any:
        """The asyncpg connection; pending statements are sent before it executes anything."""
        ...

    async def fetch(self, recorder: Recorder, query: str, args: tuple[Any, ...]) -> list[Any]:
        """Send what is pending, then run one query."""
        ...

    def run_async(
        self, recorder: Recorder, function: Callable[..., Awaitable[Any]], args: Any, kwargs: Any
    ) -> Any:
        """Await a function from within a sync script."""
        ...

    def call_in_thread(self, function: Callable[[], None]) -> None:
        """Call a function of asyncmig's that takes long; the event loop runs meanwhile where it can."""
        ...

    def schema_translate_map(self) -> Mapping[str | None, str | None] | None:
        """What scripts have set on their connection; None where none has been set."""
        ...

    def before_handled_directive(self, recorder: Recorder) -> None:
        """Send the directives so far: the script handles errors of the next one, but not of these."""
        ...

    def after_directive(self, recorder: Recorder, *, handled: bool) -> None:
        """A directive was recorded: send it at once, where the script may catch its error.

        Args:
            recorder: of the script.
            handled: the directive was called inside a ``try``.
        """
        ...


class StopRecordingError(BaseException):
    """A script reads from the database while only a plan is made.

    It derives from BaseException so that a script's own ``except Exception`` does not swallow it.
    """


class Recorder:
    """Takes the operations of one script.

    Args:
        revision: whose script it is.
        dialect: compiles the operations.
        offline: a script for psql is written; reading is refused with an error that names the line.
        live: how to reach the database; None while a plan is made.
        target_metadata: the models, for naming conventions.
        options: everything that was configured.
        created_types: the types that this run has created; None when the script is alone.
        import_context: makes a context manager that is active while the script runs.
        source: the file whose lines are the statements' origins; None is the script.
        rewrites: replaces directives by safe phases; None where ``safe_rewrites`` is off.
        online: makes the phases of column changes online; None where none are foreseen.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        dialect: Dialect,
        offline: bool = False,
        live: LiveAccess | None = None,
        target_metadata: MetaData | tuple[MetaData, ...] | None = None,
        options: Mapping[str, Any] | None = None,
        created_types: ScriptTypes | None = None,
        import_context: Callable[[], AbstractContextManager[object]] = nullcontext,
        source: str | None = None,
        rewrites: ScriptRewrites | None = None,
        online: ScriptChanges | None = None,
    ) -> None:
        self.revision = revision
        self.rewrites = rewrites
        self.online = online
        self.source = source or revision.path
        self.created_types = created_types
        self.import_context = import_context
        self.entries: list[Entry] = []
        self.live_origin: str | None = None
        self.went_live = False
        self.is_of_alembic = False
        self._dialect = dialect
        self._offline = offline
        self._live = live
        self._target_metadata = target_metadata
        self._options: Mapping[str, Any] = options if options is not None else {}
        self.sets_lock_timeout = False
        self.changes_role = False
        self.changed_settings: set[str] = set()
        self._autocommit_depth = 0
        self._backfills: set[str] = set()
        self._size = 0

    # what directives see

    @property
    def offline(self) -> bool:
        """True when a script for psql is being written."""
        return self._offline

    @property
    def planning(self) -> bool:
        """True while only a plan is made: there is no connection, but there will be one."""
        return self._live is None and not self._offline

    @property
    def dialect(self) -> Dialect:
        """What compiles the operations."""
        schemas = None if self._live is None else self._live.schema_translate_map()
        if schemas is not None:
            self._dialect = with_schema_map(self._dialect, schemas)
        return self._dialect

    @property
    def target_metadata(self) -> MetaData | tuple[MetaData, ...] | None:
        """The models, where the project named them."""
        return self._target_metadata

    @property
    def options(self) -> Mapping[str, Any]:
        """Everything that was configured."""
        return self._options

    @property
    def rewrite_facts(self) -> Mapping[str, Any] | None:
        """What the safe rewrites so far depend on; None where none are made. It grows with the script."""
        if self.online is not None:
            return self.online.answers
        return None if self.rewrites is None else self.rewrites.facts.answers

    @property
    def in_autocommit(self) -> bool:
        """True inside an autocommit block."""
        return self._autocommit_depth > 0

    def perform(self, operation: MigrateOperation) -> None:
        """Compile an operation and append its statements."""
        line = calling_line(self.source)
        handled = self._is_handled(line)
        if self._live is not None and _is_large(operation):
            self._live.call_in_thread(partial(self._record, operation, line, handled=handled))
        else:
            self._record(operation, line, handled=handled)
        if self.went_live and self._live is not None:
            self._live.after_directive(self, handled=handled)

    def _record(self, operation: MigrateOperation, line: int | None, *, handled: bool) -> None:
        plain = self._compiled(operation, operation.directive, line)
        obstacle = "the script handles its error" if handled else None
        form: SafeForm | NotRewritten | None = None
        if is_online(operation):
            form = self._online_form(operation, line, obstacle)
        elif self.rewrites is not None:
            form = self.rewrites.safe_form(operation, self.dialect, obstacle)
        if form is None:
            self._add_all(plain, operation.directive, line)
        else:
            self._add_form(form, operation, plain, line)

    def _add_form(
        self,
        form: SafeForm | NotRewritten,
        operation: MigrateOperation,
        plain: Sequence[CompiledSql],
        line: int | None,
    ) -> None:
        """Append the phases that replace a directive, or its plain form with the reason."""
        from asyncmig.plan.rewrites.safe_form import NotRewritten

        if isinstance(form, NotRewritten):
            self._add_all(plain, operation.directive, line, not_rewritten=form.reason)
            return
        replaces = ";\n".join(compiled.sql for compiled in plain)
        for number, phase in enumerate(form.phases):
            if number:
                self.divide()
            for inner in phase:
                if operation.script_context is not None:
                    inner.set_context(operation.script_context)
                compiled = self._compiled(inner, operation.directive, line)
                self._add_all(compiled, operation.directive, line, replaces=replaces)
        self.divide()

    def _online_form(
        self, operation: OnlineOp, line: int | None, obstacle: str | None
    ) -> SafeForm | None:
        """The phases of a column change online; None where its plain form is enough."""
        if self.online is None:
            from asyncmig.plan.online.changes import OnlineChanges

            changes = OnlineChanges(documents=None if self._live is None else {})
            self.online = changes.for_script(
                self.revision.id, None if self.rewrites is None else self.rewrites.facts.answers
            )
        if self._live is None and not self.online.is_foreseen(operation, self.dialect):
            self._mark_live(self._origin(line, 0))
            raise StopRecordingError
        form = self.online.form(operation, self.dialect, obstacle)
        if form is not None and self._offline:
            raise self._refused(
                "its phases depend on the catalog of the database, which a script for psql does not read",
                "run this revision with a database: `asyncmig upgrade`",
                self._origin(line, 0),
                operation.directive,
            )
        return form

    def _compiled(
        self, operation: MigrateOperation, directive: str, line: int | None
    ) -> list[CompiledSql]:
        try:
            return compile_operation(operation, self.dialect, of_alembic=self.is_of_alembic)
        except ScriptError as error:
            within = error.fields().get("line")  # of the text
            offset = within - 1 if isinstance(within, int) else 0
            origin = self._origin(line, offset)
            raise self._refused(str(error), error.hint, origin, directive) from None

    def _add_all(
        self,
        statements: Iterable[CompiledSql],
        directive: str,
        line: int | None,
        *,
        replaces: str | None = None,
        not_rewritten: str | None = None,
    ) -> None:
        for compiled in statements:
            if compiled.backfill is not None:
                self._refuse_offline_backfill(self._origin(line, compiled.line), directive)
            self.add(
                compiled.sql,
                origin=self._origin(line, compiled.line),
                directive=directive,
                parameters=compiled.parameters,
                autocommit=bool(compiled.autocommit),
                copy_data=compiled.copy_data,
                replaces=replaces,
                not_rewritten=not_rewritten,
                backfill=compiled.backfill,
            )

    def _is_handled(self, line: int | None) -> bool:
        """Look whether the script handles errors of a directive; then all before it is sent.

        A plan shows what follows when there is no error, and marks the step as live.
        """
        if self._offline or not is_handled_by_caller():
            return False
        self._mark_live(self._origin(line, 0))
        if self._live is not None:
            self._live.before_handled_directive(self)
        return True

    @contextmanager
    def autocommit(self) -> Iterator[None]:
        """Statements inside are committed one by one."""
        self._autocommit_depth += 1
        try:
            yield
        finally:
            self._autocommit_depth -= 1

    def bind(self) -> Connection:
        """The connection of a sync script, which is live from here on."""
        return self._go_live("get_bind()").bind(self)

    async def driver(self) -> Any:
        """The connection of an async script, which is live from here on."""
        return await self._go_live("connection()").driver(self)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Rows of a query; the script is live from here on."""
        return await self._go_live("fetch()").fetch(self, query, args)

    def run_async(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await a function from a sync script, which is live from here on."""
        return self._go_live("run_async()").run_async(self, function, args, kwargs)

    # what the planner and the engine see

    def add(
        self,
        sql: str,
        *,
        origin: str | None,
        directive: str,
        parameters: tuple[object, ...] = (),
        autocommit: bool = False,
        copy_data: str | None = None,
        replaces: str | None = None,
        not_rewritten: str | None = None,
        backfill: Backfill | None = None,
    ) -> None:
        """Append one statement to the script's list."""
        facts = self.inspect(sql, origin, directive)
        self._size += len(sql)
        if backfill is not None and backfill.kind != "gate":
            self._note_backfill(backfill.name, origin, directive)
        match facts.control:
            case None | Control.SAVEPOINT:
                pass
            case Control.BEGIN | Control.COMMIT:
                self.divide()
                return
            case Control.ROLLBACK:  # pragma: no branch - the last kind
                raise ScriptError(
                    f"{self.revision.id}: a script may not roll back the runner's transaction"
                    + (f" ({origin})" if origin else ""),
                    hint="use a savepoint, or raise an exception to undo the whole revision",
                    revision=self.revision.id,
                    path=self.revision.path,
                )
        self.entries.append(
            Statement(
                sql=sql,
                parameters=parameters,
                origin=origin,
                directive=directive,
                transactional=facts.transactional
                and not autocommit
                and not self.in_autocommit
                and backfill is None,
                enum_label=facts.enum_label,
                copy_data=copy_data,
                replaces=replaces,
                not_rewritten=not_rewritten,
                backfill=backfill,
            )
        )
        if self.rewrites is not None:
            self.rewrites.facts.relations.note(sql)
        if self.online is not None:
            self.online.note(sql)

    def add_backfill(self, mark: str, sql: str | None, *, origin: str) -> bool:
        """Append a statement of a SQL revision that runs in batches, or a gate.

        Args:
            mark: the options of the line above it.
            sql: the statement; None where nothing follows.
            origin: where it is.

        Returns:
            False for a gate, which has no statement.
        """
        from asyncmig.sql.backfills.parse import parse_backfill, parse_gate

        try:
            gate = parse_gate(mark)
            definition = gate or parse_backfill(mark, sql or "")
        except ScriptError as error:
            raise self._refused(str(error), error.hint, origin, "sql") from None
        self._refuse_offline_backfill(origin, "sql")
        self.add(definition.statement(), origin=origin, directive="sql", backfill=definition)
        return gate is None

    def add_online(self, mark: str, sql: str, *, origin: str) -> None:
        """Append the phases of an online change of a SQL revision.

        Args:
            mark: the options of the line above it.
            sql: the statement that makes the change at once.
            origin: where it is.
        """
        from asyncmig.plan.online.sql_mark import marked_operation

        try:
            operation = marked_operation(mark, sql)
        except ScriptError as error:
            raise self._refused(str(error), error.hint, origin, "sql") from None
        self._record(operation, int(origin.rpartition(":")[2]), handled=False)

    def _note_backfill(self, name: str, origin: str | None, directive: str) -> None:
        """Refuse a name that the script has used: the second job would take the place of the first."""
        if name in self._backfills:
            what = f"the script has two backfills with the name {name}"
            raise self._refused(what, "give one of them another name=", origin, directive)
        self._backfills.add(name)

    def _refuse_offline_backfill(self, origin: str, directive: str) -> None:
        if self._offline:
            raise self._refused(
                "a backfill commits after each batch and looks up the key of its table, which a "
                "script for psql does not do",
                "run this revision with a database: `asyncmig upgrade`",
                origin,
                directive,
            )

    def inspect(self, sql: str, origin: str | None, directive: str) -> Classification:
        """Look at a statement before it is kept or sent.

        Raises:
            ScriptError: no server takes it, or no run survives it.
        """
        if (problem := _unsendable(sql)) is not None:
            raise self._refused(
                problem, "PostgreSQL has no such character: take it out", origin, directive
            )
        self.sets_lock_timeout = self.sets_lock_timeout or "lock_timeout" in sql
        if not self.changes_role:  # in a function body or a DO block as well
            self.changes_role = contains(sql, "role") or contains(sql, "authorization")
        self.changed_settings |= changed_settings(sql)
        facts = classify(sql)
        if facts.verb == "DISCARD ALL":
            raise self._refused(
                "DISCARD ALL frees the lock that keeps other runners away",
                "DISCARD TEMP, DISCARD SEQUENCES and RESET ALL can be used",
                origin,
                directive,
            )
        if calls_function(sql, "pg_advisory_unlock_all", bodies=facts.verb == "DO"):
            raise self._refused(
                "pg_advisory_unlock_all() frees the lock that keeps other runners away",
                "free each lock by its key: pg_advisory_unlock(key)",
                origin,
                directive,
            )
        return facts

    def divide(self) -> None:
        """Commit the statements so far: the script asks for it."""
        if self.entries and not isinstance(self.entries[-1], CommitHere):
            self.entries.append(COMMIT_HERE)

    def origin(self) -> str:
        """``file:line`` of the script's line that is running."""
        return self._origin(calling_line(self.source), 0)

    @property
    def holds_much(self) -> bool:
        """True where so much was recorded since the last ``take`` that a thread should work on it."""
        return self._size > LARGE

    def take(self) -> list[Entry]:
        """Everything recorded since the last call."""
        taken, self.entries = self.entries, []
        self._size = 0
        return taken

    def _go_live(self, what: str) -> LiveAccess:
        line = calling_line(self.source)
        origin = self._origin(line, 0)
        if self._offline:
            raise NeedsDatabaseError(
                f"{self.revision.id}: {what} at {origin} needs a database, and --sql has none",
                hint="guard it with `if not op.get_context().as_sql:`, or run this revision online",
                revision=self.revision.id,
                origin=origin,
            )
        self._mark_live(origin)
        if self._live is None:
            raise StopRecordingError
        return self._live

    def _mark_live(self, origin: str) -> None:
        if not self.went_live:
            self.went_live = True
            self.live_origin = origin

    def _origin(self, line: int | None, offset: int) -> str:
        return f"{self.source}:{(line or 1) + offset}"

    def _refused(
        self, what: str, hint: str | None, origin: str | None, directive: str
    ) -> ScriptError:
        where = f" at {origin}" if origin else ""
        called = "" if directive == "sql" else f" in op.{directive}"
        return ScriptError(
            f"revision {self.revision.id} failed{where}{called}: {what}",
            hint=hint,
            revision=self.revision.id,
            path=self.revision.path,
            line=int(origin.rpartition(":")[2]) if origin else None,
        )


def _is_large(operation: MigrateOperation) -> bool:
    """True where compiling an operation takes longer than an event loop may be held."""
    sql = getattr(operation, "sqltext", "")
    rows = getattr(operation, "rows", ())  # of data; a function's is the estimate of ROWS
    many = isinstance(rows, Sized) and len(rows) > _MANY
    return many or len(sql if isinstance(sql, str) else getattr(sql, "text", "")) > LARGE


def _unsendable(sql: str) -> str | None:
    """The character of a text that no server accepts; a NUL would end the message early."""
    if (at := sql.find("\0")) >= 0:
        what = "a NUL character"
    else:
        try:
            sql.encode()
        except UnicodeEncodeError as error:
            at, what = error.start, "half of a surrogate pair"
        else:
            return None
    return f"the SQL has {what} in line {sql.count(chr(10), 0, at) + 1}"
