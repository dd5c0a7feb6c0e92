"""seat plans of both houses

840 seats by COPY, on asyncpg's own connection and in the same transaction as everything else.
"""

from string import ascii_uppercase

from asyncmig import Operations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# venue, city, hall: the last row's label and the seats in a row
PLANS = {
    ("Harbour Theatre", "Bristol", "Main Stage"): ("R", 26),
    ("Harbour Theatre", "Bristol", "Studio"): ("H", 14),
    ("The Old Foundry", "Sheffield", "Foundry Floor"): ("M", 20),
}


async def upgrade(op: Operations) -> None:
    for (venue, city, hall), (last_row, width) in PLANS.items():
        # asyncmig: allow not-analysed inserts the seats of new halls, and reads only their ids
        await op.fetch(
            "INSERT INTO boxoffice.venue (name, city) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            venue,
            city,
        )
        rows = await op.fetch(
            "INSERT INTO boxoffice.hall (venue_id, name)"
            " SELECT id, $2 FROM boxoffice.venue WHERE name = $1 RETURNING id",
            venue,
            hall,
        )
        labels = ascii_uppercase[: ascii_uppercase.index(last_row) + 1]
        connection = await op.connection()
        await connection.copy_records_to_table(
            "seat",
            schema_name="boxoffice",
            columns=["hall_id", "row_label", "number"],
            records=[
                (rows[0]["id"], label, number) for label in labels for number in range(1, width + 1)
            ],
        )


async def downgrade(op: Operations) -> None:
    venues = sorted({venue for venue, _, _ in PLANS})
    await op.fetch("DELETE FROM boxoffice.venue WHERE name = ANY($1::text[])", venues)
