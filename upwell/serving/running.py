"""From options to a server that listens, and that finishes its work when it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from upwell.errors import UserError
from upwell.serving.app import create_app
from upwell.serving.journal import JsonHandler
from upwell.serving.models import Models, Placement
from upwell.serving.options import ServerOptions

MAX_CONNECTIONS = 1024
STALLED_SECONDS = 60
"""After which a connection is dropped whose client takes nothing of what is sent to it."""


def serve_runs(
    folders: Sequence[str],
    options: ServerOptions,
    *,
    placement: Placement | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the runs in `folders` until a SIGTERM or SIGINT; what is being written then is finished first.

    `ready` is told the address. Raises a UserError for what is no run and for an address that cannot be had.
    """
    models = Models(folders, options, placement)
    app = create_app(models, options)
    listener = listen(options)
    address = _address(listener)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=math.ceil(options.max_seconds),
    )
    server = uvicorn.Server(config)
    handler = JsonHandler()
    logging.getLogger().addHandler(handler)
    # uvicorn hands its signal on when all is finished; a stop that was asked for is no failure.
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        ready(address)
        asyncio.run(server.serve([listener]))
    finally:
        signal.signal(signal.SIGTERM, before)
        logging.getLogger().removeHandler(handler)
        listener.close()


def listen(options: ServerOptions) -> socket.socket:
    """A socket that listens where `options` say; a UserError where that cannot be."""
    try:
        family = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((options.host, options.port), family=family, backlog=MAX_CONNECTIONS)
    except OSError as error:
        raise UserError(
            f"{options.host}, port {options.port}: {error.strerror or error}; choose others by --host and --port"
        ) from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux has it, and hands it on to every connection
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * STALLED_SECONDS)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
