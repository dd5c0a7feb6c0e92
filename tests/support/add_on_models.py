"""Models made of the types that packages beside SQLAlchemy bring, and of those that wrap its own.

``LIGHT`` needs what the extra ``dev`` installs. ``make test-packages`` also takes ``HEAVY``, in an
environment of its own, with the older SQLAlchemy that some of these packages still ask for.
"""

from __future__ import annotations

import enum
import pickle
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal  # noqa: TC003 - likewise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from asyncmig.entities import CompositeType, register

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.types import TypeEngine


@dataclass(frozen=True)
class AddOn:
    """Models, and the extensions that have to be there before."""

    name: str
    models: Callable[[], list[sa.MetaData]]
    extensions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.name


class Kind(enum.Enum):
    """An enum of Python's."""

    NEW = "new"
    OLD = "old"


class Shape(sa.types.UserDefinedType[Any]):
    """A type that puts an index on its column, as GeoAlchemy's do."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "POLYGON"


@sa.event.listens_for(sa.Column, "after_parent_attach")
def _index_shapes(column: sa.Column[Any], table: sa.Table) -> None:
    if isinstance(column.type, Shape):
        sa.Index(f"shape_{table.name}_{column.name}", column, postgresql_using="gist")


class Opaque(sa.types.UserDefinedType[Any]):
    """A type whose repr is no code that would make it."""

    cache_ok = True

    def __repr__(self) -> str:
        return "<Opaque>"

    def get_col_spec(self, **_: Any) -> str:
        return "TXID_SNAPSHOT"


class Named(sa.types.UserDefinedType[Any]):
    """A type that a script can spell, for which SQLAlchemy has no class."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Computing(Named):
    """A type whose repr needs a name that a script has not."""

    def __repr__(self) -> str:
        return f"Computing(Path({self.name!r}))"


def own_types() -> list[sa.MetaData]:
    """Types of an application's own."""
    return [
        table_of(
            {
                "shape": Shape(),
                "opaque": Opaque(),
                "named": Named("xid8"),
                "computing": Computing("pg_lsn"),
            }
        )
    ]


def table_of(
    types: Mapping[str, TypeEngine[Any]],
    *items: sa.schema.SchemaItem,
    suffixes: tuple[str, ...] = ("", "_needed"),
) -> sa.MetaData:
    """A table with columns of each type; one with a suffix is NOT NULL."""
    metadata = sa.MetaData()
    columns = [
        sa.Column(f"{name}{suffix}", type_, nullable=not suffix)
        for name, type_ in types.items()
        for suffix in suffixes
    ]
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, *items)
    return metadata


def wrapping() -> list[sa.MetaData]:
    """SQLAlchemy's own that are not what they seem, and decorators as people write them."""

    class Money(sa.TypeDecorator[Any]):
        impl = sa.Numeric(12, 2)
        cache_ok = True

    class Json(sa.TypeDecorator[Any]):
        impl = sa.JSON
        cache_ok = True

        def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
            here = dialect.name == "postgresql"
            return dialect.type_descriptor(postgresql.JSONB() if here else sa.JSON())

    class Twice(sa.TypeDecorator[Any]):
        impl = Money
        cache_ok = True

    class Inet(sa.types.UserDefinedType[Any]):
        cache_ok = True

        def get_col_spec(self, **_: Any) -> str:
            return "INET"

    with_variant = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    types = {
        "money": Money(),
        "json": Json(),
        "twice": Twice(),
        "inet": Inet(),
        "variant": with_variant,
        "other_variant": sa.String(30).with_variant(sa.Integer(), "sqlite"),
        "binary_variant": sa.LargeBinary().with_variant(postgresql.OID(), "postgresql"),
        "no_native": sa.Enum(Kind, native_enum=False, length=20),
        "native": sa.Enum(Kind, name="kind"),
        "labels": sa.Enum(
            Kind, name="kind_value", values_callable=lambda kind: [k.value for k in kind]
        ),
        "enums": sa.ARRAY(sa.Enum(Kind, name="kind")),
        "interval": sa.Interval(),
        "precise": sa.Interval(second_precision=3),
        "pickled": sa.PickleType(protocol=pickle.HIGHEST_PROTOCOL),
        "bytes": sa.LargeBinary(100),
        "mutable": MutableDict.as_mutable(postgresql.JSONB()),
        "list": MutableList.as_mutable(sa.ARRAY(sa.String(10))),
        "hstore": MutableDict.as_mutable(postgresql.HSTORE()),
        "uuid": sa.Uuid(as_uuid=False),
        "not_uuid": sa.Uuid(native_uuid=False),
        "double": sa.Double(),
        "float": sa.Float(20),
        "big": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        "unicode": sa.Unicode(20),
        "unicode_text": sa.UnicodeText(collation="C"),
        "char": sa.CHAR(),
        "small": sa.SmallInteger(),
        "time": sa.Time(timezone=True),
        "stamp": postgresql.TIMESTAMP(precision=3),
        "bits": postgresql.BIT(varying=True),
        "range": postgresql.INT4RANGE(),
        "search": postgresql.TSVECTOR(),
        "addresses": postgresql.ARRAY(postgresql.CIDR, dimensions=2),
        "priced": postgresql.DOMAIN("price", sa.Numeric(8, 2), check=sa.text("VALUE >= 0")),
    }
    return [
        table_of(
            types,
            sa.Column("made", sa.DateTime, server_default=sa.func.now()),
            sa.Column("checked", sa.Enum(Kind, native_enum=False, create_constraint=True)),
            sa.Column("flag", sa.Boolean(create_constraint=True, name="flag_check")),
            sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()")),
            sa.Column("kind_set", sa.Enum(Kind, name="kind"), server_default=Kind.NEW.name),
            sa.Column("flags", postgresql.JSONB, server_default=sa.text("'{}'")),
            sa.Column("ended", sa.Boolean, server_default=sa.false(), nullable=False),
            sa.Column("length", sa.Interval, server_default=sa.text("'1 day'")),
            sa.Column("words", sa.ARRAY(sa.Text), server_default="{}"),
            sa.Index("ix_item_search", "search", postgresql_using="gin"),
        )
    ]


def sqlalchemy_utils() -> list[sa.MetaData]:
    """Those that need nothing else."""
    import sqlalchemy_utils as su

    types = {
        "choice": su.ChoiceType([("a", "A"), ("b", "B")]),
        "choice_number": su.ChoiceType([(1, "one")], impl=sa.Integer()),
        "choice_enum": su.ChoiceType(Kind, impl=sa.String(10)),
        "country": su.CountryType(),
        "email": su.EmailType(),
        "ip": su.IPAddressType(),
        "json": su.JSONType(),
        "path": su.LtreeType(),
        "scalars": su.ScalarListType(int),
        "zone": su.TimezoneType(backend="zoneinfo"),
        "url": su.URLType(),
        "uuid": su.UUIDType(),
        "uuid_text": su.UUIDType(binary=False, native=False),
        "search": su.TSVectorType("email", "url", regconfig="simple"),
    }
    return [
        table_of(
            types,
            sa.Index("ix_item_path", "path", postgresql_using="gist"),
            sa.Index("ix_item_search", "search", postgresql_using="gin"),
            sa.UniqueConstraint("email", name="uq_item_email"),
        )
    ]


def sqlmodel() -> list[sa.MetaData]:
    """Fields as SQLModel turns them into columns."""
    from sqlmodel import Field, SQLModel

    class Team(SQLModel, table=True, registry=sa.orm.registry()):
        id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
        name: str = Field(index=True, max_length=30)
        kind: Kind = Kind.NEW
        begun: datetime = Field(default_factory=lambda: datetime.now(UTC))
        born: date
        opens: time
        lasts: timedelta
        budget: Decimal = Field(max_digits=8, decimal_places=2)
        logo: bytes
        ratio: float
        active: bool | None = None
        tags: list[str] = Field(sa_column=sa.Column(sa.ARRAY(sa.String), server_default="{}"))
        parent_id: uuid.UUID | None = Field(
            default=None, foreign_key="team.id", ondelete="CASCADE", unique=True
        )
        email: str = Field(sa_column_kwargs={"comment": "in small letters"})

    return [Team.metadata]


def pgvector() -> list[sa.MetaData]:
    """Vectors, and the indexes that are made for them."""
    from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, Vector

    return [
        table_of(
            {
                "vector": Vector(3),
                "upper": VECTOR(4),
                "free": Vector(),
                "half": HALFVEC(4),
                "bits": BIT(3),
                "sparse": SPARSEVEC(5),
                "several": sa.ARRAY(Vector(2)),
            },
            sa.Index(
                "ix_item_vector",
                "vector",
                postgresql_using="hnsw",
                postgresql_with={"m": 16, "ef_construction": 64},
                postgresql_ops={"vector": "vector_l2_ops"},
            ),
            sa.Index(
                "ix_item_half",
                "half",
                postgresql_using="ivfflat",
                postgresql_with={"lists": 10},
                postgresql_ops={"half": "halfvec_cosine_ops"},
            ),
        )
    ]


def sqlalchemy_json() -> list[sa.MetaData]:
    """Mutable JSON."""
    from sqlalchemy_json import MutableJson, NestedMutableJson, mutable_json_type

    jsonb = mutable_json_type(dbtype=postgresql.JSONB, nested=True)
    types = {"json": MutableJson, "nested": NestedMutableJson, "binary": jsonb}
    return [table_of(types, sa.Column("said", jsonb, server_default="{}", nullable=False))]


def citext() -> list[sa.MetaData]:
    """Text without case: of the package, and SQLAlchemy's own."""
    from citext import CIText

    return [
        table_of(
            {"text": CIText(), "own": postgresql.CITEXT()},
            sa.Column("said", CIText(), server_default="a", unique=True),
            sa.CheckConstraint("text IN ('a', 'b')", name="ck_item_text"),
        )
    ]


def advanced_alchemy() -> list[sa.MetaData]:
    """Bases with their columns, and the types."""
    from advanced_alchemy import types
    from advanced_alchemy.base import BigIntAuditBase, UUIDAuditBase, UUIDv7AuditBase

    class Account(UUIDAuditBase):
        __tablename__ = "account"
        facts: Mapped[Any] = mapped_column(types.JsonB)
        seen: Mapped[Any] = mapped_column(types.DateTimeUTC)
        key: Mapped[Any] = mapped_column(types.GUID(length=16), unique=True)
        number: Mapped[Any] = mapped_column(types.BigIntIdentity)
        picture: Mapped[Any] = mapped_column(types.StoredObject(backend="local"))
        pictures: Mapped[Any] = mapped_column(types.StoredObject(backend="local", multiple=True))

    class Entry(BigIntAuditBase):
        __tablename__ = "entry"
        account_id: Mapped[Any] = mapped_column(sa.ForeignKey("account.id"))

    class Later(UUIDv7AuditBase):
        __tablename__ = "later"

    return list({id(found.metadata): found.metadata for found in (Account, Entry, Later)}.values())


def fastapi_users() -> list[sa.MetaData]:
    """Its three tables."""
    from fastapi_users_db_sqlalchemy import (
        SQLAlchemyBaseOAuthAccountTableUUID,
        SQLAlchemyBaseUserTableUUID,
    )
    from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyBaseAccessTokenTableUUID

    class Base(DeclarativeBase):
        pass

    class User(SQLAlchemyBaseUserTableUUID, Base):
        pass

    class Account(SQLAlchemyBaseOAuthAccountTableUUID, Base):
        pass

    class Token(SQLAlchemyBaseAccessTokenTableUUID, Base):
        pass

    return [Base.metadata]


def more_sqlalchemy_utils() -> list[sa.MetaData]:
    """Those that need another package each."""
    import sqlalchemy_utils as su

    types = {
        "arrow": su.ArrowType(),
        "colour": su.ColorType(),
        "currency": su.CurrencyType(),
        "dates": su.DateRangeType(),
        "times": su.DateTimeRangeType(),
        "numbers": su.IntRangeType(),
        "big_numbers": su.Int8RangeType(),
        "prices": su.NumericRangeType(),
        "secret": su.StringEncryptedType(sa.Unicode, "key"),
        "secret_number": su.EncryptedType(sa.Integer, "key"),
        "enriched": su.EnrichedDateTimeType(),
        "enriched_date": su.EnrichedDateType(),
        "locale": su.LocaleType(),
        "password": su.PasswordType(schemes=["pbkdf2_sha512"]),
        "phone": su.PhoneNumberType(),
        "days": su.WeekDaysType(),
        "zone": su.TimezoneType(),
    }
    return [table_of(types)]


def composite() -> list[sa.MetaData]:
    """A composite type, which create_all makes by an event, and a migration because it is declared."""
    import sqlalchemy_utils as su

    type_ = su.CompositeType("pair", [sa.Column("a", sa.Integer), sa.Column("b", sa.Text)])
    metadata = table_of({"pair": type_})
    register(metadata, CompositeType("pair", {"a": "integer", "b": "text"}))
    return [metadata]


def encrypted() -> list[sa.MetaData]:
    """advanced-alchemy's types that need cryptography."""
    from advanced_alchemy import types

    key = b"k" * 32
    return [
        table_of(
            {
                "secret": types.EncryptedString(key=key),
                "short": types.EncryptedString(key=key, length=50),
                "text": types.EncryptedText(key=key),
            }
        )
    ]


def geoalchemy() -> list[sa.MetaData]:
    """Shapes, with and without the index that GeoAlchemy makes of itself."""
    from geoalchemy2 import Geography, Geometry, Raster

    shapes = {
        "point": Geometry("POINT", srid=4326),
        "any": Geometry(),
        "line": Geometry("LINESTRINGZ", srid=3857, dimension=3, spatial_index=False),
        "place": Geography("POLYGON", srid=4326),
        "several": Geometry("MULTIPOLYGON", srid=4326, use_N_D_index=True),
    }
    return [table_of(shapes, suffixes=("",)), table_of_pictures(Raster)]


def table_of_pictures(raster: Any) -> sa.MetaData:
    """A raster in a schema of its own."""
    metadata = sa.MetaData(schema="pictures")
    sa.Table(
        "picture",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rast", raster),
    )
    return metadata


LIGHT = [
    AddOn("own-types", own_types),
    AddOn("wrapping", wrapping, ("hstore",)),
    AddOn("sqlalchemy-utils", sqlalchemy_utils, ("ltree",)),
    AddOn("sqlmodel", sqlmodel),
    AddOn("pgvector", pgvector, ("vector",)),
    AddOn("sqlalchemy-json", sqlalchemy_json),
]
HEAVY = [
    AddOn("advanced-alchemy", advanced_alchemy),
    AddOn("sqlalchemy-citext", citext, ("citext",)),
    AddOn("sqlalchemy-utils-more", more_sqlalchemy_utils),
    AddOn("advanced-alchemy-encrypted", encrypted),
    AddOn("fastapi-users", fastapi_users),
    AddOn("sqlalchemy-utils-composite", composite),
]
GEOALCHEMY = AddOn("geoalchemy2", geoalchemy, ("postgis", "postgis_raster"))
