"""asyncmig.execution.runner: stamps, decisions about partial revisions, and the tables, without a server."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from asyncmig.bookkeeping.journal import Decision
from asyncmig.errors import (
    PlanError,
    RevisionNotFoundError,
    ScriptError,
    UnexpectedStateError,
)
from support.fake_server import FakeServer
from support.runs import Runs


@pytest.fixture
def runs(project: Any) -> Runs:
    """Two revisions, a1 and b1, of which none is applied."""
    project.revision("a1", upgrade='op.execute("SELECT 1")', downgrade='op.execute("SELECT 8")')
    project.revision(
        "b1", down="a1", upgrade='op.execute("SELECT 2")', downgrade='op.execute("SELECT 9")'
    )
    return Runs(project)


def rows_written(server: FakeServer) -> list[str]:
    """The changes of the version table, in order."""
    return [sql for sql in server.sent if "public.alembic_version" in sql and "CASE" not in sql]


class TestStamp:
    async def test_a_row_is_written_with_its_journal(self, runs) -> None:
        result = await runs.runner.stamp(["b1"])
        assert (result.before, result.after) == ((), ("b1",))
        assert runs.server.heads == {"b1"}
        (message,) = runs.server.messages
        assert "'stamp', 0, 'stamp'" in message
        assert "ARRAY['a1']" in message
        assert runs.steps[0] == "state"
        assert runs.server.log.index("lock") < runs.server.log.index(message)
        assert runs.server.log[-1] == "unlock"

    async def test_no_journal(self, runs) -> None:
        runs.configure(journal=False)
        await runs.runner.stamp(["b1"])
        assert runs.server.heads == {"b1"}
        assert not any("asyncmig_journal" in message for message in runs.server.messages)

    async def test_what_is_there_already_is_not_written(self, runs) -> None:
        runs.server.heads = {"b1"}
        result = await runs.runner.stamp(["b1"])
        assert (result.before, result.after) == (("b1",), ("b1",))
        assert runs.server.messages == []

    async def test_purge_removes_rows_that_the_code_does_not_have(self, runs) -> None:
        runs.server.heads = {"z9", "y9"}
        result = await runs.runner.stamp(["a1"], purge=True)
        assert (result.before, result.after) == (("y9", "z9"), ("a1",))
        assert runs.server.heads == {"a1"}

    async def test_a_tag(self, runs) -> None:
        await runs.runner.stamp(["a1"], tag="by hand")
        assert "'by hand'" in runs.server.messages[0]

    @pytest.mark.parametrize("has_backfills", [True, False])
    @pytest.mark.parametrize(("revision", "resolved"), [("a1", True), ("x1", False)])
    async def test_related_partial_revisions_are_resolved(
        self, runs, project, revision, resolved, has_backfills
    ) -> None:
        project.revision("x1")
        runs.server = FakeServer(partial=[{"revision": "b1"}], has_backfills=has_backfills)
        await runs.runner.stamp([revision])
        text = runs.server.messages[0]
        assert ("state = 'forgotten'" in text) is resolved
        assert ("its revision was forgotten" in text) is (resolved and has_backfills)

    async def test_a_partial_revision_is_not_declared_applied(self, runs) -> None:
        runs.server = FakeServer(partial=[{"revision": "a1"}])
        with pytest.raises(ScriptError, match="declares the revision applied"):
            await runs.runner.stamp(["b1"])
        assert runs.server.messages == []
        assert runs.server.log[-1] == "unlock"

    @pytest.mark.parametrize("purge", [True, False])
    async def test_hooks_are_called_in_its_transaction(self, runs, purge) -> None:
        heard: list[tuple[str, ...]] = []

        def hook(*, ctx, step, heads, run_args) -> None:
            heard.append(tuple(sorted(heads)))
            ctx.execute("SELECT 'hook'")

        runs.server.heads, runs.source.hooks = {"a1"}, (hook,)
        result = await runs.runner.stamp(["b1"], purge=purge)
        assert (result.before, result.after) == (("a1",), ("b1",))
        assert runs.server.heads == {"b1"}
        assert heard == [("b1",)]
        written = rows_written(runs.server)
        assert len(written) == (2 if purge else 1)
        hooked = runs.server.sent.index("SELECT 'hook'")
        assert hooked > runs.server.sent.index(written[-1])
        assert any("'stamp', 0, 'stamp'" in sql for sql in runs.server.sent[hooked:])

    async def test_hooks_are_not_called_for_nothing(self, runs) -> None:
        runs.server.heads, runs.source.hooks = {"a1"}, (None,)
        await runs.runner.stamp(["a1"])
        assert runs.server.messages == []

    async def test_missing_tables_are_created(self, runs) -> None:
        runs.server = FakeServer(tables=False)
        await runs.runner.stamp(["a1"])
        assert runs.server.sent[0].startswith("CREATE TABLE public.alembic_version")
        assert runs.server.heads == {"a1"}

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (
                asyncpg.UndefinedObjectError("asyncmig.version_table_changed"),
                UnexpectedStateError,
            ),
            (asyncpg.InsufficientPrivilegeError("no"), Exception),
        ],
    )
    async def test_another_process_writes_to_the_table(self, runs, error, kind) -> None:
        runs.server.refuse = lambda sql: error if "version_num" in sql else None
        with pytest.raises(kind) as raised:
            await runs.runner.stamp(["a1"])
        if kind is UnexpectedStateError:
            assert "where the stamp expected nothing" in str(raised.value)
        else:
            assert getattr(raised.value, "fields", dict)().get("sqlstate") == "42501"


class TestResolve:
    @pytest.mark.parametrize("decision", list(Decision))
    async def test_a_decision_is_recorded(self, runs, decision) -> None:
        runs.server = FakeServer(partial=[{"id": 31, "revision": "b1cd"}, {"revision": "a1"}])
        entry = await runs.runner.resolve("b1", decision)
        assert entry.revision == "b1cd"
        (message,) = runs.server.messages
        assert "WHERE id = 31" in message
        assert ("forgotten" in message) is (decision is Decision.FORGET)
        assert "backfill" not in message
        assert runs.server.log.index("lock") < runs.server.log.index(message)

    @pytest.mark.parametrize(
        ("partial", "hint"),
        [
            ([], "no revision is partially applied: there is nothing to resolve"),
            ([{"revision": "a1"}], "partially applied: a1"),
            ([{"revision": "b1x"}, {"revision": "b1y"}], "partially applied: b1x, b1y"),
        ],
    )
    async def test_it_must_be_one(self, runs, partial, hint) -> None:
        runs.server = FakeServer(partial=partial)
        with pytest.raises(RevisionNotFoundError, match="'b1' is not partially applied") as raised:
            await runs.runner.resolve("b1", Decision.RETRY)
        assert raised.value.hint == hint
        assert runs.server.messages == []

    @pytest.mark.parametrize(
        ("entry", "refused"),
        [
            ({"kind": "transaction"}, True),
            ({"kind": "autocommit", "state": "done"}, True),
            ({"kind": "backfill", "state": "done"}, True),
            ({"kind": "autocommit", "state": "failed"}, False),
            ({"kind": "backfill", "state": "failed"}, False),
        ],
    )
    async def test_only_a_statement_can_be_declared_done(self, runs, entry, refused) -> None:
        runs.server = FakeServer(partial=[entry])
        if refused:
            with pytest.raises(PlanError, match="stopped between two phases"):
                await runs.runner.resolve("a1", Decision.DONE)
        else:
            await runs.runner.resolve("a1", Decision.DONE)
        assert bool(runs.server.messages) is not refused
        await runs.runner.resolve("a1", Decision.RETRY)

    @pytest.mark.parametrize(
        ("kind", "decision", "has_backfills", "follows"),
        [
            ("backfill", Decision.RETRY, True, True),
            ("autocommit", Decision.FORGET, True, True),
            ("autocommit", Decision.RETRY, True, False),
            ("backfill", Decision.RETRY, False, False),
        ],
    )
    async def test_its_backfills_follow(self, runs, kind, decision, has_backfills, follows) -> None:
        runs.server = FakeServer(partial=[{"kind": kind}], has_backfills=has_backfills)
        await runs.runner.resolve("a1", decision)
        assert ("asyncmig_backfill" in runs.server.messages[0]) is follows


class TestEnsureTables:
    async def test_missing_ones_are_created(self, runs) -> None:
        runs.server = FakeServer(tables=False)
        assert await runs.runner.ensure_tables() is True
        assert runs.server.sent[0].startswith("CREATE TABLE public.alembic_version")
        assert runs.server.log[-1] == "unlock"

    async def test_others_are_left(self, runs) -> None:
        assert await runs.runner.ensure_tables() is False
        assert runs.server.messages == []
        assert runs.server.log == ["state", "lock", "tables", "unlock"]
