"""Users' objects by name: what is found, and what is said when it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asyncmig.config import extend_sys_path, import_object, import_objects
from asyncmig.errors import ConfigError


@pytest.fixture(autouse=True)
def imports():
    """Leave ``sys.path`` and ``sys.modules`` as they were."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "models.py").write_text(
        "class Base:\n    metadata = 'the metadata'\n    class Deep:\n        value = 3\n"
    )
    return folder


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("shop.models:Base.metadata", "the metadata"),
        ("shop.models:Base.Deep.value", 3),
        ("shop.models", "shop.models"),
    ],
)
def test_found(package, spec, expected):
    found = import_object(spec, sys_path=[package.parent])
    assert getattr(found, "__name__", found) == expected


def test_several(package):
    specs = ["shop.models:Base.metadata", "shop.models:Base.Deep.value"]
    assert import_objects(specs, sys_path=[package.parent]) == ("the metadata", 3)
    assert import_objects("shop.models:Base.metadata") == ("the metadata",)
    assert import_objects(None) == ()


def test_sys_path_is_extended_once_in_order(tmp_path):
    before = list(sys.path)
    extend_sys_path([tmp_path / "a", str(tmp_path / "b"), before[0]])
    extend_sys_path([tmp_path / "b"])
    assert sys.path == [str(tmp_path / "a"), str(tmp_path / "b"), *before]


@pytest.mark.parametrize(
    ("spec", "message", "near"),
    [
        (
            "shop.models:Bsae.metadata",
            "'shop.models:Bsae.metadata': shop.models has no 'Bsae'",
            "Base",
        ),
        ("shop.models:Base.metdata", "shop.models.Base has no 'metdata'", "metadata"),
        ("shop.models:zzzzzz", "shop.models has no 'zzzzzz'", None),
    ],
)
def test_no_such_name(package, spec, message, near):
    with pytest.raises(ConfigError) as caught:
        import_object(spec, sys_path=[package.parent])
    assert message in str(caught.value)
    assert caught.value.fields() == {"module": "shop.models", "nearest": near}
    assert (near or "after the colon") in caught.value.hint


@pytest.mark.parametrize(
    ("spec", "missing"),
    [("nowhere.models:x", "nowhere"), ("shop.nowhere", "shop.nowhere"), ("nowhere", "nowhere")],
)
def test_no_such_module(package, spec, missing):
    with pytest.raises(ConfigError) as caught:
        import_object(spec, sys_path=[package.parent])
    assert str(caught.value) == f"'{spec}' cannot be imported: there is no module '{missing}'"
    assert "prepend_sys_path" in caught.value.hint
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("import json\nimport nowhere_at_all\n", 2,
         "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("\n\nraise RuntimeError('first\\nsecond')\n", 3, "RuntimeError: first"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
        ("x = 1\ny = (\n", 2, "SyntaxError: '(' was never closed"),
        ("raise ValueError\n", 1, "ValueError"),
        ("raise SyntaxError('by hand')\n", 1, "SyntaxError: by hand"),
        ("from shop.models import Nope\n", 1,
         "ImportError: cannot import name 'Nope' from 'shop.models'"),
    ],
)  # fmt: skip
def test_module_that_fails(package, source, line, message):
    broken = package / "broken.py"
    broken.write_text(source)
    with pytest.raises(ConfigError) as caught:
        import_object("shop.broken:x", sys_path=[package.parent])
    error = caught.value
    expected = f"'shop.broken:x' cannot be imported: {broken}:{line}: {message}"
    assert str(error).startswith(expected)
    assert "\n" not in str(error)
    assert error.fields() == {"module": "shop.broken", "path": str(broken), "line": line}
    assert error.hint == "try to import it alone: python -c 'import shop.broken'"
    assert error.__cause__ is not None


def test_failure_with_no_file(package):
    """A module that is made on the fly has no file to name."""

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "conjured":
                raise RuntimeError("no luck")

    sys.meta_path.insert(0, Finder)
    try:
        with pytest.raises(ConfigError) as caught:
            import_object("conjured")
    finally:
        sys.meta_path.remove(Finder)
    assert f"{Path(__file__)}:" in str(caught.value)
    assert "RuntimeError: no luck" in str(caught.value)


def test_failure_inside_python_itself(monkeypatch):
    def fail(name: str) -> None:
        raise RuntimeError("deep") from None

    import importlib

    code = compile("def fail(name):\n    raise RuntimeError('deep')\n", "<frozen x>", "exec")
    names: dict[str, object] = {}
    exec(code, names)
    monkeypatch.setattr(importlib, "import_module", names["fail"])
    with pytest.raises(ConfigError) as caught:
        import_object("whatever.it.is")
    assert (
        str(caught.value)
        == "'whatever.it.is' cannot be imported: whatever.it.is: RuntimeError: deep"
    )
    assert caught.value.fields() == {"module": "whatever.it.is", "path": None, "line": None}


def test_a_module_that_exits(package):
    """One that reads the command line when it is imported, say."""
    broken = package / "broken.py"
    broken.write_text("import argparse\nargparse.ArgumentParser().error('unknown option')\n")
    with pytest.raises(ConfigError, match=rf"{broken}:2: SystemExit: 2"):
        import_object("shop.broken", sys_path=[package.parent])
