"""``Rewriting``, the safe rewrites of one plan, and ``ScriptRewrites``, those of one script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.containers import OpContainer
from asyncmig.plan.rewrites.facts import DatabaseFacts, ScriptFacts
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.plan.rewrites.registry import safe_form
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Dialect

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Rewriting", "ScriptRewrites"]


@dataclass(slots=True, kw_only=True)
class Rewriting:
    """The safe rewrites of one plan.

    Attributes:
        enabled: ``safe_rewrites`` of the settings.
        database: the facts of the database.
        recorded: by partial revision, the answers that its first run has recorded; None where that run made
            no rewrites.
        obstacle: why nothing can be rewritten: no phase can be committed by itself.
        offline: a script for psql is written.
    """

    enabled: bool = True
    database: DatabaseFacts = field(default_factory=DatabaseFacts)
    recorded: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    obstacle: str | None = None
    offline: bool = False
    _relations: NewRelations = field(default_factory=NewRelations, init=False)

    def for_script(self, revision: str) -> ScriptRewrites | None:
        """The rewrites of a script that is about to be recorded; None where nothing of it is rewritten."""
        recorded = self.recorded.get(revision)
        is_partial = revision in self.recorded
        if is_partial and (recorded is None or recorded.get("safe_rewrites") is False):
            return None
        if not (is_partial or self.enabled):
            return None
        relations = self._relations.for_script(revision)
        facts = ScriptFacts(self.database, relations, recorded, offline=self.offline)
        return ScriptRewrites(facts, self.obstacle)


class ScriptRewrites:
    """The safe rewrites of one script.

    Args:
        facts: of the plan and of the database.
        obstacle: why nothing can be rewritten; None where it can.
    """

    def __init__(self, facts: ScriptFacts, obstacle: str | None = None) -> None:
        self.facts = facts
        self.obstacle = obstacle
        self.switched_on = True

    def safe_form(
        self, operation: MigrateOperation, dialect: Dialect, obstacle: str | None = None
    ) -> SafeForm | NotRewritten | None:
        """The safe form of an operation; None where its plain form is used, and nothing is to say of it.

        Args:
            operation: of a directive.
            dialect: compiles names.
            obstacle: why this operation cannot be divided into phases; None where it can.
        """
        if not (self.switched_on and operation.safe) or isinstance(operation, OpContainer):
            return None
        form = safe_form(operation, dialect, self.facts)
        obstacle = obstacle or self.obstacle
        if obstacle is not None and isinstance(form, SafeForm):
            return NotRewritten(obstacle)
        return form
