"""Between HTTP requests and an engine: texts that are waited for, and given up when nobody waits any more."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from starlette.requests import Request as HttpRequest

from upwell.generation import SamplingOptions
from upwell.generation.batching import Closed, Engine, Piece, Request
from upwell.generation.constraints import FormTooComplex
from upwell.serving.errors import TOO_LONG, ApiError, ClientGone
from upwell.tasks.answering import Likelihood, ModelAnswerer

T = TypeVar("T")


class Texts:
    """The texts of one HTTP request."""

    def __init__(self, requests: Sequence[Request], pieces: asyncio.Queue[tuple[int, Piece]], deadline: float) -> None:
        self.requests = requests
        self._pieces, self._deadline = pieces, deadline

    async def pieces(self) -> AsyncIterator[tuple[int, Piece]]:
        """Number of the text and what was added, as it comes; ends with the last text. TimeoutError after the deadline."""
        going = len(self.requests)
        while going:
            if asyncio.get_running_loop().time() > self._deadline:  # pieces that lie ready are no wait
                raise TimeoutError
            async with asyncio.timeout_at(self._deadline):
                number, piece = await self._pieces.get()
            check_finish(piece.finish_reason)
            going -= bool(piece.finish_reason)
            yield number, piece
            await asyncio.sleep(0)  # where pieces lie ready, other requests and the news of who is gone have their turn

    def usage(self) -> dict[str, Any]:
        """Tokens so far; the prompt counts once for each choice that is made of it, as it is read."""
        rows = [request.row for request in self.requests]
        read, drawn = sum(row.prompt_tokens for row in rows), sum(len(row.drawn) for row in rows)
        return {
            "prompt_tokens": read,
            "completion_tokens": drawn,
            "total_tokens": read + drawn,
            "prompt_tokens_details": {"cached_tokens": sum(row.reused_tokens for row in rows)},
        }


@asynccontextmanager
async def written(
    engine: Engine,
    prompts: Sequence[str],
    options: SamplingOptions,
    *,
    max_prompt_tokens: int,
    deadline: float,
    alternatives: int | None = None,
) -> AsyncIterator[Texts]:
    """Have `engine` go on from all prompts, text i drawing with `options.seed` + i, up to the `deadline` by the loop's clock;
    whatever is unfinished at the end of the context is given up.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[int, Piece]] = asyncio.Queue()

    def request(number: int) -> Request:
        def deliver(piece: Piece) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, (number, piece))

        made = engine.request(prompts[number], options, deliver, seed=options.seed + number, alternatives=alternatives)
        check_prompt(made, max_prompt_tokens)
        return made

    requests = await asyncio.to_thread(lambda: [request(number) for number in range(len(prompts))])
    engine.submit(requests)
    try:
        yield Texts(requests, pieces, deadline)
    finally:
        for made in requests:
            engine.cancel(made)


def check_prompt(request: Request, max_prompt_tokens: int) -> None:
    """Refuse a prompt that is longer than the server takes."""
    if request.row.prompt_tokens > max_prompt_tokens:
        raise ApiError(
            400,
            f"the prompt has {request.row.prompt_tokens} tokens, this server takes {max_prompt_tokens}",
            code=TOO_LONG,
        )


def check_finish(reason: str) -> None:
    """Raise where a text came to no good end."""
    if reason == "failed":
        raise ApiError(500, "the model failed on this text")
    if reason == "form":
        raise FormTooComplex
    if reason == "cancelled":
        raise Closed


async def unless_gone(request: HttpRequest, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is given up as soon as the client is gone; ClientGone then."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        for unfinished in (task, watch):
            unfinished.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await unfinished


class EngineAnswerer:
    """Answers through an engine, so that tasks are written beside everything else; its callers are threads that wait."""

    def __init__(self, engine: Engine, model: ModelAnswerer, *, max_prompt_tokens: int) -> None:
        self._engine, self._model, self._max_prompt_tokens = engine, model, max_prompt_tokens
        self._requests: list[Request] = []
        self._stopped = False

    def write(
        self, prompts: Sequence[str], *, max_tokens: int, stop: tuple[str, ...], temperature: float, seed: int
    ) -> list[str]:
        """As ModelAnswerer writes: every prompt begins a document, row i draws with seed + i."""
        options = SamplingOptions(max_tokens=max_tokens, stop=stop, temperature=temperature)
        pieces: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        self._requests = [
            self._engine.request(prompt, options, pieces.put, seed=seed + i, begin_document=True)
            for i, prompt in enumerate(prompts)
        ]
        for request in self._requests:
            check_prompt(request, self._max_prompt_tokens)
        if self._stopped:
            raise Closed
        self._engine.submit(self._requests)
        going = len(prompts)
        while going:
            reason = pieces.get().finish_reason
            check_finish(reason)
            going -= bool(reason)
        return [request.row.text for request in self._requests]

    def likelihoods(self, pairs: Sequence[tuple[str, str]], *, lines: bool = False) -> list[Likelihood]:
        """Of the second text behind the first: computed in the engine's thread."""
        return self._engine.call(lambda: self._model.likelihoods(pairs, lines=lines)).result()

    def stop(self) -> None:
        """Give up what is written, and begin nothing more."""
        self._stopped = True
        for request in self._requests:
            self._engine.cancel(request)
