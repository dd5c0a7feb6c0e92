"""The tables as models of the service; ``migrations/`` creates them."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Numeric,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import CITEXT, JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

SCHEMA = "boxoffice"


class Base(DeclarativeBase):
    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        },
    )
    type_annotation_map = {  # noqa: RUF012 - declared so by SQLAlchemy
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


class Venue(Base):
    __tablename__ = "venue"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]


class Hall(Base):
    __tablename__ = "hall"
    __table_args__ = (
        UniqueConstraint("venue_id", "name"),
        CheckConstraint("length(name) BETWEEN 1 AND 80", name="name_length"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id", ondelete="CASCADE"))
    name: Mapped[str]

    venue: Mapped[Venue] = relationship()


class PriceBand(Base):
    __tablename__ = "price_band"
    __table_args__ = (CheckConstraint("factor > 0", name="factor_positive"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    factor: Mapped[Decimal] = mapped_column(
        Numeric(3, 2), comment="of the performance's base price"
    )


class Seat(Base):
    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("hall_id", "row_label", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        {"comment": "One physical chair. Rows count from the stage."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    hall_id: Mapped[int] = mapped_column(ForeignKey("hall.id", ondelete="CASCADE"))
    row_label: Mapped[str]
    number: Mapped[int] = mapped_column(SmallInteger)
    price_band_id: Mapped[int] = mapped_column(ForeignKey("price_band.id"))

    price_band: Mapped[PriceBand] = relationship()


class Production(Base):
    __tablename__ = "production"
    __table_args__ = (
        Index("ix_production_details", "details", postgresql_using="gin"),
        Index(
            "ix_production_title_trigrams",
            "title",
            postgresql_using="gin",
            postgresql_ops={"title": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    title: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    slug: Mapped[str] = mapped_column(unique=True, comment="the title as part of an address")


class ProgrammeItem(Base):
    __tablename__ = "programme_item"
    __table_args__ = (
        UniqueConstraint("production_id", "position", deferrable=True, initially="DEFERRED"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    production_id: Mapped[int] = mapped_column(ForeignKey("production.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]


class Performance(Base):
    __tablename__ = "performance"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        ExcludeConstraint(
            (column("hall_id"), "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_performance_one_at_a_time",
        ),
        Index("ix_performance_starts_at", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    production_id: Mapped[int] = mapped_column(ForeignKey("production.id"))
    hall_id: Mapped[int] = mapped_column(ForeignKey("hall.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    base_price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    production: Mapped[Production] = relationship()
    hall: Mapped[Hall] = relationship()


class Customer(Base):
    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    name: Mapped[str]


class BookingStatus(enum.StrEnum):
    RESERVED = "reserved"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


booking_number = Sequence("booking_number_seq", start=100_001, metadata=Base.metadata)


class Booking(Base):
    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(
            "status <> 'reserved' OR expires_at IS NOT NULL", name="reservation_expires"
        ),
        CheckConstraint(
            "(status = 'refunded') = (refunded_at IS NOT NULL)", name="refund_is_dated"
        ),
        Index(
            "ix_booking_reserved_expires_at",
            "expires_at",
            postgresql_where=text("status = 'reserved'"),
        ),
        Index(
            "ix_booking_refunded_at", "refunded_at", postgresql_where=text("status = 'refunded'")
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    number: Mapped[int] = mapped_column(
        booking_number, server_default=booking_number.next_value(), unique=True
    )
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[BookingStatus] = mapped_column(
        Enum(
            BookingStatus,
            name="booking_status",
            metadata=Base.metadata,
            values_callable=lambda statuses: [status.value for status in statuses],
        ),
        server_default=BookingStatus.RESERVED.value,
    )
    expires_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    customer: Mapped[Customer] = relationship()
    tickets: Mapped[list["Ticket"]] = relationship(order_by="Ticket.id", back_populates="booking")


class Ticket(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        Index(
            "uq_ticket_seat_sold_once",
            "performance_id",
            "seat_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_ticket_booking_id", "booking_id", postgresql_include=["seat_id"]),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"))
    performance_id: Mapped[int] = mapped_column(ForeignKey("performance.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    code: Mapped[uuid.UUID] = mapped_column(
        Uuid, server_default=func.gen_random_uuid(), unique=True, comment="printed on the ticket"
    )
    released_at: Mapped[datetime | None]

    booking: Mapped[Booking] = relationship(back_populates="tickets")
    performance: Mapped[Performance] = relationship()
    seat: Mapped[Seat] = relationship()


class Scan(Base):
    __tablename__ = "scan"
    __table_args__ = (
        Index("ix_scan_gate_scanned_at", "gate", "scanned_at"),
        {
            "comment": "What the readers at the doors saw, a partition a quarter.",
            "postgresql_partition_by": "RANGE (scanned_at)",
        },
    )

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True
    )
    scanned_at: Mapped[datetime] = mapped_column(primary_key=True)
    gate: Mapped[str]
    accepted: Mapped[bool]
