"""The models to compare with: those that are given, those of an env.py, or those that the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from asyncmig.config.settings import Settings
from asyncmig.project import models as models_module
from asyncmig.project.models import Models

ONE, TWO = sa.MetaData(), sa.MetaData()
PLAIN = Settings(script_location="migrations")
NAMED = Settings(
    script_location="migrations",
    target_metadata="app.db:metadata",
    config_path=Path("/project/asyncmig.toml"),
)


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """What is imported: the settings and the names, each time."""
    calls = []

    def load_models(_settings, given):
        calls.append(given)
        return (ONE,)

    monkeypatch.setattr(models_module, "load_models", load_models)
    return calls


@pytest.mark.parametrize(("metadata", "expected"), [(TWO, (TWO,)), ([ONE, TWO], (ONE, TWO))])
async def test_those_of_an_env_file(loaded, metadata, expected):
    models = Models(None)
    models.use_env(metadata, NAMED)
    assert await models.load(NAMED) == expected
    assert loaded == []
    assert models.origins(NAMED).place == "env.py"
    models.use_env(ONE, NAMED)  # of a second call of configure()
    assert await models.load(NAMED) == expected


async def test_given_models_go_before_those_of_an_env_file(loaded):
    models = Models(TWO)
    models.use_env(ONE, NAMED)
    assert await models.load(NAMED) == (ONE,)
    assert loaded == [TWO]
    assert (models.origins(NAMED).specs, models.origins(NAMED).place) == ([None], None)


async def test_those_of_the_settings_are_imported_once(loaded):
    models = Models(None)
    models.use_env(None, NAMED)
    assert await models.load(NAMED) == await models.load(NAMED) == (ONE,)
    assert loaded == ["app.db:metadata"]
    origins = models.origins(NAMED)
    assert (origins.specs, origins.place) == (["app.db:metadata"], "asyncmig.toml")


def test_an_env_file_without_models_is_where_they_are_missing():
    models = Models(None)
    models.use_env(None, PLAIN)
    assert models.origins(PLAIN).place == "env.py"
    assert Models(["app:a", ONE]).origins(NAMED).specs == ["app:a", None]
