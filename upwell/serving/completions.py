"""/v1/completions and /v1/chat/completions: texts that go on, whole or as a stream of events."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from upwell.api import LanguageModel
from upwell.generation import SamplingOptions
from upwell.generation.batching import Piece
from upwell.generation.rows import DrawnToken
from upwell.serving.errors import ApiError, as_api_error, error_body
from upwell.serving.schemas import ChatRequest, CompletionRequest, Sampling
from upwell.serving.state import CurrentServer, Server, note
from upwell.serving.writing import Texts, unless_gone, written

Json = dict[str, Any]
router = APIRouter(tags=["texts"])
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The texts, or with `stream` their pieces as events.", "content": {"text/event-stream": {}}}
}
DEFAULT_TOKENS = SamplingOptions().max_tokens
LAST_WORD_SECONDS = 5
"""After the deadline, in which a stream may still say that it is past."""
FINISH_REASONS = {"context": "length"}
"""Ours to theirs, where they differ."""


@router.post("/v1/completions", responses=STREAMED)
async def completions(body: CompletionRequest, request: Request, server: CurrentServer) -> Response:
    """Write on from one prompt or several."""
    prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
    form = Form("cmpl", "text_completion", completion_choice, completion_delta)
    return await respond(request, server, body, prompts, body.max_tokens, body.logprobs, form)


@router.post("/v1/chat/completions", responses=STREAMED)
async def chat(body: ChatRequest, request: Request, server: CurrentServer) -> Response:
    """Write in turns. The model was not taught to answer: it reads each message as a line and goes on."""
    alternatives = (body.top_logprobs or 0) if body.logprobs else None
    if body.top_logprobs and not body.logprobs:
        raise ApiError(400, "top_logprobs needs logprobs", parameter="top_logprobs")
    max_tokens = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
    history = "".join(message.text + "\n" for message in body.messages)
    form = Form("chatcmpl", "chat.completion", chat_choice, chat_delta, first=chat_opening, chunk=".chunk")
    return await respond(request, server, body, [history], max_tokens, alternatives, form, fit=True)


class EventStream(StreamingResponse):
    """Server-sent events; what they need is given back however the stream ends, even if it never begins.

    A client that reads so slowly that they are not sent at the `deadline`, by the loop's clock, is left.
    """

    def __init__(self, events: AsyncIterator[str], needs: AsyncExitStack, deadline: float) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._needs, self._deadline = needs, deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with self._needs:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._deadline + LAST_WORD_SECONDS):
                    await super().__call__(scope, receive, send)


async def respond(
    request: Request,
    server: Server,
    body: Sampling,
    prompts: Sequence[str],
    max_tokens: int | None,
    alternatives: int | None,
    form: Form,
    *,
    fit: bool = False,
) -> Response:
    """The answer to a request for texts; `fit`: the beginning of a prompt that is too long for attention is left out."""
    limit = server.options.max_tokens
    max_tokens = min(DEFAULT_TOKENS, limit) if max_tokens is None else max_tokens
    if max_tokens > limit:
        raise ApiError(400, f"max_tokens: {max_tokens} are more than {limit}, the most here", parameter="max_tokens")
    choices = [prompt for prompt in prompts for _ in range(body.n or 1)]
    if not 0 < len(choices) <= server.options.max_rows:
        message = f"{len(choices)} texts were asked for; 1 to {server.options.max_rows} may be asked for at once"
        raise ApiError(400, message, parameter="n" if choices else "prompt")
    options = body.options(max_tokens, secrets.randbits(31) if body.seed is None else body.seed)
    deadline = asyncio.get_running_loop().time() + server.options.max_seconds
    async with AsyncExitStack() as stack:
        name, loaded = await stack.enter_async_context(server.models.use(body.model))
        if fit:
            choices = await asyncio.to_thread(_fitted, loaded.language_model, choices, max_tokens)
        texts = await stack.enter_async_context(
            written(
                loaded.engine,
                choices,
                options,
                max_prompt_tokens=server.options.max_prompt_tokens,
                deadline=deadline,
                alternatives=alternatives,
            )
        )
        head = {"id": f"{form.prefix}-{secrets.token_hex(12)}", "created": int(time.time()), "model": name}
        note(request, model=name, seed=options.seed)
        stack.callback(_note_usage, request, server, texts, prompts)
        if body.stream:
            with_usage = body.stream_options is not None and body.stream_options.include_usage
            return EventStream(_events(texts, form, head, with_usage), stack.pop_all(), deadline)
        return JSONResponse(await unless_gone(request, _whole(texts, form, head, alternatives is not None)))
    raise AssertionError("the stack lets every error through")


def _fitted(model: LanguageModel, prompts: Sequence[str], max_tokens: int) -> list[str]:
    return [model.fit_prompt(prompt, max_tokens) for prompt in prompts]


@dataclass(frozen=True)
class Form:
    """How one kind of request is answered."""

    prefix: str
    kind: str
    choice: Callable[[str, Sequence[DrawnToken] | None], Json]
    """A text, and its tokens where they were asked for, to the JSON of the whole."""
    delta: Callable[[Piece], Json]
    """To the JSON of a part."""
    first: Callable[[], Json] | None = None
    """JSON that comes before the parts of each text."""
    chunk: str = ""
    """Added to the kind in a stream."""


async def _whole(texts: Texts, form: Form, head: Json, with_tokens: bool) -> Json:
    parts = ["" for _ in texts.requests]
    tokens: list[list[DrawnToken]] = [[] for _ in texts.requests]
    reasons = ["" for _ in texts.requests]
    async for number, piece in texts.pieces():
        parts[number] += piece.text
        tokens[number] += piece.tokens
        reasons[number] = piece.finish_reason
    choices = [
        {"index": number}
        | form.choice(part, tokens[number] if with_tokens else None)
        | {"finish_reason": FINISH_REASONS.get(reasons[number], reasons[number])}
        for number, part in enumerate(parts)
    ]
    return {**head, "object": form.kind, "choices": choices, "usage": texts.usage()}


async def _events(texts: Texts, form: Form, head: Json, with_usage: bool) -> AsyncIterator[str]:
    head = {**head, "object": form.kind + form.chunk}

    def event(number: int, content: Json, reason: str = "") -> str:
        finish = FINISH_REASONS.get(reason, reason) or None
        return _event({**head, "choices": [{"index": number, **content, "finish_reason": finish}]})

    try:
        if form.first is not None:
            for number in range(len(texts.requests)):
                yield event(number, form.first())
        async for number, piece in texts.pieces():
            yield event(number, form.delta(piece), piece.finish_reason)
        if with_usage:
            yield _event({**head, "choices": [], "usage": texts.usage()})
        yield "data: [DONE]\n\n"
    except Exception as error:  # the status code is sent already
        yield _event(error_body(as_api_error(error)))


def _event(content: Json) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _note_usage(request: Request, server: Server, texts: Texts, prompts: Sequence[str]) -> None:
    usage = texts.usage()
    note(request, prompt_tokens=usage["prompt_tokens"], completion_tokens=usage["completion_tokens"])
    if server.options.log_prompts:
        note(request, prompts=list(prompts), texts=[made.row.text for made in texts.requests])


def completion_choice(text: str, tokens: Sequence[DrawnToken] | None) -> Json:
    """A whole continuation, with the legacy form of log-probabilities."""
    return {"text": text, "logprobs": None if tokens is None else _legacy_log_probabilities(tokens)}


def completion_delta(piece: Piece) -> Json:
    """A piece of a continuation."""
    return completion_choice(piece.text, piece.tokens or None)


def chat_choice(text: str, tokens: Sequence[DrawnToken] | None) -> Json:
    """A whole reply."""
    message = {"role": "assistant", "content": text, "refusal": None}
    return {"message": message, "logprobs": None if tokens is None else _log_probabilities(tokens)}


def chat_opening() -> Json:
    """What comes before the pieces of a reply."""
    return {"delta": {"role": "assistant", "content": ""}, "logprobs": None}


def chat_delta(piece: Piece) -> Json:
    """A piece of a reply."""
    delta = {"content": piece.text} if piece.text else {}
    return {"delta": delta, "logprobs": _log_probabilities(piece.tokens) if piece.tokens else None}


def _legacy_log_probabilities(tokens: Sequence[DrawnToken]) -> Json:
    return {
        "tokens": [_spelled(token.spelling) for token in tokens],
        "token_logprobs": [token.log_probability for token in tokens],
        "top_logprobs": [{_spelled(spelling): value for spelling, value in token.alternatives} for token in tokens],
        "text_offset": [token.start for token in tokens],
    }


def _log_probabilities(tokens: Sequence[DrawnToken]) -> Json:
    def entry(spelling: bytes, value: float) -> Json:
        return {"token": _spelled(spelling), "logprob": value, "bytes": list(spelling)}

    content = [
        entry(token.spelling, token.log_probability)
        | {"top_logprobs": [entry(spelling, value) for spelling, value in token.alternatives]}
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def _spelled(spelling: bytes) -> str:
    """A token as text; one that is not whole characters as `bytes:\\xe7`."""
    try:
        return spelling.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in spelling)
