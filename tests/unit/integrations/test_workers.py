"""The hooks have the shapes that arq, taskiq and FastStream call."""

from __future__ import annotations

import inspect

import pytest

import asyncmig
from asyncmig.errors import ConfigError
from asyncmig.integrations.workers import (
    arq_startup,
    faststream_startup,
    migrated,
    taskiq_startup,
)
from support.fake_migrator import FakeMigrator

HOOKS = pytest.mark.parametrize("make", [arq_startup, taskiq_startup, faststream_startup])


def test_the_context_is_a_public_name():
    assert asyncmig.migrated is migrated


@HOOKS
def test_an_unknown_mode_is_refused_when_the_hook_is_made(make):
    with pytest.raises(ConfigError):
        make(FakeMigrator(), mode="migrate")


@HOOKS
def test_a_hook_is_a_coroutine_function(make):
    """Some of them look before they call."""
    assert inspect.iscoroutinefunction(make(FakeMigrator()))


async def test_arq_calls_with_its_context_and_goes_on_to_the_workers_own_hook():
    migrator = FakeMigrator()
    log = []

    async def own(ctx):
        log.append((ctx, list(migrator.calls)))

    ctx = {"redis": object()}
    await arq_startup(migrator, then=own)(ctx)
    assert log == [(ctx, ["upgrade"])]


async def test_arq_without_a_hook_of_its_own():
    migrator = FakeMigrator()
    await arq_startup(migrator, "wait", timeout=5)({})
    assert migrator.calls == [("wait", 5)]


async def test_taskiq_calls_with_its_state():
    migrator = FakeMigrator()
    await taskiq_startup(migrator, mode="check")(object())
    assert migrator.calls == ["status"]


async def test_faststream_calls_with_nothing():
    migrator = FakeMigrator()
    hook = faststream_startup(migrator)
    assert not inspect.signature(hook).parameters
    await hook()
    assert migrator.calls == ["upgrade"]
