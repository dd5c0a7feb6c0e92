"""Models of any number of tables, each with a foreign key to the one before it."""

import sqlalchemy as sa


def chained_tables(count: int) -> sa.MetaData:
    """Tables ``t0`` to ``t{count - 1}``, with an index and an enum that all of them use."""
    metadata = sa.MetaData()
    for number in range(count):
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("up", sa.ForeignKey(f"t{max(number - 1, 0)}.id"), index=True),
            sa.Column("mood", sa.Enum("sad", "ok", name="mood")),
        )
    return metadata
