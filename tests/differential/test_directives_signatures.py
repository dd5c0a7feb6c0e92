"""Every directive that Alembic has, ours has too: the same names, order and defaults."""

from __future__ import annotations

import inspect

import pytest
from alembic.operations import BatchOperations as TheirBatch
from alembic.operations import Operations as Theirs
from alembic.operations import ops as their_ops

from asyncmig.operations.base.operation import built_in_operations
from asyncmig.operations.batch import BatchOperations
from asyncmig.operations.facade import Operations

INTERNAL = {"create_module_class_proxy"}
"""Members that Alembic's classes inherit from its proxy machinery; no script calls them."""

NOT_FOR_BATCH = {"batch_alter_table", "context"}
"""A batch within a batch, which Alembic inherits by accident."""


def members(cls: type) -> list[str]:
    return sorted(name for name in dir(cls) if not name.startswith("_") and name not in INTERNAL)


def default_of(parameter: inspect.Parameter) -> object:
    if isinstance(parameter.default, dict):  # immutabledict() and {} are the same default
        return dict(parameter.default)
    if parameter.default == set():  # one set for all calls, where ours makes a new one
        return None
    return parameter.default


def check(theirs: object, ours: object) -> None:
    expected = inspect.signature(theirs).parameters
    found = inspect.signature(ours).parameters
    positional = [n for n, p in expected.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [n for n, p in found.items() if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    for name, parameter in expected.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue  # a closed list of keywords may be clearer; the SQL tests hold its contents
        assert name in found, name
        assert found[name].kind is parameter.kind, name
        assert default_of(found[name]) == default_of(parameter), name
    for name in found.keys() - expected.keys():
        extra = found[name]
        is_optional = extra.default is not extra.empty or extra.kind is extra.VAR_KEYWORD
        assert is_optional, f"{name} is ours alone and must be optional"


@pytest.mark.parametrize("name", members(Theirs))
def test_operations_member(name):
    theirs, ours = getattr(Theirs, name), getattr(Operations, name)
    if callable(theirs):
        check(theirs, ours)


@pytest.mark.parametrize("name", sorted(set(members(TheirBatch)) - NOT_FOR_BATCH))
def test_batch_operations_member(name):
    theirs, ours = getattr(TheirBatch, name), getattr(BatchOperations, name)
    if callable(theirs):
        check(theirs, ours)


OPERATION_CLASSES = sorted(
    name
    for name, value in vars(their_ops).items()
    if inspect.isclass(value) and issubclass(value, their_ops.MigrateOperation)
)


def our_class(name: str) -> type:
    from asyncmig.operations.base import containers, operation
    from asyncmig.operations.directives import constraints, tables

    for module in (constraints, containers, operation, tables):
        if hasattr(module, name):
            return getattr(module, name)
    return next(cls for cls in built_in_operations().values() if cls.__name__ == name)


@pytest.mark.parametrize("name", OPERATION_CLASSES)
def test_operation_class(name):
    theirs, ours = getattr(their_ops, name), our_class(name)
    if "__init__" in theirs.__dict__:
        check(theirs.__init__, ours.__init__)
    public = [member for member in dir(theirs) if not member.startswith("_")]
    directives = {member for member in public if member in dir(Theirs)}
    directives |= {member for member in public if member.startswith("batch_")}
    plumbing = {"register_add_constraint", "add_constraint_ops"}
    assert [m for m in public if m not in directives | plumbing and not hasattr(ours, m)] == []
