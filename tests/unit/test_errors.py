"""The errors declare their fields, and whatever raises them gives no others."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import asyncmig
from asyncmig import errors

ROOT = Path(asyncmig.__file__).parent
CLASSES = {name: getattr(errors, name) for name in errors.__all__}
NOT_FIELDS = {"exit_code", "id", "message", "hint"}


def declared(kind: type[errors.AsyncmigError]) -> set[str]:
    """The fields of an error class, those of its bases included."""
    names: set[str] = set()
    for base in kind.__mro__:
        names |= set(vars(base).get("__annotations__", {}))
    return names - NOT_FIELDS


def required(kind: type[errors.AsyncmigError]) -> set[str]:
    """The fields that have no default."""
    return {name for name in declared(kind) if not hasattr(kind, name)}


@cache
def raised() -> list[tuple[str, str, set[str], bool]]:
    """Where each error is made: place, class, keywords, and whether others may come with ``**``."""
    found = []
    for path in [*ROOT.rglob("*.py"), *(ROOT.parent / "cli").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if "Error(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in CLASSES:
                    keywords = {keyword.arg or "**" for keyword in node.keywords} - NOT_FIELDS
                    place = f"{path.relative_to(ROOT.parent)}:{node.lineno}"
                    found.append((place, name, keywords - {"**"}, "**" in keywords))
    return found


def test_every_field_that_is_given_is_declared() -> None:
    calls = raised()
    assert len(calls) > 200
    unknown = {
        place: names
        for place, kind, keywords, _ in calls
        if (names := keywords - declared(CLASSES[kind]))
    }
    assert not unknown


def test_every_required_field_is_given() -> None:
    missing = {
        place: names
        for place, kind, keywords, others in raised()
        if not others and (names := required(CLASSES[kind]) - keywords)
    }
    assert not missing


def test_the_tree_of_the_docstring_has_every_class() -> None:
    assert set(re.findall(r"\w+Error\b", (errors.__doc__ or "").partition(">>>")[0])) == set(
        CLASSES
    )


def test_fields_are_attributes_and_plain_data() -> None:
    error = errors.FileError("no", hint="yes", path=Path("a/b"))
    assert (error.message, error.hint, error.path, error.config) == ("no", "yes", "a/b", None)
    assert error.fields() == {"path": "a/b"}
    error.add_fields(databases={"app": CLASSES}, failures={"x": {"message": "m"}})
    assert set(error.fields()) == {"path", "databases", "failures"}
    assert error.failures["x"]["message"] == "m"


def test_a_field_without_a_value_has_its_default() -> None:
    error = errors.RevisionNotFoundError("no", revision="a")
    assert (error.nearest, error.current, error.fields()) == ((), False, {"revision": "a"})
    with pytest.raises(AttributeError):
        _ = errors.RevisionNotFoundError("no").revision
    with pytest.raises(AttributeError):
        _ = error.nonsense  # type: ignore[attr-defined]  # the point of the test
