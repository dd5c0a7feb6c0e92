"""The service: three endpoints and its health.

``DATABASE_URL=postgresql://... uvicorn --factory boxoffice.app:create_app``
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

import asyncmig
from asyncmig import Migrator, events
from boxoffice import selling
from boxoffice.settings import Settings

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
log = logging.getLogger("uvicorn.error")


class PerformanceOut(BaseModel):
    id: int
    title: str
    genre: str | None
    venue: str
    hall: str
    starts_at: datetime
    base_price: Decimal
    seats_left: int


class BookingIn(BaseModel):
    performance_id: int
    seats: Annotated[int, Field(ge=1, le=12)] = 2
    email: Annotated[str, Field(pattern=r"^\S+@\S+$")]
    name: Annotated[str, Field(min_length=1)]


class TicketOut(BaseModel):
    title: str
    seat: str
    price: Decimal
    code: UUID


class BookingOut(BaseModel):
    number: int
    status: str
    holder: str
    expires_at: datetime | None
    total: Decimal
    tickets: list[TicketOut]


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(request.app.state.engine) as session, session.begin():
        yield session


Database = Annotated[AsyncSession, Depends(session)]
routes = APIRouter()


@routes.get("/performances")
async def performances(database: Database, q: str = "") -> list[PerformanceOut]:
    """List performances, with the number of free seats."""
    found = await selling.find_performances(database, q)
    return [PerformanceOut.model_validate(dict(row)) for row in found]


@routes.post("/bookings", status_code=201)
async def book(wish: BookingIn, database: Database, request: Request) -> BookingOut:
    """Reserve the best free seats."""
    lasts = request.app.state.settings.reserved_for
    try:
        number = await selling.reserve(database, **wish.model_dump(), lasts=lasts)
    except selling.NoSuchPerformanceError as error:
        raise HTTPException(404, "there is no such performance") from error
    except selling.SoldOutError as error:
        raise HTTPException(409, "so many seats are not left") from error
    return await booking(number, database)


@routes.get("/bookings/{number}")
async def booking(number: int, database: Database) -> BookingOut:
    """Return a booking and its tickets."""
    found = await selling.find_booking(database, number)
    if found is None:
        raise HTTPException(404, "there is no such booking")
    return BookingOut(
        number=found.number,
        status=found.status,
        holder=found.customer.name,
        expires_at=found.expires_at,
        total=sum((ticket.price for ticket in found.tickets), Decimal(0)),
        tickets=[
            TicketOut(
                title=ticket.performance.production.title,
                seat=f"{ticket.seat.row_label}{ticket.seat.number}",
                price=ticket.price,
                code=ticket.code,
            )
            for ticket in found.tickets
        ],
    )


@routes.get("/health")
async def health(request: Request, response: Response) -> dict[str, object]:
    """The state of the schema; 503 while it is behind the code."""
    status = await request.app.state.migrator.status()
    response.status_code = 200 if status.ok else 503
    return {"schema": status.state, "current": status.current, "pending": status.pending}


@asynccontextmanager
async def connections(app: FastAPI) -> AsyncIterator[None]:
    """The service's own lifespan, which starts when the schema is ready."""
    app.state.engine = create_async_engine(app.state.settings.engine_url)
    yield
    await app.state.engine.dispose()


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the service. The default settings come from environment variables."""
    settings = settings or Settings.from_environment()
    migrator = Migrator.from_config(PROJECT, url=settings.database_url, on_event=log_event)
    lifespan = asyncmig.lifespan(migrator, mode=settings.migrations, then=connections)
    app = FastAPI(title="Box office", lifespan=lifespan)
    app.state.settings, app.state.migrator = settings, migrator
    app.include_router(routes)
    return app


def log_event(event: events.Event) -> None:
    """Log the events that an operator needs to see."""
    match event:
        case events.LockAcquired(elapsed=elapsed) if elapsed > 0.05:
            log.info("waited %.1f s for another replica that was migrating", elapsed)
        case events.RunStarted(revisions=revisions):
            log.info("this replica migrates: %d revisions", len(revisions))
        case events.RunFinished(heads=heads, elapsed=elapsed):
            log.info("migrated to %s in %.1f s", ", ".join(heads), elapsed)
