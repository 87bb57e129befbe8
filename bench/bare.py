"""What a submission is compared with: FastAPI and SQLModel inserting one row, and nothing else.

`python -m bench.bare <database url> <port>` serves it. The row has 12 columns and 4 secondary indexes; the session is
opened in a `def` endpoint; engine, PRAGMAs, threads and uvicorn are the application's own.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.infra.clock import now
from app.infra.database import Database
from app.settings import Settings

POOL_SIZE: int = Settings.model_fields["db_pool_size"].default


class BareRow(SQLModel, table=True):
    __tablename__ = "bare_row"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(index=True, max_length=32)
    category: str = Field(max_length=40)
    description: str
    lon: float
    lat: float
    address: str = Field(max_length=200)
    cell: str = Field(index=True, max_length=15)
    reporter_id: int = Field(index=True)
    status: str = Field(max_length=16)
    priority: int
    submitted_at: datetime = Field(index=True)


class BareWrite(BaseModel):
    number: str
    category: str
    description: str
    lon: float
    lat: float
    address: str
    cell: str
    reporter_id: int


class BareRead(BareWrite):
    id: int
    status: str
    priority: int
    submitted_at: datetime


def create_bare(url: str) -> FastAPI:
    database = Database(url, pool_size=POOL_SIZE)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = POOL_SIZE
        SQLModel.metadata.tables["bare_row"].create(database.engine)
        yield
        database.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/health", response_class=PlainTextResponse)
    async def health() -> str:
        return "ok"

    @app.post("/rows", status_code=201)
    def add_row(body: BareWrite) -> BareRead:
        with database.transaction() as session:
            row = BareRow(**body.model_dump(), status="submitted", priority=0, submitted_at=now())
            session.add(row)
            session.flush()
            return BareRead.model_validate(row, from_attributes=True)

    return app


if __name__ == "__main__":
    _, given_url, given_port = sys.argv
    uvicorn.run(
        create_bare(given_url),
        host="127.0.0.1",
        port=int(given_port),
        log_config=None,
        access_log=False,
        server_header=False,
    )
