"""Alembic as the oracle for graphs: its revision map, its paths, its keeping of the version table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from alembic.runtime.migration import HeadMaintainer
from alembic.script.base import ScriptDirectory
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionError as AlembicRevisionError
from alembic.script.revision import RevisionMap
from alembic.util import CommandError

from asyncmig.errors import AsyncmigError

if TYPE_CHECKING:
    from asyncmig.revisions.graph.revision import Revision

REFUSALS = (CommandError, AlembicRevisionError)
"""How Alembic says no."""


class CrashError(Exception):
    """Alembic did not say no: an assertion or a lookup inside it failed."""


@dataclass(frozen=True)
class Refused:
    """A side said no."""

    why: str


class _Script(AlembicRevision):
    """Alembic's revision with what its steps ask of a script."""

    module = ModuleType("script")
    module.upgrade = module.downgrade = None
    doc = ""


class _Anything:
    """Takes any SQL that the version table's keeper writes."""

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __eq__(self, other):
        return True

    __hash__ = None


class _Context:
    impl = _version = dialect = _Anything()
    as_sql = True
    version_table = "alembic_version"


class Oracle:
    """What Alembic makes of the same revisions."""

    def __init__(self, revisions: list[Revision], *, on_warning: str = "ignore") -> None:
        self._revisions = revisions
        self.map = RevisionMap(self._scripts)
        self.directory = object.__new__(ScriptDirectory)
        self.directory.revision_map = self.map
        with warnings.catch_warnings():
            warnings.simplefilter(on_warning)
            mapped = self.map._revision_map
        for revision in mapped.values():
            if revision is not None:
                # Alembic keeps these in a set and so in the order of the day's hash seed; where
                # several are left, the order written is as good as any.
                revision._normalized_resolved_dependencies = tuple(
                    name
                    for name in revision._resolved_dependencies
                    if name in revision._normalized_resolved_dependencies
                )

    def _scripts(self):
        for revision in self._revisions:
            yield _Script(
                revision.id,
                revision.down_revisions or None,
                revision.depends_on or None,
                revision.branch_labels or None,
            )

    def upgrade(self, target: str, rows: tuple[str, ...]):
        return self._moves(lambda: self.directory._upgrade_revs(target, rows), rows)

    def downgrade(self, target: str, rows: tuple[str, ...]):
        return self._moves(lambda: self.directory._downgrade_revs(target, rows), rows)

    def _moves(self, path, rows):
        """Each step's revision with the rows after it."""

        def walk():
            steps = path()
            keeper = HeadMaintainer(_Context(), rows)
            taken = []
            for step in steps:
                keeper.update_to_step(step)
                taken.append((step.revision.revision, frozenset(keeper.heads)))
            return taken

        return attempt(walk)

    def stamp(self, targets: tuple[str, ...], rows: tuple[str, ...]):
        def walk():
            keeper = HeadMaintainer(_Context(), rows)
            for step in self.directory._stamp_revs(targets, rows):
                keeper.update_to_step(step)
            return frozenset(keeper.heads)

        return attempt(walk)

    def resolve(self, expression: str):
        return attempt(lambda: self._ids(self.directory.get_revisions(expression)))

    def between(self, lower, upper):
        return attempt(
            lambda: [
                script.revision for script in self.directory.walk_revisions(base=lower, head=upper)
            ]
        )

    def _ids(self, found):
        # None and "base" are how Alembic answers a step past the end
        if any(revision is None or revision == "base" for revision in found):
            raise CrashError("past the end")
        return tuple(revision.revision for revision in found)


def attempt(work):
    """What the oracle answers, or ``Refused``.

    Raises:
        CrashError: Alembic fell over its own feet.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return work()
        except REFUSALS as error:
            return Refused(str(error))
        except CrashError:
            raise
        except Exception as error:
            raise CrashError(repr(error)) from error


def attempt_ours(work):
    """What we answer, or ``Refused``; anything but our own errors is a bug."""
    try:
        return work()
    except AsyncmigError as error:
        return Refused(f"{type(error).__name__}: {error}")
