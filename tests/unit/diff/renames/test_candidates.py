"""What may have been renamed."""

from __future__ import annotations

import pytest

from asyncmig.catalog.model import Catalog, Column, Table, TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.renames.candidates import candidates

TEXT = TypeName(text="text", name=ObjectName("pg_catalog", "text"))


def with_table(name: str, *columns: str) -> Catalog:
    place = ObjectName("public", name)
    made = {column: Column(name=column, type=TEXT) for column in columns}
    table = Table(name=place, columns=made, constraints={}, indexes={})
    return Catalog(default_schema="public", tables={place: table})


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ("id email name fone town", "id email name phone city", True),
        ("id name", "id name more most", True),
        ("id name", "id more most other", False),
        ("id email", "id phone", True),
        ("id email name", "id phone city", False),
    ],
)
def test_tables_that_share_half_of_the_wider_ones_columns(before, after, alike):
    found = candidates(with_table("old", *before.split()), with_table("new", *after.split()))
    assert [(item.rename.old, item.rename.new) for item in found] == [("old", "new")] * alike
