"""The queries of a box office."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, column, select, table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from boxoffice.models import SCHEMA, Booking, Customer, Performance, Seat, Ticket

performance_overview = table(
    "performance_overview",
    *map(
        column, ("id", "title", "genre", "venue", "hall", "starts_at", "base_price", "seats_left")
    ),
    schema=SCHEMA,
)


class NoSuchPerformanceError(LookupError):
    """There is no performance with this id."""


class SoldOutError(Exception):
    """There are fewer free seats than requested."""


async def find_performances(session: AsyncSession, words: str) -> Sequence[RowMapping]:
    query = select(performance_overview).order_by(performance_overview.c.starts_at)
    if words:
        query = query.where(performance_overview.c.title.icontains(words, autoescape=True))
    return (await session.execute(query)).mappings().all()


async def reserve(
    session: AsyncSession,
    *,
    performance_id: int,
    seats: int,
    email: str,
    name: str,
    lasts: timedelta,
) -> int:
    """Reserve the free seats nearest to the stage, and return the number of the booking."""
    # The lock serializes bookings of one performance, so that no seat is sold twice.
    performance = await session.get(
        Performance, performance_id, with_for_update={"key_share": True}
    )
    if performance is None:
        raise NoSuchPerformanceError(performance_id)
    sold = select(Ticket.seat_id).where(
        Ticket.performance_id == performance.id, Ticket.released_at.is_(None)
    )
    best = (
        select(Seat)
        .options(joinedload(Seat.price_band))
        .where(Seat.hall_id == performance.hall_id, Seat.id.not_in(sold))
        .order_by(Seat.row_label, Seat.number)
        .limit(seats)
    )
    chosen = (await session.scalars(best)).all()
    if len(chosen) < seats:
        raise SoldOutError(performance_id)
    customer: dict[str, Any] = {"email": email, "name": name}
    customer_id = await session.scalar(
        insert(Customer)
        .values(customer)
        .on_conflict_do_update(index_elements=[Customer.email], set_={"name": name})
        .returning(Customer.id)
    )
    booking = Booking(
        customer_id=customer_id,
        expires_at=datetime.now(UTC) + lasts,
        tickets=[
            Ticket(
                performance_id=performance.id,
                seat_id=seat.id,
                price=round(performance.base_price * seat.price_band.factor, 2),
            )
            for seat in chosen
        ],
    )
    session.add(booking)
    await session.flush()
    return booking.number


async def find_booking(session: AsyncSession, number: int) -> Booking | None:
    tickets = selectinload(Booking.tickets)
    query = (
        select(Booking)
        .where(Booking.number == number)
        .options(
            joinedload(Booking.customer),
            tickets.joinedload(Ticket.seat),
            tickets.joinedload(Ticket.performance).joinedload(Performance.production),
        )
    )
    # A new booking is in the session without these relationships: load them again.
    return await session.scalar(query.execution_options(populate_existing=True))
