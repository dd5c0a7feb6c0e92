"""Models found in the source files of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asyncmig.scaffold.model_search import find_models

if TYPE_CHECKING:
    from pathlib import Path

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"
USER = "class User(Base):\n    __tablename__ = 'users'\n"
ORDER = "class Order(Base):\n    __tablename__ = 'orders'\n"


def found(folder: Path, files: dict[str, str]) -> list[tuple[tuple[str, ...], str]]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [(one.names, one.sys_path) for one in find_models(folder)]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        pytest.param({"models.py": BASE + USER}, ["models:Base.metadata"], id="one module"),
        pytest.param({"models.py": BASE}, ["models:Base.metadata"], id="no tables yet"),
        pytest.param(
            {"app/base.py": BASE, "app/models.py": "from app.base import Base\n" + USER},
            ["app.models:Base.metadata"],
            id="the module with the tables, not the one with the base class",
        ),
        pytest.param(
            {
                "app/base.py": BASE,
                "app/models/__init__.py": (
                    "from app.base import Base\nfrom app.models.user import User\n"
                    "from .order import Order\n"
                ),
                "app/models/user.py": "from ..base import Base\n" + USER,
                "app/models/order.py": "from app.base import Base\n" + ORDER,
            },
            ["app.models:Base.metadata"],
            id="a package that imports all models",
        ),
        pytest.param(
            {
                "app/base.py": BASE,
                "app/user.py": "from app.base import Base\n" + USER,
                "app/order.py": "from app.base import Base\n" + ORDER,
            },
            ["app.order:Base.metadata", "app.user:Base.metadata"],
            id="several modules that nothing joins",
        ),
        pytest.param(
            {
                "app/base.py": BASE + "class Timestamped(Base):\n    __abstract__ = True\n",
                "app/models.py": (
                    "from app.base import Timestamped as T\n"
                    "class User(T):\n    __tablename__ = 'users'\n"
                ),
            },
            ["app.models:T.metadata"],
            id="an abstract class between",
        ),
        pytest.param(
            {
                "models.py": (
                    "from sqlalchemy.orm import declarative_base\nModel = declarative_base()\n"
                )
            },
            ["models:Model.metadata"],
            id="declarative_base",
        ),
        pytest.param(
            {"app/tables.py": "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"},
            ["app.tables:metadata"],
            id="MetaData alone",
        ),
        pytest.param(
            {
                "app/models.py": (
                    "from sqlmodel import SQLModel\n"
                    "class Hero(SQLModel, table=True):\n    id: int\n"
                    "class HeroRead(SQLModel):\n    id: int\n"
                )
            },
            ["app.models:SQLModel.metadata"],
            id="SQLModel",
        ),
    ],
)
def test_the_names_of_one_metadata(tmp_path: Path, files: dict[str, str], names: list[str]) -> None:
    assert found(tmp_path, files) == [(tuple(names), ".")]


def test_a_source_folder_goes_to_the_path(tmp_path: Path) -> None:
    assert found(tmp_path, {"src/shop/models.py": BASE + USER}) == [
        (("shop.models:Base.metadata",), "src")
    ]


def test_every_base_class_is_found(tmp_path: Path) -> None:
    files = {"a.py": BASE, "b.py": "from sqlalchemy.orm import DeclarativeBase\n" + BASE}
    assert found(tmp_path, files) == [(("a:Base.metadata",), "."), (("b:Base.metadata",), ".")]


@pytest.mark.parametrize(
    "name",
    ["tests/models.py", ".hidden/models.py", "node_modules/x/models.py", "with-hyphen/models.py"],
)
def test_other_folders_are_not_read(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, {name: BASE}) == []


@pytest.mark.parametrize(
    "files",
    [
        {"env/pyvenv.cfg": "", "env/lib/models.py": BASE},
        {"migrations/env.py": BASE, "migrations/versions/a.py": BASE},
        {"broken.py": "class Base(DeclarativeBase:", "binary.py": "\0"},
        {"a.py": "from b import Base\n" + USER, "b.py": "from a import Base\n"},
        {"a.py": "class Base(Base):\n    pass\n" + USER},
        {"a.py": "from app.base import Base\n" + USER},
        {},
    ],
    ids=["environment", "scripts", "broken", "circle", "itself", "unknown base", "empty"],
)
def test_nothing_is_found(tmp_path: Path, files: dict[str, str]) -> None:
    assert found(tmp_path, files) == []
