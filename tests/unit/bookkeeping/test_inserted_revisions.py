"""asyncmig.bookkeeping.inserted_revisions: what the rows of the journal prove, and what they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.bookkeeping.inserted_revisions import (
    JournalRow,
    find_inserted,
    inserted_revisions,
)
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.config.settings import Settings
from support.fake_session import FakeSession
from support.revision_shorthand import graph


def rows(text: str) -> list[JournalRow]:
    """Rows in the order of the journal: ``"b < a; stamp c < b; downgrade b < a; failed d < c"``."""
    found = []
    for number, row in enumerate(text.split(";"), start=1):
        made, _, parents = row.partition("<")
        *word, revision = made.split()
        direction = word[0] if word and word[0] != "failed" else "upgrade"
        found.append(
            JournalRow(
                id=number,
                revision=revision,
                direction=direction,
                down_revisions=tuple(parents.split()),
                is_done=word != ["failed"],
            )
        )
    return found


def inserted(history: str, heads: str, journal: str) -> str:
    """The revisions that are found, with ``/`` between those of several places."""
    found = find_inserted(graph(history), heads.split(), rows(journal))
    return " / ".join(" ".join(each.revisions) for each in found)


HISTORY = "p; n < p; r < n; s < r"
"""The revision n was put between p and r, which are applied."""


@pytest.mark.parametrize(
    ("history", "heads", "journal", "expected"),
    [
        pytest.param(HISTORY, "s", "p <; r < p; s < r", "n", id="one below the head"),
        pytest.param(
            "p; n < p; m < n; r < m", "r", "p <; r < p", "n m", id="several, oldest first"
        ),
        pytest.param(
            "p; n < p; r < n; m < r; s < m",
            "s",
            "p <; r < p; s < r",
            "n / m",
            id="in two places",
        ),
        pytest.param(
            "p; q; n < p; r < n q", "r", "p <; q <; r < p q", "n", id="below one parent of a merge"
        ),
        pytest.param(
            "p; n < p; r < n; s < n", "r s", "p <; r < p; s < p", "n", id="below two heads, once"
        ),
        pytest.param("p; q; n < q; r < n", "r", "q <; p <; r < p", "n", id="on another branch"),
        pytest.param(HISTORY, "s gone", "p <; r < p; s < r", "n", id="with a row of newer code"),
        pytest.param(
            HISTORY, "s", "p <; stamp r < p; r < p; s < r", "n", id="a stamp before the upgrade"
        ),
        pytest.param(
            "p; n < p; r < n; s < r; x; y < x",
            "s y",
            "p <; r < p; s < r; stamp y < x",
            "n",
            id="a stamp of another branch",
        ),
    ],
)
def test_a_revision_that_was_put_below_an_applied_one_is_found(
    history, heads, journal, expected
) -> None:
    assert inserted(history, heads, journal) == expected


@pytest.mark.parametrize(
    ("history", "heads", "journal"),
    [
        pytest.param("p; r < p", "r", "p <; r < p", id="nothing was changed"),
        pytest.param(HISTORY, "s", "p <; n < p; r < p; s < r", id="it was run on a branch"),
        pytest.param(HISTORY, "s", "p <; failed n < p; r < p; s < r", id="it was begun"),
        pytest.param(HISTORY, "s", "p <; stamp n < p; r < p; s < r", id="it was stamped"),
        pytest.param(HISTORY, "s", "p <; r < p; s < r; stamp s < r", id="a head was stamped since"),
        pytest.param(
            HISTORY, "s", "p <; r < p; s < r; stamp gone < s", id="newer code has stamped since"
        ),
        pytest.param(HISTORY, "s", "r < p; s < r", id="p was applied by Alembic"),
        pytest.param(
            HISTORY, "s", "p <; s < r", id="r was applied by Alembic, or its row is pruned"
        ),
        pytest.param(HISTORY, "s", "p <; stamp r < p; s < r", id="r was stamped, not run"),
        pytest.param(HISTORY, "s", "p <; failed r < p; s < r", id="r failed with asyncmig"),
        pytest.param(HISTORY, "s", "p <; r < p; downgrade r < p; s < r", id="r was downgraded"),
        pytest.param(HISTORY, "p", "p <; r < p", id="r is not applied"),
        pytest.param(
            HISTORY, "s", "p <; r < p gone; s < r", id="r merged a branch that is deleted"
        ),
        pytest.param(HISTORY, "n s", "p <; r < p; s < r", id="it is a row of the version table"),
        pytest.param(HISTORY, "", "p <; r < p", id="the version table is empty"),
        pytest.param("z < a; a; r < z", "r", "a <; b < a; r < b", id="b was squashed into z"),
        pytest.param("z; r < z", "r", "a <; b < a; r < b", id="all was squashed into z"),
        pytest.param("n; r < n", "r", "r <", id="it is a base, and so was r"),
        pytest.param(
            "p; q; n < q; r < n", "r", "p <; r < p", id="q, which it is based on, has no row"
        ),
        pytest.param(
            "p; q; n < p ~ q; r < n", "r", "p <; r < p", id="q, which it depends on, has no row"
        ),
    ],
)
def test_what_the_journal_does_not_prove_is_no_finding(history, heads, journal) -> None:
    assert not inserted(history, heads, journal)


def test_the_message_says_what_was_found_and_how_to_run_it() -> None:
    (found,) = find_inserted(graph(HISTORY), ["s"], rows("p <; r < p; s < r"))
    assert str(found) == (
        "the script directory has n below r, but r was applied on p, and the journal has no row of n: an"
        " upgrade passes it over. To run it: `asyncmig stamp p`, `asyncmig upgrade n`, `asyncmig stamp s`. If"
        " the database has the changes: `asyncmig stamp n`, `asyncmig stamp s`"
    )


def test_the_commands_of_several_revisions_with_dependencies() -> None:
    history = graph("o; p < o; q; n < p; m < n ~ q; r < m; s < r; t < r; x")
    (found,) = find_inserted(
        history, ["s", "t", "x"], rows("o <; p < o; q <; r < p; s < r; t < r; x <")
    )
    assert found.revisions == ("n", "m")
    assert found.start == ("p", "q")
    assert found.heads == ("s", "t")
    assert "passes them over. To run them: `asyncmig stamp p q`, `asyncmig upgrade m`" in str(found)


def test_what_is_below_another_is_not_stamped_beside_it() -> None:
    history = graph("o; p < o; n < p ~ o; r < n")
    (found,) = find_inserted(history, ["r"], rows("o <; p < o; r < p"))
    assert found.start == ("p",)


SETTINGS = Settings(script_location="migrations")
STATE = DatabaseState(
    heads=frozenset({"r"}),
    schema="app",
    has_version_table=True,
    has_journal=True,
    has_backfills=False,
)
ROW = {"id": 1, "revision": "p", "direction": "upgrade", "down_revisions": [], "is_done": True}
ROWS = [ROW, ROW | {"id": 2, "revision": "r", "down_revisions": ["p"]}]
LAST = {"whole": False}
"""Without asking the journal where the newest rows show that nothing has changed."""


@pytest.mark.parametrize(
    ("state", "options", "queries"),
    [
        ({}, LAST, 1),  # the newest rows were not read
        ({"newest": (("r", ("n",)), ("gone", ("x",)))}, LAST, 0),
        ({"newest": (("r", ("n",)),)}, {}, 1),
        ({"newest": (("other", ()), ("r", ("p",)))}, LAST, 1),
        ({"newest": (("r", ("p",)),), "has_journal": False}, {}, 0),
        ({"newest": (("r", ("p",)),), "heads": frozenset()}, {}, 0),
    ],
)
async def test_the_journal_is_read_if_what_was_run_last_has_new_parents(
    state, options, queries
) -> None:
    session = FakeSession(rows={"FROM app.asyncmig_journal": ROWS})
    found = await inserted_revisions(
        session, SETTINGS, replace(STATE, **state), graph("p; n < p; r < n"), **options
    )
    assert len(session.messages) == queries
    assert [each.revisions for each in found] == [("n",)] * queries


async def test_without_a_journal_of_its_own_a_run_reads_none() -> None:
    settings = replace(SETTINGS, journal=False)
    assert not await inserted_revisions(FakeSession(), settings, STATE, graph("r"))
