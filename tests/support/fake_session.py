"""A session without a server: what is sent is kept, and refused as a test says."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.execution.context import ExecutionContext
from asyncmig.execution.progress import Progress
from support.plans import BOOKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.events import Event
    from asyncmig.execution.work_units import PhaseCommit


class FakeSession:
    """Keeps messages, and raises what ``refuse`` gives for one.

    Args:
        refuse: gives the error for a message, or None.
        rows: what ``fetch`` gives for a query that has such a word.
    """

    def __init__(
        self,
        refuse: Callable[[str], asyncpg.PostgresError | None] = lambda _: None,
        rows: Mapping[str, list[dict[str, Any]]] | None = None,
        *,
        caller_transaction: bool = False,
    ) -> None:
        self.messages: list[str] = []
        self.refuse = refuse
        self.rows = rows or {}
        self.caller_transaction = caller_transaction
        self.closed = False
        self.in_transaction = False
        self.backend_pid = None
        self.guard = "SELECT guard"
        self.interrupted = False
        self.settings_made: list[dict[str, str]] = []
        self.settings_restored = 0

    async def send(self, sql: str) -> None:
        self.messages.append(sql)
        error = self.refuse(sql)
        if error is not None:
            raise error

    async def copy_in(self, sql: str, data: str) -> None:
        await self.send(f"{sql} <- {data}")

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        self.messages.append(" ".join([query.split("\n", maxsplit=1)[0], *map(str, args)]))
        return next((rows for word, rows in self.rows.items() if word in query), [])

    def check_backend_pid(self, pid: int) -> None:
        self.backend_pid = pid

    async def roll_back(self) -> None:
        self.messages.append("ROLLBACK")

    async def transact(self, statements: Sequence[str]) -> None:
        await self.send("BEGIN\n;\n" + "\n;\n".join(statements) + "\n;\nCOMMIT")

    async def transact_best_effort(self, statements: Sequence[str]) -> None:
        with suppress(asyncpg.PostgresError):
            await self.transact(statements)

    def answering(self, seconds: float | None, doing: str) -> Any:
        """No limit; what is asked for shall be one."""
        assert seconds is None or seconds > 0
        assert doing
        return nullcontext()

    def idling(self) -> Any:
        """Nothing."""
        return nullcontext()

    @asynccontextmanager
    async def settings(self, values: dict[str, str], **_: Any) -> AsyncIterator[None]:
        self.settings_made.append(values)
        yield
        self.settings_restored += 1


class NoObserver:
    """A database that gives no second connection."""

    name = "nowhere"

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[Any]:
        yield None


class SecondConnection(NoObserver):
    """A database whose second connection gives these answers about a server process, one a question.

    Attributes:
        opened, closed: how often.
    """

    def __init__(self, *answers: Any, pid: int = 5) -> None:
        self.answers = list(answers)
        self.pid = pid
        self.opened = self.closed = 0

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[Any]:
        self.opened += 1
        yield self
        self.closed += 1

    async def fetch(self, query: str, pid: int, *_: Any) -> list[Any]:
        assert pid == self.pid
        answer = self.answers.pop(0) if self.answers else []
        if isinstance(answer, Exception):
            raise answer
        return answer


def fake_context(
    session: FakeSession,
    *,
    events: list[Event] | None = None,
    books: Bookkeeping = BOOKS,
    retries: int = 2,
    one_transaction: bool = False,
) -> ExecutionContext:
    """A run on a session without a server; attempts follow each other without a pause."""
    heard = [] if events is None else events
    return ExecutionContext(
        session=session,  # type: ignore[arg-type]  # what the tests need of one
        database=NoObserver(),  # type: ignore[arg-type]  # likewise
        books=books,
        retry_policy=WithoutPauses(lock_timeout=5.0, retries=retries),
        progress=StartedSteps(heard.append),
        one_transaction=one_transaction,
        is_last=True,
    )


class StartedSteps(Progress):
    """For units without a script: their steps have started."""

    def committed(self, commits: Iterable[PhaseCommit]) -> None:
        known = tuple(commits)
        for commit in known:
            self._started.setdefault(commit.step.revision, (1, time.monotonic()))
        super().committed(known)


class WithoutPauses(RetryPolicy):
    def pause(self, attempt: int) -> float:
        del attempt
        return 0.0
