"""Revisions by the names that Alembic gives their facts, for code that was written against its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    from asyncmig.revisions.graph.history import History
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["AlembicRevision", "AlembicScript"]

_ILLEGAL = frozenset("@-+:")
"""What target expressions use, so that no revision id may hold it."""


class AlembicRevision:
    """One revision in a map of them.

    Args:
        revision: its id.
        down_revision: one id, several, or None.
        dependencies: what it depends on beside its line.
        branch_labels: one label or several.

    Attributes:
        nextrev: the ids whose ``down_revision`` names this one.
    """

    def __init__(
        self,
        revision: str,
        down_revision: str | Sequence[str] | None,
        dependencies: str | Sequence[str] | None = None,
        branch_labels: str | Sequence[str] | None = None,
    ) -> None:
        self.revision = revision
        self.down_revision: Any = _one_or_all(_names(down_revision))
        self.dependencies: Any = _one_or_all(_names(dependencies))
        self.branch_labels: set[str] = set(_names(branch_labels))
        self.nextrev: frozenset[str] = frozenset()
        self._orig_branch_labels = frozenset(self.branch_labels)
        self._all_nextrev: frozenset[str] = frozenset()
        self._resolved_dependencies: tuple[str, ...] = ()
        self._below = self._versioned_down_revisions

    def set_place(self, history: History) -> None:
        """Take what only the whole history knows."""
        self.branch_labels = set(history.labels(self.revision))
        self.nextrev = frozenset(history.children(self.revision))
        self._all_nextrev = frozenset(history.above[self.revision])
        self._resolved_dependencies = history.dependencies(self.revision)
        self._below = tuple(history.below(self.revision))

    def __repr__(self) -> str:
        given = [repr(self.revision), repr(self.down_revision)]
        if self.dependencies:
            given.append(f"dependencies={self.dependencies!r}")
        if self.branch_labels:
            given.append(f"branch_labels={self.branch_labels!r}")
        return f"{type(self).__name__.removeprefix('Alembic')}({', '.join(given)})"

    def add_nextrev(self, revision: AlembicRevision) -> None:
        """Note that another revision follows on this one."""
        self._all_nextrev |= {revision.revision}
        if self.revision in revision._versioned_down_revisions:
            self.nextrev |= {revision.revision}

    @classmethod
    def verify_rev_id(cls, revision: str) -> None:
        """Refuse an id that target expressions could not name.

        Raises:
            TargetError: it holds ``@``, ``-``, ``+`` or ``:``.
        """
        found = sorted(_ILLEGAL.intersection(revision))
        if found:
            from asyncmig.errors import TargetError

            raise TargetError(
                f"Character(s) '{', '.join(found)}' not allowed in revision identifier '{revision}'",
                hint="use letters, digits and underscores",
                target=revision,
            )

    @property
    def is_base(self) -> bool:
        """True without a ``down_revision``."""
        return self.down_revision is None

    @property
    def is_head(self) -> bool:
        """True when no ``down_revision`` names it."""
        return not self.nextrev

    @property
    def is_branch_point(self) -> bool:
        """True when several ``down_revision`` name it."""
        return len(self.nextrev) > 1

    @property
    def is_merge_point(self) -> bool:
        """True when its ``down_revision`` names several."""
        return len(self._versioned_down_revisions) > 1

    @property
    def _is_real_base(self) -> bool:
        return self.down_revision is None and self.dependencies is None

    @property
    def _is_real_head(self) -> bool:
        return not self._all_nextrev

    @property
    def _is_real_branch_point(self) -> bool:
        return len(self._all_nextrev) > 1

    @property
    def _versioned_down_revisions(self) -> tuple[str, ...]:
        return _names(self.down_revision)

    @property
    def _normalized_down_revisions(self) -> tuple[str, ...]:
        return self._below

    @property
    def _all_down_revisions(self) -> tuple[str, ...]:
        return (*self._versioned_down_revisions, *self._resolved_dependencies)


class AlembicScript(AlembicRevision):
    """One revision file.

    Args:
        revision: its metadata.
        history: of its directory; None until a map of revisions is made of it.
        load_module: imports the file.

    Attributes:
        path: the file.
    """

    _db_current_indicator: bool | None = None
    """Set by code that lists revisions, for those that a database is at."""

    def __init__(
        self,
        revision: Revision,
        history: History | None,
        load_module: Callable[[Revision], ModuleType],
    ) -> None:
        super().__init__(
            revision.id,
            revision.down_revisions,
            dependencies=revision.depends_on,
            branch_labels=revision.branch_labels,
        )
        self.path = revision.path
        self.longdoc = revision.doc or ""
        self._source = revision
        self._load_module = load_module
        self._module: ModuleType | None = None
        if history is not None:
            self.set_place(history)

    @property
    def module(self) -> ModuleType:
        """The script's module, imported when it is first asked for."""
        if self._module is None:
            self._module = self._load_module(self._source)
        return self._module

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring."""
        return self.longdoc.partition("\n\n")[0]

    def __str__(self) -> str:
        marks = _marks(
            head=self.is_head, branchpoint=self.is_branch_point, mergepoint=self.is_merge_point
        )
        return f"{self._format_down_revision()} -> {self.revision}{marks}, {self.doc}"

    @property
    def log_entry(self) -> str:
        """Everything about it, as ``history --verbose`` of Alembic prints it."""
        marks = _marks(
            head=self.is_head,
            branchpoint=self.is_branch_point,
            mergepoint=self.is_merge_point,
            current=bool(self._db_current_indicator),
        )
        lines = [f"Rev: {self.revision}{marks}"]
        lines.append(
            f"{'Merges' if self.is_merge_point else 'Parent'}: {self._format_down_revision()}"
        )
        if self.dependencies:
            lines.append(f"Also depends on: {_listed(_names(self.dependencies))}")
        if self.is_branch_point:
            lines.append(f"Branches into: {_listed(self.nextrev)}")
        if self.branch_labels:
            lines.append(f"Branch names: {_listed(self.branch_labels)}")
        lines += [f"Path: {self.path}", ""]
        told = "\n".join(f"    {line}" for line in self.longdoc.splitlines())
        return "\n".join([*lines, told, ""])

    def cmd_format(
        self,
        verbose: bool,
        include_branches: bool = False,
        include_doc: bool = False,
        include_parents: bool = False,
        tree_indicators: bool = True,
    ) -> str:
        """One line about it, or all of them: as Alembic's commands print it."""
        if verbose:
            return self.log_entry
        return self._head_only(include_branches, include_doc, include_parents, tree_indicators)

    def _head_only(
        self,
        include_branches: bool = False,
        include_doc: bool = False,
        include_parents: bool = False,
        tree_indicators: bool = True,
        head_indicators: bool = True,
    ) -> str:
        text = self.revision
        if include_parents:
            needs = f" ({_listed(_names(self.dependencies))})" if self.dependencies else ""
            text = f"{self._format_down_revision()}{needs} -> {text}"
        if include_branches and self.branch_labels:
            text += f" ({_listed(self.branch_labels)})"
        if head_indicators or tree_indicators:
            text += _marks(
                **{
                    "head": self._is_real_head,
                    "effective head": self.is_head and not self._is_real_head,
                    "current": bool(self._db_current_indicator),
                }
            )
        if tree_indicators:
            text += _marks(branchpoint=self.is_branch_point, mergepoint=self.is_merge_point)
        return f"{text}, {self.doc}" if include_doc else text

    def _format_down_revision(self) -> str:
        return _listed(self._versioned_down_revisions) or "<base>"


def _marks(**facts: bool) -> str:
    return "".join(f" ({name})" for name, is_true in facts.items() if is_true)


def _names(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    return tuple(given)  # type: ignore[arg-type]  # a sequence or set of names, by signature


def _one_or_all(names: Sequence[str]) -> Any:
    if not names:
        return None
    return names[0] if len(names) == 1 else tuple(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
