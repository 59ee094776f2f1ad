"""Errors in the form of OpenAI's API, under the status codes that its clients know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from upwell.errors import UserError
from upwell.generation.batching import Busy, Closed
from upwell.generation.rows import PromptTooLong

RETRY_AFTER_SECONDS = 1
TOO_LONG = "context_length_exceeded"
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
"""Of status codes; others are invalid_request_error below 500 and server_error from there on."""


class ApiError(Exception):
    """A refusal with its status code; `code` and `parameter` as programs read them."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.parameter = status, message, code, parameter
        self.headers = dict(headers or {})


class ClientGone(Exception):
    """Nobody reads the answer any more."""


def error_body(error: ApiError) -> dict[str, Any]:
    """The JSON of an error."""
    kind = KINDS.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    return {"error": {"message": error.message, "type": kind, "param": error.parameter, "code": error.code}}


def error_response(error: ApiError) -> JSONResponse:
    """The whole answer for an error."""
    headers = dict(error.headers)
    if error.status in (429, 503):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), error.status, headers)


def as_api_error(error: Exception) -> ApiError:
    """What a client is told of any error; of one that is the program's nothing but that."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UserError):
        return ApiError(400, str(error), code=TOO_LONG if isinstance(error, PromptTooLong) else None)
    if isinstance(error, Busy):
        return ApiError(429, "as many requests are at work and wait as may; try again", code="rate_limit_exceeded")
    if isinstance(error, Closed):
        return ApiError(503, "the server is shutting down")
    if isinstance(error, ClientGone):
        return ApiError(499, "the client closed the connection")  # for the log, as nginx has it
    if isinstance(error, TimeoutError):
        return ApiError(504, "the request took longer than it may; ask for fewer tokens", code="timeout")
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        parameter = ".".join(str(part) for part in first["loc"][1:] if not isinstance(part, int)) or None
        what = "is not known here" if first["type"] == "extra_forbidden" else first["msg"]
        return ApiError(400, f"{parameter or 'the request'}: {what}", parameter=parameter)
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, str(error.detail), headers=error.headers)
    return ApiError(500, "something went wrong in the server")


def install_handlers(app: FastAPI) -> None:
    """Have every error of `app` answered so."""

    def answer(request: Request, error: Exception) -> JSONResponse:
        return error_response(as_api_error(error))

    told = (ApiError, UserError, Busy, Closed, ClientGone, TimeoutError, RequestValidationError, HTTPException)
    for kind in (*told, Exception):
        app.add_exception_handler(kind, answer)
