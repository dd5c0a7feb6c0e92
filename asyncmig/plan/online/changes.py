"""``OnlineChanges``, the online changes of one plan, and ``ScriptChanges``, those of one script."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from asyncmig.ddl.compilation import Compilation
from asyncmig.operations.base.errors import directive_error
from asyncmig.plan.model import Direction
from asyncmig.plan.online.catalog import Catalog
from asyncmig.plan.online.expressions import is_named
from asyncmig.plan.online.leftovers import contradiction
from asyncmig.plan.online.names import function_name
from asyncmig.plan.online.phases import column_request, online_form
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.sql.classify import classify
from asyncmig.sql.quoting import qualified
from asyncmig.sql.reader import Reader, SqlName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Dialect

    from asyncmig.errors import DirectiveError
    from asyncmig.operations.directives.online import OnlineOp
    from asyncmig.plan.online.requests import ColumnRequest
    from asyncmig.plan.rewrites.new_relations import ScriptRelations
    from asyncmig.plan.rewrites.safe_form import SafeForm
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["OnlineChanges", "ScriptChanges"]

_DDL = ("ALTER", "COMMENT", "CREATE", "DROP")


@dataclass(slots=True, kw_only=True)
class OnlineChanges:
    """The online changes of one plan.

    Attributes:
        documents: what the database says of each column, by the key of its request; None while a plan is made
            without a database.
        recorded: by partial revision, the documents that its first run has recorded.
        obstacle: why no phase can be committed by itself.
        requested: what the scripts have asked for.
        graph: the history, by which what an unfinished change has left is judged.
        directions: of the scripts, by revision.
    """

    documents: Mapping[str, Mapping[str, Any]] | None = None
    recorded: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    obstacle: str | None = None
    requested: list[ColumnRequest] = field(default_factory=list)
    graph: RevisionGraph | None = None
    directions: Mapping[str, Direction] = field(default_factory=dict)
    _relations: NewRelations = field(default_factory=NewRelations, init=False)
    _ddl: dict[str, list[str]] = field(default_factory=dict, init=False)
    _used: dict[tuple[str, str], Mapping[str, Any] | None] = field(default_factory=dict, init=False)

    def for_script(self, revision: str, answers: dict[str, Any] | None = None) -> ScriptChanges:
        """The changes of a script that is about to be recorded.

        Args:
            revision: whose script it is.
            answers: of its safe rewrites, which the journal keeps; None where none are made.
        """
        self._ddl[revision] = []
        return ScriptChanges(
            self,
            revision,
            self._relations.for_script(revision),
            {"safe_rewrites": False} if answers is None else answers,
        )

    def document(self, revision: str, request: ColumnRequest) -> Mapping[str, Any] | None:
        """What is known of a column; None where it was not looked up.

        A script that is run again gets the same answer, so that its committed phases are the same.
        """
        self.requested.append(request)
        recorded = (self.recorded.get(revision) or {}).get(request.key)
        found = recorded or self._used.get((revision, request.key))
        if found is None and self.documents is not None:
            found = self.documents.get(request.key)
        self._used[revision, request.key] = found
        return found

    def ddl_of(self, revision: str) -> list[str]:
        """The statements of a script so far that change the schema."""
        return self._ddl[revision]

    def ddl_before(self, revision: str) -> Iterator[str]:
        """Those of the scripts before it."""
        for other in takewhile(lambda other: other != revision, self._ddl):
            yield from self._ddl[other]


class ScriptChanges:
    """The online changes of one script.

    Args:
        plan: those of the plan.
        revision: whose script it is.
        relations: what the plan has created so far.
        answers: the facts that the journal keeps; the documents are added to them.
    """

    def __init__(
        self,
        plan: OnlineChanges,
        revision: str,
        relations: ScriptRelations,
        answers: dict[str, Any],
    ) -> None:
        self._plan = plan
        self._revision = revision
        self._relations = relations
        self.answers = answers

    def note(self, sql: str) -> None:
        """Note what a statement of the script creates and changes."""
        self._relations.note(sql)
        if classify(sql).verb.startswith(_DDL):
            self._plan.ddl_of(self._revision).append(sql)

    def is_foreseen(self, operation: OnlineOp, dialect: Dialect) -> bool:
        """True where the catalog that was read is the one that the operation will find.

        False where an earlier script of the plan changes the table: a run reads the catalog again.
        """
        table = column_request(operation, Compilation(dialect)).table
        if self._plan.documents is None or self._is_new(table):
            return True
        earlier = self._plan.ddl_before(self._revision)
        return not any(is_named(sql, operation.table_name) for sql in earlier)

    def form(
        self, operation: OnlineOp, dialect: Dialect, obstacle: str | None = None
    ) -> SafeForm | None:
        """The phases of an operation; None for a table that the plan has created, which needs none.

        Args:
            operation: of a directive.
            dialect: compiles names and types.
            obstacle: why this operation cannot be divided into phases.

        Raises:
            DirectiveError: it cannot be made.
        """
        compilation = Compilation(dialect)
        request = column_request(operation, compilation)
        if self._is_new(request.table):
            return None
        obstacle = obstacle or self._plan.obstacle
        if obstacle is not None:
            raise _refused(
                operation, f"its phases are committed one by one: {obstacle}", "run it by itself"
            )
        if any(is_named(sql, operation.table_name) for sql in self._plan.ddl_of(self._revision)):
            raise _refused(
                operation,
                f"an earlier statement of this revision changes {request.table}, and the plan is made from"
                " the catalog as it was before",
                "write a revision for each",
            )
        catalog = self._catalog(operation, request, compilation)
        direction = self._plan.directions.get(self._revision, Direction.UPGRADE)
        self._check_leftover(operation, catalog, direction)
        return online_form(operation, catalog, compilation, self._revision, direction)

    def _check_leftover(self, operation: OnlineOp, catalog: Catalog, direction: Direction) -> None:
        if self._plan.graph is None:
            return
        found = contradiction(catalog.mark, self._plan.graph, self._revision, direction)
        if found is not None:
            table = catalog.tables[0]
            function = qualified(table.schema, function_name(table.name, catalog.column))
            raise _refused(
                operation,
                found,
                "stamp the revision that the column is at, and run the command again: it begins the change"
                f" anew; if you have converted the column by hand, DROP FUNCTION {function}() CASCADE",
            )

    def _catalog(
        self, operation: OnlineOp, request: ColumnRequest, compilation: Compilation
    ) -> Catalog:
        found = self._plan.document(self._revision, request)
        if found is None and self._plan.documents is None:
            schema = compilation.translate_schema(operation.schema)
            return Catalog.assumed(operation.table_name, schema, operation.column_name)
        if found is None:
            raise _refused(
                operation,
                "the table was not looked up before the run",
                f"call op.{operation.directive} in the revision file, before the script reads",
            )
        if found.get("missing"):
            name = "table" if found["missing"] == "table" else f"column {request.column} in"
            raise _refused(operation, f"there is no {name} {request.table}", "correct the name")
        self.answers[request.key] = found
        return Catalog.of(found)

    def _is_new(self, table: str) -> bool:
        name = Reader(table).name() or SqlName(None, table)
        own = self._relations.own(name)
        return self._relations.is_of_earlier(name) if own is None else own


def _refused(operation: OnlineOp, problem: str, hint: str) -> DirectiveError:
    return directive_error(
        f"{operation.directive} of {operation.table_name}.{operation.column_name} cannot be made:"
        f" {problem}",
        hint=hint,
        directive=operation.directive,
    )
