"""asyncmig.execution.scripts.connections: the hooks of SQLAlchemy while no script runs."""

from __future__ import annotations

from types import SimpleNamespace

import asyncpg
import pytest

from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.scripts.connections import ScriptConnections
from support.fake_session import FakeSession, fake_context


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def connections(session: FakeSession) -> ScriptConnections:
    context = fake_context(session)
    return ScriptConnections(context, MessageSender(context))


def test_statements_pass_as_they_are(connections, session) -> None:
    assert connections._before(None, None, "SELECT 1; SELECT 2", ()) == ("SELECT 1; SELECT 2", ())
    connections._after()
    assert session.messages == []


@pytest.mark.parametrize("error", [asyncpg.UndefinedTableError("no table"), OSError("gone")])
def test_errors_are_not_recorded(connections, session, error) -> None:
    connections._failed(SimpleNamespace(original_exception=error))
    assert session.messages == []


def test_there_is_no_translation_of_schemas_before_a_connection(connections) -> None:
    assert connections.schema_translate_map() is None


async def test_closing_what_was_never_opened_sends_nothing(connections, session) -> None:
    await connections.close()
    assert session.messages == []
