"""``Rule``, the base of all rules: deriving from it registers a rule under its id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, ClassVar

from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.lint.example import Examples
    from asyncmig.lint.place import Place, Revisions
    from asyncmig.sql.actions.action import Action
    from asyncmig.sql.actions.kinds import ActionKind

__all__ = ["Problem", "Rule", "all_rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a rule found.

    Attributes:
        message: one line, without the size of the table, which is added.
        table: the relation that it is about, by its key.
        suggestion: the safe form with the names of the script.
        severity: in place of the rule's own.
        facts: ``sql``, ``history`` or ``database``: where the facts come from.
        origin: ``file:line`` in place of the statement's.
        revision: the revision, where there is no statement.
    """

    message: str
    table: str | None = None
    suggestion: str | None = None
    severity: Severity | None = None
    facts: str = "sql"
    origin: str | None = None
    revision: str | None = None


class Rule:
    """One rule; a module of ``asyncmig.lint.rules`` has one, and its name with dashes is the rule's id.

    Attributes:
        id: the name in settings, comments and findings.
        title: what it reports, a clause.
        hazards: numbers in the table of hazards.
        severity: of its findings.
        why: a paragraph for the documentation.
        examples: what is bad and what is good, with what a server shows; None for rules that are not
            about a statement.
        kinds: the actions that ``check`` is called with.
        by_size: what is bad is the time of a scan, so it is none on a small table.
        style: it is applied only when settings enable it.
        needs_database: without a database it has nothing to report.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    hazards: ClassVar[tuple[str, ...]] = ()
    severity: ClassVar[Severity] = Severity.WARNING
    why: ClassVar[str]
    examples: ClassVar[Examples | None] = None
    kinds: ClassVar[frozenset[ActionKind]] = frozenset()
    by_size: ClassVar[bool] = False
    style: ClassVar[bool] = False
    needs_database: ClassVar[bool] = False

    known: ClassVar[dict[str, type[Rule]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.id = cls.__module__.rpartition(".")[2].replace("_", "-")
        Rule.known[cls.id] = cls

    def check(self, action: Action, place: Place) -> Iterable[Problem]:
        """Look at one action of a statement; called for those of ``kinds``."""
        del action, place
        return ()

    def check_statement(self, place: Place) -> Iterable[Problem]:
        """Look at a statement."""
        del place
        return ()

    def check_revisions(self, revisions: Revisions) -> Iterable[Problem]:
        """Look at all that is linted together, after its statements."""
        del revisions
        return ()


@cache
def all_rules() -> Mapping[str, type[Rule]]:
    """Every rule by its id, sorted."""
    package = import_module("asyncmig.lint.rules")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(Rule.known.items()))
