"""addresses for productions

Slugs need Unicode's tables, so they are made in Python: an ORM session on ``op.get_bind()``.
"""

import re
import unicodedata

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from asyncmig import Operations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


class Base(DeclarativeBase):
    pass


class Production(Base):
    """As it is at this revision, whatever the service's model becomes."""

    __tablename__ = "production"
    __table_args__ = {"schema": "boxoffice"}

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    slug: Mapped[str | None]


def upgrade(op: Operations) -> None:
    op.add_column(
        "production",
        sa.Column("slug", sa.Text, comment="the title as part of an address"),
        schema="boxoffice",
    )
    with Session(bind=op.get_bind()) as session:
        # asyncmig: allow not-analysed two theatres have a few hundred productions
        for production in session.scalars(sa.select(Production).order_by(Production.id)):
            production.slug = slug(production.title)
        session.commit()
    op.alter_column("production", "slug", nullable=False, schema="boxoffice")
    op.create_unique_constraint("uq_production_slug", "production", ["slug"], schema="boxoffice")


def slug(title: str) -> str:
    """``Così fan tutte`` is ``cosi-fan-tutte``."""
    plain = unicodedata.normalize("NFKD", title.replace("'", "")).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def downgrade(op: Operations) -> None:
    op.drop_constraint("uq_production_slug", "production", type_="unique", schema="boxoffice")
    op.drop_column("production", "slug", schema="boxoffice")
