"""Scripts: a revision file, imported or parsed, ready to run."""

from __future__ import annotations

import weakref
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.checksum import checksum
from asyncmig.revisions.files.import_script import forget_module, import_script
from asyncmig.revisions.files.python_metadata import decode
from asyncmig.revisions.graph.revision import ScriptKind
from asyncmig.sql.slices import LARGE

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from asyncmig.revisions.files.import_script import ImportContext
    from asyncmig.revisions.files.python_ast import Unwritten
    from asyncmig.revisions.files.sql_file import SqlSection, SqlSections
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["DeferredScript", "PythonScript", "Script", "SqlScript", "load_script"]


class Script:
    """A revision file, ready to run; either a ``PythonScript`` or a ``SqlScript``.

    Attributes:
        revision: its metadata.
        transactional: False when the script asks to run outside of a transaction (``transactional =
            False`` in a Python script).
    """

    transactional: bool = True

    def __init__(self, revision: Revision, source: bytes) -> None:
        self.revision = revision
        self._source = source

    def mentions(self, word: bytes) -> bool:
        """True where the file has a word in it."""
        return word in self._source

    @property
    def has_online_change(self) -> bool:
        """True where the file has a directive of a column change online, or the mark of SQL revisions."""
        return self.mentions(b"_column_online")


class PythonScript(Script):
    """A Python script that was imported.

    Attributes:
        module: the module.
        upgrade: its function, or None.
        downgrade: its function, or None.
    """

    def __init__(
        self,
        revision: Revision,
        source: bytes,
        module: ModuleType,
        tree: ast.Module | None = None,
    ) -> None:
        super().__init__(revision, source)
        self.module = module
        weakref.finalize(self, forget_module, module.__name__, id(module)).atexit = False
        self.upgrade: Callable[..., object] | None = getattr(module, "upgrade", None)
        self.downgrade: Callable[..., object] | None = getattr(module, "downgrade", None)
        self.transactional = bool(getattr(module, "transactional", True))
        # A tree is large: where there is one already, take what is needed and let it go.
        self._read = None if tree is None else _meaning(tree)

    @property
    def _meaning(self) -> tuple[str, Mapping[str, Unwritten]]:
        if self._read is None:
            if self.revision.path.endswith(".py"):
                from asyncmig.revisions.files.python_ast import parse

                self._read = _meaning(parse(self._source, self.revision.path))
            else:
                self._read = (checksum(self._source), {})
        return self._read

    @cached_property
    def checksum(self) -> str:
        """A digest of the syntax tree, or of the byte code where there is no source."""
        return self._meaning[0]

    @property
    def source(self) -> bytes:
        """The file."""
        return self._source

    @property
    def has_upgrade(self) -> bool:
        """True when there is an upgrade that does more than raise ``NotImplementedError``."""
        return self.upgrade is not None and not self._is_unwritten("upgrade")

    @property
    def has_downgrade(self) -> bool:
        """True when there is a downgrade that does more than raise ``NotImplementedError``.

        Of byte code without a source one can only tell whether the function is there.
        """
        return self.downgrade is not None and not self._is_unwritten("downgrade")

    def _is_unwritten(self, function: str) -> bool:
        return function in self.unwritten

    @property
    def unwritten(self) -> Mapping[str, Unwritten]:
        """The functions that do nothing but raise ``NotImplementedError``, by name."""
        return self._meaning[1] if _may_be_unwritten(self._source) else {}


class DeferredScript(Script):
    """A Python script that uses ``op`` while its module is executed: the module is loaded when it runs.

    Args:
        revision: its metadata.
        source: the file.
        import_context: makes a context manager that is active while the module is executed.
    """

    def __init__(
        self, revision: Revision, source: bytes, import_context: ImportContext | None
    ) -> None:
        super().__init__(revision, source)
        self._import_context = import_context
        from asyncmig.revisions.files.python_ast import parse

        tree = parse(source, revision.path)
        self.checksum, self.unwritten = _meaning(tree)
        self._names = set(_defined_names(tree))

    @property
    def has_upgrade(self) -> bool:
        """True when there is an upgrade that does more than raise ``NotImplementedError``."""
        return "upgrade" in self._names and "upgrade" not in self.unwritten

    @property
    def has_downgrade(self) -> bool:
        """True when there is a downgrade that does more than raise ``NotImplementedError``."""
        return "downgrade" in self._names and "downgrade" not in self.unwritten

    def load(self) -> PythonScript:
        """Execute the module; ``op`` is in force.

        Raises:
            ScriptError: as ``load_script``.
        """
        module, tree = import_script(
            self.revision.path, revision=self.revision.id, import_context=self._import_context
        )
        return PythonScript(self.revision, self._source, module, tree)


def _defined_names(tree: ast.Module) -> Iterator[str]:
    """The names that a module binds in plain sight."""
    for statement in tree.body:
        name = getattr(statement, "name", None)  # of a function or class
        if name is not None:
            yield name
        for target in getattr(statement, "targets", ()):
            yield getattr(target, "id", "")
        for alias in getattr(statement, "names", ()):
            yield getattr(alias, "asname", None) or getattr(alias, "name", alias)


def _may_be_unwritten(source: bytes) -> bool:
    """False where the text alone shows that nothing raises ``NotImplementedError``.

    Other letters than ASCII's may spell the name, too (Python compares names in NFKC), and so may other
    encodings: then only the tree can tell.
    """
    return b"NotImplementedError" in source or b"coding" in source or not source.isascii()


def _meaning(tree: ast.Module) -> tuple[str, Mapping[str, Unwritten]]:
    """A script's checksum, and the functions in it that are not written."""
    from asyncmig.revisions.files.python_ast import flattened, unwritten_functions

    return checksum(flattened(tree)), unwritten_functions(tree)


class SqlScript(Script):
    """A SQL script, cut into its sections.

    Args:
        revision: its metadata.
        text: the file.

    Attributes:
        has_upgrade: there is an upgrade section, be it empty.
        has_downgrade: likewise.
        limits: ``lock_timeout``, ``lock_retries`` and ``statement_timeout`` of the header, as written.
        is_large: cutting it into statements takes longer than an event loop may be held.
    """

    def __init__(self, revision: Revision, text: str) -> None:
        from asyncmig.revisions.files.sql_file import read_sql_limits, read_sql_sections

        super().__init__(revision, b"")  # the sections are all of it that is needed
        self.is_large = len(text) > LARGE
        self.limits = read_sql_limits(text)
        self._kept: SqlSections | None = read_sql_sections(text, revision.path)
        self.has_upgrade = self._kept.upgrade is not None
        self.has_downgrade = self._kept.downgrade is not None
        sections = (*(self._kept.upgrade or ()), *(self._kept.downgrade or ()))
        self._has_online_change = any(section.kind == "online" for section in sections)

    @property
    def has_online_change(self) -> bool:
        """True where a section has the mark."""
        return self._has_online_change

    @property
    def _sections(self) -> SqlSections:
        if self._kept is None:
            text = decode(_source_of(self.revision), self.revision.path)
            from asyncmig.revisions.files.sql_file import read_sql_sections

            sections = read_sql_sections(text, self.revision.path)
            if _checksum_of(sections) != self.checksum:
                raise ScriptError(
                    f"{self.revision.path} was changed while revision {self.revision.id} ran",
                    hint="run the same command again",
                    path=self.revision.path,
                    revision=self.revision.id,
                )
            self._kept = sections
        return self._kept

    @property
    def upgrade(self) -> tuple[SqlSection, ...] | None:
        """The stretches of the upgrade in order; None when there is no such section."""
        return self._sections.upgrade

    @property
    def downgrade(self) -> tuple[SqlSection, ...] | None:
        """Those of the downgrade."""
        return self._sections.downgrade

    def release(self) -> None:
        """Forget the text, whose statements are recorded; it is read again where it is needed again."""
        self.checksum  # noqa: B018 - it is kept, and compared then
        self._kept = None

    @cached_property
    def checksum(self) -> str:
        """A digest of the SQL without comments, and of the marks that cut it."""
        return _checksum_of(self._sections)


def _checksum_of(both: SqlSections) -> str:
    from asyncmig.sql.layout import normalize_sql

    pieces: list[str] = []
    for name, sections in (("upgrade", both.upgrade), ("downgrade", both.downgrade)):
        if sections is not None:
            pieces.append(f"-- {name}")
            pieces += (
                f"-- {' '.join([str(part.kind), *part.options.split()])}\n{normalize_sql(part.text)}"
                for part in sections
            )
    return checksum("\n".join(pieces))


def load_script(
    revision: Revision, *, import_context: ImportContext | None = None
) -> PythonScript | DeferredScript | SqlScript:
    """Import a Python script, or parse a SQL one.

    A Python script that uses ``op`` at module level is only parsed: it is imported when it runs.

    Args:
        revision: from the graph.
        import_context: makes a context manager that is active while a Python script is executed.

    Raises:
        ScriptError: it cannot be read, imported or parsed. Facts: ``path``, ``line``, ``revision``.
    """
    source = _source_of(revision)
    if revision.kind is ScriptKind.SQL:
        text = decode(source, revision.path)
        del source  # both may be large
        return SqlScript(revision, text)
    try:
        module, tree = import_script(
            revision.path, revision=revision.id, import_context=import_context
        )
    except ScriptError as error:
        if error.needs_running_script and revision.path.endswith(".py"):
            return DeferredScript(revision, source, import_context)
        raise
    return PythonScript(revision, source, module, tree)


def _source_of(revision: Revision) -> bytes:
    try:
        return Path(revision.path).read_bytes()
    except OSError as error:
        raise ScriptError(
            f"the script of revision '{revision.id}' cannot be read: {error.strerror} ({revision.path})",
            hint="was it moved or deleted since the folder was read?",
            path=revision.path,
            revision=revision.id,
        ) from error
