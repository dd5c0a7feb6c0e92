"""The functions of ``op.backfill_with``: a job has a name, and its revision or a module the function."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol

import anyio.to_thread

from asyncmig.backfill.batches.row_function import RowFunction
from asyncmig.errors import AsyncmigError, BackfillError
from asyncmig.revisions.files.script import PythonScript

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from asyncmig.backfill.jobs import Job
    from asyncmig.revisions.files.script import Script
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["RevisionFunctions", "Scripts"]


class Scripts(Protocol):
    """Where revisions come from."""

    async def graph(self) -> RevisionGraph:
        """Read the history."""
        ...

    def load_scripts(self, revisions: Sequence[Revision]) -> Mapping[str, Script]:
        """Read and import scripts; called in a thread."""
        ...

    def alembic_imports(self) -> AbstractContextManager[object]:
        """Active while code of scripts runs: what ``import alembic`` gives."""
        ...


class RevisionFunctions:
    """Finds the functions of backfills.

    Args:
        source: the script directory; None where there is none.
    """

    def __init__(self, source: Scripts | None) -> None:
        self._source = source
        self._loaded: dict[str, Script] = {}

    async def find(self, job: Job) -> RowFunction:
        """The function of a job.

        Raises:
            BackfillError: its revision or module does not have it any more.
        """
        name = job.definition.function or ""
        module, _, qualified_name = name.rpartition(":")
        try:
            owner = await self._owner(job.revision, module)
            function: Callable[..., Any] = reduce(getattr, qualified_name.split("."), owner)
        except (AsyncmigError, AttributeError, ImportError) as error:
            place = f"module {module}" if module else f"revision {job.revision}"
            raise BackfillError(
                f"backfill {job.name}: its function {qualified_name} cannot be found in {place}: {error}",
                hint="restore the function under this name, or cancel the backfill:"
                f" `asyncmig backfill cancel {job.name}`",
                backfill=job.name,
                state="failed",
            ) from error
        context = nullcontext if self._source is None else self._source.alembic_imports
        return RowFunction(job.name, name, function, context)

    async def _owner(self, revision: str, module: str) -> Any:
        """The module with the function: that of the revision where ``module`` is empty."""
        script = await self._load(revision)
        if module:
            return await anyio.to_thread.run_sync(importlib.import_module, module)
        if isinstance(script, PythonScript):
            return script.module
        raise ImportError("it uses op while it is imported; put the function into a module")

    async def _load(self, revision: str) -> Script:
        """The script of a revision; it is kept, and with it the module that functions refer to."""
        if self._source is None:
            raise ImportError("there is no script directory")
        if revision not in self._loaded:
            graph = await self._source.graph()
            if revision not in graph.position:
                raise ImportError("the script directory has no such revision")
            self._loaded |= await anyio.to_thread.run_sync(
                self._source.load_scripts, [graph.get(revision)]
            )
        return self._loaded[revision]
