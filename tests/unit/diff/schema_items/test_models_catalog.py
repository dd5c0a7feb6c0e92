"""The types of the models: those that SQLAlchemy has no class for, and what a script can import."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.base import SchemaEventTarget
from sqlalchemy.types import TypeDecorator, UserDefinedType

from asyncmig.diff.schema_items.models_catalog import ModelTypes
from asyncmig.operations.base.model_type import model_type
from asyncmig.types import ServerType
from support.catalogs import catalog, column, table


class Vector(UserDefinedType):
    """Stands for pgvector's."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "vector"


class Tagged(TypeDecorator):
    impl = Vector
    cache_ok = True


class Spatial(SchemaEventTarget, UserDefinedType):
    """Adds an index to its table, as GeoAlchemy's types do."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "geometry"

    def _set_parent(self, parent, **_):
        sa.event.listen(parent, "after_parent_attach", lambda item, _: sa.Index("spatial", item))


VECTOR = column("v", "public.vector")
ITEMS = table("items", VECTOR)
WANTED = catalog(ITEMS)


def types(type_, *, key=None, wanted=WANTED):
    """The types of a model with one column, of which the models' catalog has ``v``."""
    model = sa.Table("items", sa.MetaData(), sa.Column("v", type_, key=key))
    return ModelTypes(wanted, {("public", "items"): model})


def completed(type_, found=None, *, where=WANTED, item=VECTOR, **options):
    found = ServerType("vector") if found is None else found
    return types(type_, **options).completed(found, item, ITEMS, where)


def test_a_type_without_a_class_is_that_of_the_models():
    assert isinstance(completed(Vector()), Vector)
    assert isinstance(completed(Vector(), key="other"), Vector)
    assert isinstance(completed(Tagged()), Vector)
    array = completed(ARRAY(Vector()), ARRAY(ServerType("vector")))
    assert isinstance(array, ARRAY)
    assert isinstance(array.item_type, Vector)


def test_types_of_sqlalchemy_are_left():
    assert isinstance(completed(Vector(), sa.Integer()), sa.Integer)
    assert isinstance(completed(sa.Integer()), ServerType)
    assert isinstance(completed(ARRAY(sa.Integer())), ServerType)


def test_the_type_of_the_model_is_attached_to_that_of_its_column():
    vector = Vector()
    assert model_type(completed(vector)) is vector
    database = catalog(ITEMS)
    found = completed(Vector(), where=database)
    assert isinstance(found, Vector)
    assert model_type(found) is None
    other = column("other", "public.vector")
    assert model_type(completed(Vector(), item=other)) is None


def test_a_collation_is_only_in_the_type_of_the_server():
    collated = column("v", "public.vector", collation='pg_catalog."C"')
    assert isinstance(completed(Vector(), item=collated), ServerType)


def test_models_and_columns_that_the_catalog_does_not_have():
    """Filters leave them out."""
    for wanted in (catalog(), catalog(table("items", column("other")))):
        assert isinstance(completed(Vector(), wanted=wanted), ServerType)


def test_a_class_that_a_script_cannot_import_is_not_used():
    class Inner(Vector):
        pass

    assert isinstance(completed(Inner()), ServerType)


def test_a_type_that_adds_an_index_is_not_used():
    """The script would create the index twice."""
    assert isinstance(completed(Spatial()), ServerType)
