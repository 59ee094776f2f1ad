"""What all routes share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request

from upwell.serving.figures import Figures
from upwell.serving.models import Models
from upwell.serving.options import ServerOptions

if TYPE_CHECKING:
    from upwell.serving.reports import Reports


@dataclass(frozen=True)
class Server:
    """One server."""

    models: Models
    options: ServerOptions
    figures: Figures
    reports: Reports
    threads: ThreadPoolExecutor
    """For what waits for an engine."""


def _server(request: Request) -> Server:
    return cast(Server, request.app.state.server)


CurrentServer = Annotated[Server, Depends(_server)]


def note(request: Request, **figures: Any) -> None:
    """Add to what the log says of this request."""
    request.scope.setdefault("upwell", {}).update(figures)
