"""One JSON object a request on standard error, without a word of what was asked unless the server is told to."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from upwell.serving.figures import Figures


class Journal:
    """Times every request, gives it an id, and tells the log and the figures how it ended."""

    def __init__(self, app: ASGIApp, figures: Figures, write: Callable[[dict[str, Any]], None]) -> None:
        self.app, self._figures, self._write = app, figures, write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, request_id = time.perf_counter(), 500, f"req-{secrets.token_hex(8)}"

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")  # names in paths would be figures without end
            self._figures.observe(route, status, seconds)
            self._write(
                {
                    "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "id": request_id,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 4),
                    **scope.get("upwell", {}),
                }
            )


def write_line(entry: dict[str, Any]) -> None:
    """One line of the log."""
    sys.stderr.write(json.dumps(entry, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class JsonHandler(logging.Handler):
    """What Python's logging says, as such lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        entry = {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["traceback"] = logging.Formatter().formatException(record.exc_info)
        write_line({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)), **entry})
