"""The ready tests: collected with ``pytest --asyncmig``, or imported into a test module.

``from asyncmig.testing.ready_tests import *`` makes them tests of that module.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from asyncmig.testing.configuration import ANY_REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.errors import AsyncmigError
    from asyncmig.testing.configuration import TestConfiguration
    from asyncmig.testing.stairway import RevisionOutcome
    from asyncmig.testing.sync_runner import MigrationRunner

    UpgradedDatabase = tuple[MigrationRunner, AsyncmigError | None]

__all__ = [
    "test_data_survives",
    "test_downgrade_leaves_no_trace",
    "test_lint",
    "test_models_match_the_schema",
    "test_single_head",
    "test_stairway",
    "test_upgrade",
]


def test_single_head(asyncmig_history: MigrationRunner) -> None:
    """The history has one head."""
    heads = asyncmig_history.heads
    if len(heads) > 1:
        _fail(f"the history has {len(heads)} heads: {', '.join(heads)}", "asyncmig merge heads")


def test_upgrade(asyncmig_upgraded: UpgradedDatabase) -> None:
    """The whole history runs on an empty database."""
    _, error = asyncmig_upgraded
    if error is not None:
        _fail(error.message, error.hint)


def test_models_match_the_schema(asyncmig_upgraded: UpgradedDatabase) -> None:
    """After the upgrade, the database is what the models describe."""
    from asyncmig.alembic_compat.detection import find_env_file

    migration_runner, error = asyncmig_upgraded
    migrator = migration_runner.migrator
    settings = migrator.settings
    if not settings.target_metadata and find_env_file(settings) is None:
        _fail(
            "the configuration names no models",
            "set target_metadata, or leave this test out: asyncmig_exclude = models_match_the_schema",
        )
    if error is not None:
        _fail(error.message, error.hint)
    with _reported_errors():
        found = migration_runner.call(migrator.check)
    if not found.ok:
        _fail(
            f"the models and the revisions differ:\n{found}",
            "asyncmig revision --autogenerate writes the missing revision",
        )


def test_stairway(asyncmig_stairway: dict[str, RevisionOutcome], asyncmig_revision: str) -> None:
    """The revision can be applied, reverted, and applied again."""
    for outcome in _outcomes(asyncmig_stairway, asyncmig_revision):
        if outcome.error is not None:
            _fail(
                f"{_place(outcome)}: the {outcome.while_doing} failed: {outcome.error.message}",
                outcome.error.hint,
            )
        if not outcome.reached:
            _fail(f"{_place(outcome)}: not reached, because an earlier revision failed")


def test_downgrade_leaves_no_trace(
    asyncmig_traces: dict[str, RevisionOutcome], asyncmig_revision: str
) -> None:
    """The downgrade of the revision restores the schema exactly."""
    for outcome in _outcomes(asyncmig_traces, asyncmig_revision):
        if outcome.traces:
            _fail(
                f"{_place(outcome)}: after upgrade and downgrade the schema differs:\n  "
                + "\n  ".join(outcome.traces)
            )


def test_data_survives(
    asyncmig_rows: dict[str, RevisionOutcome],
    asyncmig_test_configuration: TestConfiguration,
    asyncmig_revision: str,
) -> None:
    """The revision runs on tables with rows, and loses none of them."""
    allowed = set(asyncmig_test_configuration.data_loss)
    for outcome in _outcomes(asyncmig_rows, asyncmig_revision):
        if outcome.error is not None:
            _fail(
                f"{_place(outcome)}: it fails on tables with rows: {outcome.error.message}",
                outcome.error.hint,
            )
        if outcome.lost and outcome.info.revision not in allowed:
            _fail(
                f"{_place(outcome)}: the upgrade loses\n  " + "\n  ".join(outcome.lost),
                f"if that is intended: asyncmig_data_loss = {outcome.info.revision}",
            )


def test_lint(asyncmig_history: MigrationRunner) -> None:
    """The linter has no finding that is not allowed by a comment."""
    found = asyncmig_history.call(asyncmig_history.migrator.lint, all=True, offline=True)
    if not found.ok:
        findings = [one for one in found.findings if not one.allowed]
        _fail("\n".join(f"{one.path}:{one.line}: {one.rule}: {one.message}" for one in findings))


@contextmanager
def _reported_errors() -> Iterator[None]:
    """Fail with the message and the hint of an error, without a traceback."""
    from asyncmig.errors import AsyncmigError

    failure: AsyncmigError | None = None
    try:
        yield
    except AsyncmigError as error:
        failure = error
    if failure is not None:
        _fail(failure.message, failure.hint)


def _outcomes(found: dict[str, RevisionOutcome], revision: str) -> Iterable[RevisionOutcome]:
    """The outcome of a revision, or all of them."""
    if revision == ANY_REVISION:
        return found.values()
    return [found[revision]] if revision in found else []


def _place(outcome: RevisionOutcome) -> str:
    """The file and the revision; the message of an error has the line."""
    return f"{outcome.info.path}: revision {outcome.info.revision}"


def _fail(message: str, hint: str | None = None) -> NoReturn:
    text = f"{message}\n{hint}" if hint else message
    raise pytest.fail.Exception(text, pytrace=False) from None
