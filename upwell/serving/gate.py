"""Who may come in, and how much they may bring."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from upwell.serving.errors import ApiError, error_response
from upwell.serving.options import ServerOptions

BODY_SECONDS = 30
"""Longest time that the body of a request may take to come in."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Gate:
    """Checks host, origin, key and size of every request before anything else sees it."""

    def __init__(self, app: ASGIApp, options: ServerOptions, *, unlocked: Collection[str]) -> None:
        """`unlocked`: beginnings of the paths that need no key."""
        self.app, self._options, self._unlocked = app, options, tuple(unlocked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
        except ApiError as error:
            await error_response(error)(scope, receive, with_headers)
            return
        await self.app(scope, _bounded(receive, self._options.max_body_bytes), with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known(host):
            # A page of another server may have its name lead here (DNS rebinding); it cannot change this header.
            raise ApiError(421, f"this server is not called {host!r}; start it with --allow-host NAME if it is")
        origin = headers.get("origin")
        if origin is not None and origin not in self._options.allowed_origins and urlsplit(origin).netloc != host:
            raise ApiError(403, f"pages of {origin} may not use this server; --allow-origin lets them")
        if not self._has_key(scope["path"], scope["method"], headers):
            raise ApiError(401, "give the server's key as Authorization: Bearer KEY", code="invalid_api_key")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._options.max_body_bytes:
            raise ApiError(413, _too_long(self._options.max_body_bytes))

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name == "localhost" or name in self._options.allowed_hosts or name == self._options.host:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _has_key(self, path: str, method: str, headers: Headers) -> bool:
        key = self._options.api_key
        if key is None or method == "OPTIONS" or path == "/" or path.startswith(self._unlocked):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return hmac.compare_digest(given.encode("utf-8"), key.encode("utf-8")) and scheme.lower() == "bearer"


def _bounded(receive: Receive, max_bytes: int) -> Receive:
    """The same messages, of a body that is neither too long nor too slow."""
    read, complete = 0, False

    async def bounded() -> Message:
        nonlocal read, complete
        try:
            message = await asyncio.wait_for(receive(), None if complete else BODY_SECONDS)
        except TimeoutError:
            raise HTTPException(408, f"the request was not complete after {BODY_SECONDS} s") from None
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if read > max_bytes:
                raise HTTPException(413, _too_long(max_bytes))
        return message

    return bounded


def _too_long(max_bytes: int) -> str:
    return f"the request is longer than {max_bytes} bytes"
