"""asyncmig.execution.scripts.hook_step: what a hook may do in the transaction of its step."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.errors import PlanError, ScriptError
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.scripts.hook_step import VersionHookStep
from asyncmig.execution.work_units import Fragment, Transaction
from support.fake_session import FakeSession, fake_context
from support.plans import step, transaction

ERROR = asyncpg.UndefinedTableError("no table")


def on_apply(**_: object) -> None:
    """A hook."""


@pytest.fixture
def hook() -> VersionHookStep:
    context = fake_context(FakeSession())
    own = step(transaction("SELECT 1"))
    unit = Transaction(step=own, phase=0, fragments=[Fragment("SELECT 1")], closed=False)
    sender = MessageSender(context)
    sender.add(unit)
    return VersionHookStep(context, sender, own, unit, None, on_apply)  # type: ignore[arg-type]  # it records nothing


async def test_it_handles_errors_in_savepoints_of_its_own(hook) -> None:
    assert await hook.note_failure(ERROR) is True
    assert await hook.note_standalone_failure(ERROR) is None


@pytest.mark.parametrize(
    "leave",
    [
        lambda hook: hook.begin_single_transaction(),
        lambda hook: hook.begin_standalone("VACUUM t", None),
    ],
)
async def test_it_cannot_leave_the_transaction(hook, leave) -> None:
    with pytest.raises((PlanError, ScriptError), match="on_apply"):
        await leave(hook)
