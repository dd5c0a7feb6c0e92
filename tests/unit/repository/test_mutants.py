"""scripts/mutations.py, and the list of equivalent mutants."""

from __future__ import annotations

import importlib.util
import sys
import tomllib

import pytest

from support.paths import ROOT

spec = importlib.util.spec_from_file_location("mutations", ROOT / "scripts" / "mutations.py")
mutations = importlib.util.module_from_spec(spec)
sys.modules["mutations"] = mutations  # dataclasses look it up
spec.loader.exec_module(mutations)

EQUIVALENTS = tomllib.loads((ROOT / "scripts" / "equivalent_mutants.toml").read_text())[
    "equivalent"
]


def changes(source: str) -> list[str]:
    return [mutation.change for mutation in mutations.find_mutations(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a == b", ["a == b -> (a != b)"]),
        ("a < b", ["a < b -> (a <= b)"]),
        ("a not in b", ["a not in b -> (a in b)"]),
        ("a is None", ["a is None -> (a is not None)"]),
        ("a and b or c", ["a and b or c -> ((a and b) and (c))", "a and b -> ((a) or (b))"]),
        ("not a", ["not a -> (a)"]),
        ("a if b else c", ["b -> True", "b -> False"]),
        ("min(a, b)", ["min -> max"]),
        ("a + 1", ["a + 1 -> (a - 1)", "1 -> 2"]),
        ("a + 'text'", []),
        ("f'{a + 1}'", []),
        ("[a for a in b if c]", ["c -> True"]),
    ],
)
def test_expressions(source: str, expected: list[str]) -> None:
    assert changes(f"def f():\n    x = {source}") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a:\n    b = c", ["a -> True", "a -> False"]),
        ("while a:\n    b = c", ["a -> False"]),
        ("def f():\n    return a", ["a -> None"]),
        ("def f():\n    return None", []),
        ("def f():\n    return False", ["False -> True"]),
        ("def f():\n    raise A", ["raise A -> pass"]),
        ("def f():\n    a()", ["a() -> pass"]),
        ("def f():\n    a.b = c", ["a.b = c -> pass"]),
        ("def f(a=True):\n    b = a", ["True -> False"]),
        ("match a:\n    case b if c:\n        d = e", ["c -> True"]),
        ("A = 'SELECT 1'", ["'SELECT 1' -> \"\""]),
    ],
)
def test_statements(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "if TYPE_CHECKING:\n    from a import b",
        "__all__ = ['a']",
        "@dataclass(frozen=True)\nclass A:\n    b: Literal[1]",
        "def f(a: Literal[1]) -> Literal[2]: ...",
    ],
)
def test_what_has_no_effect_at_run_time_has_no_mistakes(source: str) -> None:
    assert changes(source) == []


def test_a_mutation_is_the_module_with_one_change() -> None:
    source = "é = 'ä'\ndef f():\n    return é == (\n        b\n    )\n"
    (mutation,) = [item for item in mutations.find_mutations(source) if "!=" in item.after]
    assert mutation.source == "é = 'ä'\ndef f():\n    return (é != b)\n"
    assert (mutation.line, mutation.code) == (3, "return é == (")
    assert mutation.change == "é == ( b ) -> (é != b)"
    assert mutation.in_function


def test_an_equivalent_mutant_is_one_of_the_code_as_it_is() -> None:
    found = {
        file: {
            (item.code, item.change) for item in mutations.find_mutations((ROOT / file).read_text())
        }
        for file in {entry["file"] for entry in EQUIVALENTS}
    }
    for entry in EQUIVALENTS:
        assert (entry["code"], entry["change"]) in found[entry["file"]]
        assert len(entry["reason"]) > 20
