"""asyncmig.config.files.source: the name that an unknown one may mean."""

import pytest

from asyncmig.config.files.source import nearest
from asyncmig.config.keys.table import BY_NAME

KNOWN = [*BY_NAME]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("scrpt", "script_location"),
        ("script", "script_location"),
        ("Script_Locaton", "script_location"),
        ("ulr", "url"),
        ("sslcet", "sslcert"),
        ("sslmod", "sslmode"),
        ("lock_timout", "lock_timeout"),
        ("xyz", None),
        ("scp", None),
        ("", None),
    ],
)
def test_only_close_names_are_suggested(word: str, meant: str | None) -> None:
    assert nearest(word, KNOWN) == meant


def test_a_short_word_is_not_like_a_longer_one_with_the_same_letters() -> None:
    assert nearest("scrpt", ["sslcert"]) is None


def test_the_first_of_the_names_with_the_same_first_part_is_suggested() -> None:
    assert nearest("lok", ["lock_wait", "lock_timeout"]) == "lock_wait"


def test_the_name_is_given_as_it_is_written() -> None:
    assert nearest("database_ulr", ["DATABASE_URL"]) == "DATABASE_URL"
