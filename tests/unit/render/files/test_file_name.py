"""Names and dates of new files."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asyncmig.config import Settings
from asyncmig.errors import ConfigKeyError, ScriptError
from asyncmig.render import check_branch_label, check_revision_id, new_revision_id
from asyncmig.render.files.file_name import creation_date, file_name, slug

if TYPE_CHECKING:
    from collections.abc import Callable

MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "limit", "expected"),
    [
        ("Add users", 40, "add_users"),
        ("  Add -- the user's E-Mail!! ", 40, "add_the_user_s_e_mail"),
        ("", 40, ""),
        ("!!!", 40, ""),
        ("Größe ändern", 40, "größe_ändern"),
        ("one two three", 12, "one_two_"),
        ("one two three", 7, "one_"),
        ("one two three", 13, "one_two_three"),
        ("abcdefgh", 4, "abcd_"),
        ("first\nsecond", 40, "first_second"),
    ],
)
def test_slug(message, limit, expected):
    assert slug(message, limit) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("%(rev)s_%(slug)s", "ab12_add_users.py"),
        (
            "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d%(second).2d-%(rev)s",
            "2026_03_04_050607-ab12.py",
        ),
        ("%(epoch)s_%(rev)s", "1772600767_ab12.py"),
        ("100%%_%(rev)s", "100%_ab12.py"),
    ],
)
def test_file_name(template, expected):
    settings = Settings(file_template=template)
    assert file_name(settings, "ab12", "Add users", MADE, ".py") == expected


def test_folders():
    settings = Settings(
        file_template="%(year)d/%(month).2d/%(rev)s", recursive_version_locations=True
    )
    assert Path(file_name(settings, "ab12", "", MADE, ".sql")) == Path("2026/03/ab12.sql")


@pytest.mark.parametrize(
    ("template", "recursive", "message", "near"),
    [
        ("%(slag)s", False, "has the unknown token %(slag)s", "slug"),
        ("%(zzzzzz)s", False, "has the unknown token %(zzzzzz)s", None),
        ("50%_%(rev)s", False, "has a percent sign that starts no token", None),
        ("%(slug)d", False, "has a percent sign that starts no token", None),
        ("%(rev)s%", False, "has a percent sign that starts no token", None),
        ("%(year)d/%(rev)s", False, "creates folders, in which revisions are not searched", None),
        ("/tmp/%(rev)s", True, "is not a file below the folder", None),
        ("../%(rev)s", True, "is not a file below the folder", None),
        (".%(rev)s", True, "is not a file below the folder", None),
        ("a/__init__", True, "is not a file below the folder", None),
        ("%(year)d/", True, "is not a file below the folder", None),
    ],
)
def test_wrong_file_template(template, recursive, message, near):
    settings = Settings(
        file_template=template, recursive_version_locations=recursive, config_path=Path("/x/a.toml")
    )
    with pytest.raises(ConfigKeyError) as caught:
        file_name(settings, "ab12", "x", MADE, ".py")
    assert str(caught.value).startswith("file_template ")
    assert message in str(caught.value)
    assert caught.value.hint
    assert caught.value.fields() == {"path": "/x/a.toml", "key": "file_template", "nearest": near}


class TestDate:
    def test_local(self):
        made = creation_date(Settings())
        assert made.tzinfo is None
        assert abs(made - datetime.now()) < timedelta(seconds=5)  # noqa: DTZ005  # local is asked for

    @pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "utc"])
    def test_zone(self, name):
        made = creation_date(Settings(timezone=name))
        assert made.tzinfo is not None
        assert abs(made - datetime.now(tz=UTC)) < timedelta(seconds=5)

    @pytest.mark.parametrize(
        ("name", "near"),
        [("Europe/Berln", "Europe/Berlin"), ("zzzz", None), ("../x", None), ("", None)],
    )
    def test_no_zone(self, name, near):
        with pytest.raises(ConfigKeyError, match=f"there is no time zone '{name}'") as caught:
            creation_date(Settings(timezone=name))
        assert caught.value.fields()["nearest"] == near
        assert (near or "Europe/Berlin or UTC") in caught.value.hint

    def test_no_zones_at_all(self, monkeypatch):
        monkeypatch.setattr(zoneinfo, "available_timezones", set)
        with pytest.raises(ConfigKeyError) as caught:
            creation_date(Settings(timezone="Nowhere/Atall"))
        assert caught.value.hint == "this system has no time zone data: install the package tzdata"


def refusal_of(check: Callable[[str], None], name: str) -> ScriptError | None:
    """The error that a check raises, if it raises one."""
    try:
        check(name)
    except ScriptError as error:
        return error
    return None


class TestIds:
    def test_new(self):
        made = {new_revision_id() for _ in range(50)}
        assert len(made) == 50
        for revision in made:
            assert len(revision) == 12
            assert int(revision, 16) >= 0
            check_revision_id(revision)

    @pytest.mark.parametrize(
        ("revision", "what"),
        [
            *((good, None) for good in ("a", "0001", "v1.2", "2026_11_21_add", "größe", "heads2")),
            ("", "is empty"),
            (".", "is empty"),
            ("..", "is empty"),
            ("a:b", "contains ':', which target expressions use"),
            ("a@b", "contains '@', which"),
            ("+a", "contains '+', which"),
            ("-a", "contains '-', which"),
            ("a-1+b", "contains '+', '-', which"),
            ("a b", "contains a space"),
            ("a/b", "contains '/'"),
            ("a\\b", "contains '\\'"),
            ("a\nb", r"contains '\n'"),
            ("a'b", "contains '''"),
            ("a,b", "contains ','"),
            ("head", "is a word of target expressions"),
            ("HEADS", "is a word of target expressions"),
            ("base", "is a word of target expressions"),
            ("current", "is a word of target expressions"),
        ],
    )
    def test_ids_that_are_refused(self, revision, what):
        refusal = refusal_of(check_revision_id, revision)
        assert (refusal is None) is (what is None)
        if refusal is not None:
            shown = revision.replace("\n", "\\n")
            assert str(refusal).startswith(f"the revision id '{shown}' {what}")
            assert refusal.fields() == {"revision": revision, "argument": "rev_id"}

    @pytest.mark.parametrize(
        ("label", "refused"),
        [
            *((good, False) for good in ("billing", "my-branch", "a.b", "x_1")),
            *(
                (bad, True)
                for bad in ("", "head", "Base", "a@b", "a:b", "a+b", "a b", "a,b", "a'b")
            ),
            *((bad, True) for bad in ('a"b', "a\\b", "a\n")),
        ],
    )
    def test_labels_that_are_refused(self, label, refused):
        refusal = refusal_of(check_branch_label, label)
        assert (refusal is not None) is refused
        if refusal is not None:
            assert "cannot be used in target expressions" in str(refusal)
