"""price bands

Every seat gets its band by its row: computed in Python, written with Core on ``op.get_bind()``.
"""

import sqlalchemy as sa

from asyncmig import Operations

revision = "0009"
down_revision = "0008"
branch_labels = ("pricing",)
depends_on = None

price_band = sa.table(
    "price_band", sa.column("id"), sa.column("name"), sa.column("factor"), schema="boxoffice"
)
seat = sa.table(
    "seat",
    sa.column("hall_id"),
    sa.column("row_label"),
    sa.column("price_band_id"),
    schema="boxoffice",
)


def upgrade(op: Operations) -> None:
    op.create_table(
        "price_band",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column(
            "factor", sa.Numeric(3, 2), nullable=False, comment="of the performance's base price"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_price_band"),
        sa.UniqueConstraint("name", name="uq_price_band_name"),
        sa.CheckConstraint("factor > 0", name=op.f("ck_price_band_factor_positive")),
        schema="boxoffice",
    )
    op.bulk_insert(
        price_band,
        [
            {"name": "Front stalls", "factor": 1.5},
            {"name": "Stalls", "factor": 1},
            {"name": "Back rows", "factor": 0.75},
        ],
    )
    op.add_column(
        "seat", sa.Column("price_band_id", sa.BigInteger, nullable=True), schema="boxoffice"
    )

    bind = op.get_bind()
    # asyncmig: allow not-analysed reads three price bands and updates the seats of three halls
    bands = {name: id_ for id_, name in bind.execute(sa.select(price_band.c.id, price_band.c.name))}
    rows_of_halls: dict[int, list[str]] = {}
    for hall_id, label in bind.execute(
        sa.select(seat.c.hall_id, seat.c.row_label).distinct().order_by(*seat.c[:2])
    ):
        rows_of_halls.setdefault(hall_id, []).append(label)
    bind.execute(
        seat.update()
        .where(seat.c.hall_id == sa.bindparam("hall"), seat.c.row_label == sa.bindparam("label"))
        .values(price_band_id=sa.bindparam("band")),
        [
            {"hall": hall_id, "label": label, "band": bands[band_of_row(index, len(labels))]}
            for hall_id, labels in rows_of_halls.items()
            for index, label in enumerate(labels)
        ],
    )

    op.alter_column("seat", "price_band_id", nullable=False, schema="boxoffice")
    op.create_foreign_key(
        "fk_seat_price_band_id",
        "seat",
        "price_band",
        ["price_band_id"],
        ["id"],
        source_schema="boxoffice",
        referent_schema="boxoffice",
    )


def band_of_row(index: int, rows: int) -> str:
    """The first quarter costs more, the last quarter less."""
    if index < rows / 4:
        return "Front stalls"
    return "Stalls" if index < rows * 3 / 4 else "Back rows"


def downgrade(op: Operations) -> None:
    op.drop_constraint("fk_seat_price_band_id", "seat", type_="foreignkey", schema="boxoffice")
    op.drop_column("seat", "price_band_id", schema="boxoffice")
    op.drop_table("price_band", schema="boxoffice")
