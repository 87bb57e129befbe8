"""The HTTP composition root: builds the parts from the settings, wires routers and handlers, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio.to_thread
from fastapi import FastAPI, Path
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr

from app import __version__
from app.access_docs import describe_access
from app.analytics.api import router as analytics_router
from app.components.api import router as components_router
from app.dispatch.api import router as dispatch_router
from app.example_docs.describing import describe_examples
from app.identity.api import router as identity_router
from app.identity.caller import CallerCache
from app.identity.throttle import CallerThrottle, LoginThrottle
from app.identity.tokens import TokenLifetimes
from app.identity.wechat import CodeExchange, DevelopmentProvider, WeChatProvider
from app.infra.blobs import BlobStore
from app.infra.clock import Clock
from app.infra.clock import now as system_clock
from app.infra.database import Database
from app.infra.http_client import http_client
from app.infra.middleware import RequestMiddleware
from app.infra.problems import install, problems
from app.infra.swagger_ui import install_docs
from app.media.api import router as media_router
from app.media.budget import PhotoBudget
from app.places.api import router as places_router
from app.places.config.api import router as config_router
from app.problem_docs import page_of
from app.reports.alike.api import router as alike_router
from app.reports.api import router as reports_router
from app.reports.desks.api import router as desks_router
from app.reports.world import WorldHolder
from app.routing.api import file_router as rule_file_router
from app.routing.api import router as rule_sets_router
from app.routing.file_format import MAX_BYTES as RULE_FILE_MAX
from app.rulebook.api import router as explaining_router
from app.rulebook.learning.api import router as learning_router
from app.rulebook.rehearsals.api import router as rehearsals_router
from app.search.api import router as search_router
from app.settings import SHORTEST_SECRET, LoginProvider, Settings
from app.triage.api import router as triage_router
from app.worker import Worker

JSON_BODY_MAX = 256 * 1024
"""No JSON body of the API comes near this; photos have their own limit."""

_FORM_OVERHEAD = 64 * 1024


def create_app(settings: Settings, *, clock: Clock = system_clock, blobs: BlobStore | None = None) -> FastAPI:
    """Build the application; no connection is opened before its lifespan starts."""
    app = FastAPI(
        title="随手拍",
        version=__version__,
        summary="市民随手拍：上报、派遣、处置、核查与办理时长",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    _fill_state(app, settings, clock, blobs or create_blobs(settings))
    install(app)
    app.add_middleware(RequestMiddleware, body_timeout_s=settings.body_timeout_s)
    budget: PhotoBudget = app.state.photo_budget
    too_large = problems(413)  # a GET may bring a body, too
    app.include_router(media_router, max_body_size=budget.max_bytes + _FORM_OVERHEAD, responses=too_large)
    app.include_router(rule_file_router, max_body_size=RULE_FILE_MAX + _FORM_OVERHEAD, responses=too_large)
    for router in (
        identity_router,
        config_router,
        places_router,
        components_router,
        alike_router,
        reports_router,
        desks_router,
        dispatch_router,
        search_router,
        analytics_router,
        rule_sets_router,
        triage_router,
        rehearsals_router,
        learning_router,
        explaining_router,
    ):
        app.include_router(router, max_body_size=JSON_BODY_MAX, responses=too_large)
    app.add_api_route("/health", _health, methods=["GET"], tags=["operations"], response_class=PlainTextResponse)
    app.add_api_route(
        "/problems/{code}",
        _problem,
        methods=["GET"],
        tags=["operations"],
        response_class=PlainTextResponse,
        responses=problems(404, 422),
    )
    install_docs(app)
    describe_examples(app)
    describe_access(app)
    return app


def _fill_state(app: FastAPI, settings: Settings, clock: Clock, blobs: BlobStore) -> None:
    state = app.state
    state.settings = settings
    state.clock = clock
    state.database = Database(
        settings.database_url, pool_size=settings.db_pool_size, sqlite_synchronous=settings.sqlite_synchronous
    )
    state.blobs = blobs
    state.world = WorldHolder(state.database, clock=clock)
    state.city = state.world.cities
    state.callers = CallerCache()
    state.allows_demo_accounts = settings.is_loopback
    state.login_throttle = LoginThrottle()
    state.throttles = {
        "reports": CallerThrottle(per_hour=settings.reports_per_hour),
        "photos": CallerThrottle(per_hour=settings.photos_per_hour),
    }
    state.token_lifetimes = TokenLifetimes()
    state.photo_budget = PhotoBudget(max_bytes=settings.max_upload_bytes)
    state.link_secret = settings.signing_secret().encode()
    state.code_exchange = create_code_exchange(settings)
    state.worker = Worker(state.database, state.world, state.blobs, clock=clock)


def create_blobs(settings: Settings) -> BlobStore:
    if settings.s3_bucket is None:
        return BlobStore.local(settings.blob_dir)
    secret = settings.s3_secret_access_key
    return BlobStore.s3(
        settings.s3_bucket,
        endpoint=settings.s3_endpoint or "",
        key=settings.s3_access_key_id or "",
        secret=secret.get_secret_value() if secret else "",
        region=settings.s3_region,
    )


def create_code_exchange(settings: Settings) -> CodeExchange:
    """Return WeChat, or the development login, which the settings allow on a loopback address only."""
    credentials = settings.wechat_credentials()
    if credentials is None:
        return DevelopmentProvider()
    app_id, secret = credentials
    return WeChatProvider(app_id, secret, http_client())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    worker: Worker = app.state.worker
    # As many threads as connections: nobody ever waits for a connection inside a thread.
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.db_pool_size
    await anyio.to_thread.run_sync(app.state.world.current)
    worker.start(with_jobs=settings.embeds_worker)
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(worker.stop)
        app.state.database.dispose()


async def _health() -> str:
    """Say that the process answers."""
    return "ok"


async def _problem(code: Annotated[str, Path(max_length=64, description="错误代码，例如 VALIDATION")]) -> str:
    """Explain the `type` of a problem."""
    return page_of(code)


def describe() -> dict[str, Any]:
    """Return the OpenAPI document; no database, no directory and no environment variable is touched."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    made_up = {"secret_key": SecretStr("x" * SHORTEST_SECRET), "login_provider": LoginProvider.DEVELOPMENT}
    return create_app(Settings.model_construct(**defaults | made_up), blobs=BlobStore.memory()).openapi()
