"""Settings that a program gives by keyword."""

from __future__ import annotations

import pytest

from asyncmig.config.overrides import checked_overrides
from asyncmig.errors import ConfigError


def test_times_and_numbers_as_files_have_them():
    given = {"lock_timeout": "200ms", "lock_wait": "none", "statement_timeout": None, "lock": False}
    assert checked_overrides(given | {"lock_retries": 0, "connect_timeout": 3}) == {
        "lock_timeout": 0.2,
        "lock_wait": None,
        "statement_timeout": None,
        "lock": False,
        "lock_retries": 0,
        "connect_timeout": 3.0,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"lock_retries": -1},
        {"lock_retries": 1.5},
        {"lock_retries": True},
        {"lock_retries": None},
        {"lock_timeout": -1},
        {"lock_timeout": "soon"},
        {"lock_wait": float("nan")},
        {"statement_timeout": []},
        {"connect_timeout": None},
        {"url": 5},
        {"url": b"postgresql://host/database"},
        {"shadow_url": 5},
    ],
)
def test_what_none_can_be(wrong):
    (name,) = wrong
    with pytest.raises(ConfigError, match=f"{name} must be"):
        checked_overrides(wrong)


def test_a_name_that_is_nearly_one():
    with pytest.raises(ConfigError, match="lock_retry") as caught:
        checked_overrides({"lock_retry": 3})
    assert "lock_retries" in caught.value.hint


def test_the_empty_key_of_schemas_is_none():
    given = {"schema_translate_map": {"": "acme", "tenant": "data"}}
    expected = {"schema_translate_map": {None: "acme", "tenant": "data"}}
    assert checked_overrides(given) == expected


def test_a_former_name_still_works_with_a_warning():
    with pytest.warns(DeprecationWarning, match="lenient_bind is named psycopg2_compat now"):
        assert checked_overrides({"lenient_bind": True}) == {"psycopg2_compat": True}


def test_urls_are_text_or_none():
    assert checked_overrides({"url": "postgresql://a", "shadow_url": None}) == {
        "url": "postgresql://a",
        "shadow_url": None,
    }
