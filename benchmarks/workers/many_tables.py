"""Models of many tables, each with 10 columns, 2 indexes and a foreign key to the one before."""

from __future__ import annotations

import sqlalchemy as sa


def many_tables(number: int) -> sa.MetaData:
    metadata = sa.MetaData()
    for index in range(number):
        sa.Table(
            f"thing_{index:04}",
            metadata,
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("before", sa.ForeignKey(f"thing_{max(index - 1, 0):04}.id")),
            sa.Column("name", sa.String(80), nullable=False, index=True),
            sa.Column("slug", sa.Text, index=True, unique=True),
            sa.Column("price", sa.Numeric(10, 2), nullable=False, server_default="0"),
            sa.Column("count", sa.Integer, server_default=sa.text("1")),
            sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
            sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
            sa.Column("ratio", sa.Float),
            sa.Column("note", sa.Text),
        )
    return metadata
