"""The application: all routes behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from upwell import __version__
from upwell.serving import completions, embeddings, reports, runs, tasks
from upwell.serving.errors import install_handlers
from upwell.serving.figures import Figures
from upwell.serving.gate import Gate
from upwell.serving.journal import Journal, write_line
from upwell.serving.models import Models
from upwell.serving.options import ServerOptions
from upwell.serving.reports import Reports
from upwell.serving.schemas import ErrorAnswer
from upwell.serving.state import Server

PAGE = Path(__file__).parent / "page"
UNLOCKED = ("/page/", "/health", "/docs", "/openapi.json", "/reports/")
"""Beginnings of paths that hold nothing of the runs, or that nobody can guess: no key is asked for."""
DESCRIPTION = "Language models of Upwell. /v1 is meant for clients of OpenAI's API; what they cannot have is refused."

REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorAnswer, "description": "The request cannot be had."},
    "5XX": {"model": ErrorAnswer, "description": "The server cannot answer it, or not now."},
}


def create_app(
    models: Models, options: ServerOptions, *, write: Callable[[dict[str, Any]], None] = write_line
) -> FastAPI:
    """The application that serves `models`; `write` takes the lines of the log."""
    threads = ThreadPoolExecutor(options.max_rows, thread_name_prefix="task")
    figures = Figures(models)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await models.close()
        threads.shutdown()

    app = FastAPI(
        title="Upwell",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
        responses=REFUSALS,
    )
    app.state.server = Server(models, options, figures, Reports(options.report, options.api_key), threads)
    install_handlers(app)
    for router in (completions.router, embeddings.router, tasks.router, runs.router, reports.router):
        app.include_router(router)
    _add_pages(app, figures)
    # The last one added is the first to see a request.
    if options.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Gate, options=options, unlocked=UNLOCKED)
    app.add_middleware(Journal, figures=figures, write=write)
    return app


def _add_pages(app: FastAPI, figures: Figures) -> None:
    @app.get("/health", tags=["server"])
    async def health() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @app.get("/metrics", tags=["server"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(figures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(PAGE / "docs.html")

    app.mount("/page", StaticFiles(directory=PAGE))
