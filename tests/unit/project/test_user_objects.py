"""Models and version hooks of the user's code, given or named."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import MetaData

from asyncmig import Settings
from asyncmig.errors import ConfigError
from asyncmig.project.user_objects import as_list, load_models, load_version_hooks

MODULE = """
from sqlalchemy import MetaData
metadata = MetaData()
def on_version_apply(**_): pass
def other(**_): pass
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    (tmp_path / "user_code.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield Settings(prepend_sys_path=(tmp_path,))
    sys.modules.pop("user_code", None)


def test_one_or_several_or_none() -> None:
    assert as_list(None) == []
    assert as_list("a") == ["a"]
    assert as_list(("a", "b")) == as_list(["a", "b"]) == ["a", "b"]


def test_models_are_objects_or_names_in_their_order(settings) -> None:
    given = MetaData()
    assert load_models(settings, None) == ()
    assert load_models(settings, given) == (given,)
    first, second = load_models(settings, ["user_code:metadata", given])
    assert (first, second) == (sys.modules["user_code"].metadata, given)
    with pytest.raises(ConfigError, match="has no 'nonsense'"):
        load_models(settings, "user_code:nonsense")


def test_hooks_are_those_given_then_the_module_s_then_env_py_s(settings) -> None:
    def of_env(**_: object) -> None:
        pass

    settings = Settings(prepend_sys_path=settings.prepend_sys_path, hooks="user_code")
    hooks = load_version_hooks(settings, "user_code:other", of_env)
    module = sys.modules["user_code"]
    assert hooks == (module.other, module.on_version_apply, of_env)
    assert load_version_hooks(Settings(), None, None) == ()
    with pytest.raises(ConfigError, match="has 5, which cannot be called"):
        load_version_hooks(Settings(), None, [5])
