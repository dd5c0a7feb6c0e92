"""FastAPI and SQLModel.

``DATABASE_URL=postgresql://... uvicorn app:app``
"""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI
from models import Hero
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

import asyncmig
from asyncmig import Migrator

URL = os.environ["DATABASE_URL"]
engine = create_async_engine(make_url(URL).set(drivername="postgresql+asyncpg"))
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)
app = FastAPI(lifespan=asyncmig.lifespan(migrator, mode="upgrade"))


async def session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


Session = Annotated[AsyncSession, Depends(session)]


@app.post("/heroes", status_code=201)
async def add_hero(hero: Hero, session: Session) -> Hero:
    session.add(hero)
    await session.commit()
    await session.refresh(hero)
    return hero


@app.get("/heroes")
async def list_heroes(session: Session) -> Sequence[Hero]:
    return (await session.exec(select(Hero).order_by(Hero.id))).all()
