"""the first season

Titles with everything that makes quoting hard: 'quotes', 100 % signs, :colons and accents.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from asyncmig import Operations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

production = sa.table(
    "production", sa.column("title", sa.Text), sa.column("details", JSONB), schema="boxoffice"
)

PRODUCTIONS = [
    {
        "title": "A Midsummer Night's Dream",
        "details": {"genre": "theatre", "language": "en", "age": 10, "access": ["captioned"]},
    },
    {
        "title": "Così fan tutte",
        "details": {"genre": "opera", "language": "it", "surtitles": ["en", "de"], "age": 12},
    },
    {
        "title": "100% Mozart: an evening of quartets",
        "details": {"genre": "concert", "players": {"violin": 2, "viola": 1, "cello": 1}},
    },
    {
        "title": "The Owl Who Was Afraid of the Dark",
        "details": {"genre": "family", "language": "en", "age": 3, "access": ["relaxed", "signed"]},
    },
]


def upgrade(op: Operations) -> None:
    op.bulk_insert(production, PRODUCTIONS)
    op.execute(
        """
        INSERT INTO boxoffice.programme_item (production_id, position, title)
        SELECT production.id, item.position, item.title
        FROM boxoffice.production
        CROSS JOIN (
            VALUES (1, 'String Quartet No. 14 in G major, K. 387'),
                   (2, 'String Quartet No. 15 in D minor, K. 421'),
                   (3, 'Interval; drinks are served in the foyer'),
                   (4, 'String Quartet No. 19 in C major, K. 465 "Dissonance"')
        ) AS item (position, title)
        WHERE production.title LIKE '100\\% Mozart:%'
        """
    )
    op.execute(
        """
        INSERT INTO boxoffice.performance (production_id, hall_id, starts_at, ends_at, base_price)
        SELECT production.id, hall.id, evening.starts_at, evening.starts_at + evening.length, evening.price
        FROM (
            VALUES ('A Midsummer', 'Main Stage', timestamptz '2026-12-04 19:30+00', interval '2:50', 24.00),
                   ('A Midsummer', 'Main Stage', '2026-12-05 14:00+00', '2:50', 20.00),
                   ('A Midsummer', 'Main Stage', '2026-12-05 19:30+00', '2:50', 28.00),
                   ('Così', 'Main Stage', '2027-01-22 19:00+00', '3:20', 36.50),
                   ('Così', 'Main Stage', '2027-01-23 19:00+00', '3:20', 36.50),
                   ('100', 'Studio', '2026-12-11 20:00+00', '1:55', 18.00),
                   ('100', 'Foundry Floor', '2026-12-12 20:00+00', '1:55', 16.00),
                   ('The Owl', 'Foundry Floor', '2026-12-19 11:00+00', '1:05', 9.50),
                   ('The Owl', 'Foundry Floor', '2026-12-19 14:00+00', '1:05', 9.50)
        ) AS evening (title, hall, starts_at, length, price)
        JOIN boxoffice.production ON starts_with(production.title, evening.title)
        JOIN boxoffice.hall ON hall.name = evening.hall
        """
    )


def downgrade(op: Operations) -> None:
    titles = [row["title"] for row in PRODUCTIONS]
    ours = sa.select(sa.column("id")).select_from(production).where(production.c.title.in_(titles))
    performance = sa.table("performance", sa.column("production_id"), schema="boxoffice")
    op.execute(performance.delete().where(performance.c.production_id.in_(ours)))
    op.execute(production.delete().where(production.c.title.in_(titles)))
