"""-x arguments, given and from the environment."""

from __future__ import annotations

import pytest

from asyncmig.config import load
from asyncmig.config.x_arguments import read_x


@pytest.mark.parametrize(
    ("given", "environ", "expected"),
    [
        ((), {}, {}),
        (["a=1", "b=2"], {}, {"a": "1", "b": "2"}),
        (["a=1", "a=2", "a="], {}, {"a": ("1", "2", "")}),
        (["flag"], {}, {"flag": ""}),
        (["a=b=c"], {}, {"a": "b=c"}),
        ({"a": "1", "b": ["2", 3], "c": (), "d": 4}, {},
         {"a": "1", "b": ("2", "3"), "c": (), "d": "4"}),
        ((), {"ALEMBIC_X_TENANT": "a", "OTHER": "x"}, {"tenant": "a"}),
        ((), {"ALEMBIC_X_TENANT": "a", "ASYNCMIG_X_TENANT": "b"}, {"tenant": "b"}),
        ((), {"ASYNCMIG_X_TENANT": "b", "ALEMBIC_X_TENANT": "a"}, {"tenant": "b"}),
        ((), {"ASYNCMIG_X_Some_Name": "b", "ASYNCMIG_X_": "no"}, {"some_name": "b"}),
        (["tenant=c"], {"ASYNCMIG_X_TENANT": "b", "ASYNCMIG_X_B": "1"}, {"tenant": "c", "b": "1"}),
        ({"tenant": "c"}, {"ASYNCMIG_X_TENANT": "b"}, {"tenant": "c"}),
    ],
)  # fmt: skip
def test_read(given, environ, expected):
    assert read_x(given, environ) == expected


def test_in_settings(tmp_path):
    (tmp_path / "asyncmig.toml").write_text("")
    settings = load(x=["a=1"], environ={"ASYNCMIG_X_B": "2"}, cwd=tmp_path)
    assert settings.x == {"a": "1", "b": "2"}
    with pytest.raises(TypeError):
        settings.x["a"] = "2"  # type: ignore[index]
