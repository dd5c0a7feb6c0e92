"""The table of keys agrees with Settings, with the docs and with itself; and reading it is cheap."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from itertools import groupby

import pytest

from asyncmig.config import Settings, load
from asyncmig.config.files.source import ValueSource
from asyncmig.config.keys.table import BY_NAME, KEYS
from asyncmig.config.reference import BEGIN, END, reference, with_reference
from asyncmig.config.settings import InvalidUrl
from support.paths import ROOT
from support.processes import unmeasured

DOCUMENT = ROOT / "docs/configuration.md"

# Fields that no key sets: they come from the command line or say where the rest came from.
NO_KEY = {
    "url_source",
    "config_path",
    "section",
    "x",
    "tag",
    "extra",
}


def test_every_field_has_a_key():
    named = {field.name for field in fields(Settings)}
    assert {key.target for key in KEYS} == named - NO_KEY


def test_names_are_used_once():
    names = Counter(name for key in KEYS for name in (key.name, *key.also))
    assert [name for name, count in names.items() if count > 1] == []
    alembic = Counter(key.alembic for key in KEYS if key.alembic)
    assert max(alembic.values()) == 1
    assert len(BY_NAME) == len(KEYS) + sum(key.former is not None for key in KEYS)


def test_groups_stand_together():
    groups = [group for group, _ in groupby(KEYS, key=lambda key: key.group)]
    assert len(groups) == len(set(groups))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_documented(key):
    assert key.doc.endswith((".", "."))
    row = next(line for line in reference().splitlines() if line.startswith(f"| `{key.name}` |"))
    assert row.replace("\\|", "").count("|") == 5


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("script_location", '`"migrations"`'),
        ("lock_timeout", "`5`"),
        ("lock", "`true`"),
        ("transaction_per_migration", "`true`"),
        ("version_table", '`"alembic_version"`'),
        ("truncate_slug_length", "`40`"),
        ("role", "none"),
        ("timezone", "local time"),
    ],
)
def test_defaults_in_the_reference(name, default):
    assert any(
        line.startswith(f"| `{name}` |") and f"| {default} |" in line
        for line in reference().splitlines()
    )


def test_the_document_is_up_to_date():
    """Run ``python scripts/configuration_reference.py`` when this fails."""
    text = DOCUMENT.read_text("utf-8")
    assert with_reference(text) == text


def _examples():
    """The blocks of TOML and ini in the document, each with the file it would be."""
    text = DOCUMENT.read_text("utf-8")
    for kind, body in re.findall(r"```(toml|ini)\n(.*?)```", text, re.DOTALL):
        native = "pyproject.toml" if "\n[tool." in f"\n{body}" else "asyncmig.toml"
        yield ("alembic.ini" if kind == "ini" else native), body


@pytest.mark.parametrize(("name", "body"), list(_examples()))
def test_examples_of_the_document(tmp_path, name, body):
    if name == "alembic.ini" and "[alembic]" not in body:
        body = f"[alembic]\nscript_location = db\n{body}"
    (tmp_path / name).write_text(body)
    urls = {
        "DATABASE_URL": "postgresql://",
        "APP_URL": "postgresql://",
        "AUDIT_URL": "postgresql://",
    }
    for database in load(cwd=tmp_path, environ=urls).databases or (None,):
        settings = load(cwd=tmp_path, environ=urls, name=database)
        assert settings.config_path == tmp_path / name
        assert not isinstance(settings.url, InvalidUrl)


@pytest.mark.parametrize(("document", "missing"), [("", BEGIN), (BEGIN, END), (END, BEGIN)])
def test_a_document_without_markers(document, missing):
    with pytest.raises(ValueError, match=f"lacks {missing[:9]}"):
        with_reference(document)


def test_a_place_without_its_file(tmp_path):
    place = ValueSource(path=tmp_path / "gone.toml", table="", key="a", base=tmp_path)
    assert place.line is None
    assert str(place) == f"{tmp_path}/gone.toml: a"


def test_the_package_is_lazy():
    import asyncmig.config

    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        asyncmig.config.nope  # noqa: B018  # looking it up is the test
    for name in asyncmig.config.__all__:
        assert getattr(asyncmig.config, name) is not None


def test_loading_imports_little(tmp_path):
    """Graph commands read settings: what they do not need is not imported."""
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = db\n")
    heavy = ["sqlalchemy", "asyncpg", "anyio", "asyncio", "difflib", "json", "tomllib", "zoneinfo"]
    code = (
        "import sys\n"
        "from asyncmig.config import load\n"
        "before = [name for name in [*HEAVY, 'configparser'] if name in sys.modules]\n"
        "load(environ={})\n"
        "print(before, [name for name in HEAVY if name in sys.modules])\n"
    ).replace("HEAVY", repr(heavy))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[] []\n", "")
