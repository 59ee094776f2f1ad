"""The engine of a server: one thread runs the model, others hand it texts to go on and hear of every new piece."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from upwell.generation.batch import Batch
from upwell.generation.prefix_cache import PrefixCache
from upwell.generation.rows import DrawnToken, Row
from upwell.generation.sampling import SamplingOptions
from upwell.model.stepping import Stepper
from upwell.text.tokenizers import Tokenizer

T = TypeVar("T")


class Busy(Exception):
    """As many texts are written and wait as may; try again later."""


class Closed(Exception):
    """The engine takes no more texts."""


@dataclass(frozen=True)
class Piece:
    """What was added to a text."""

    text: str
    """Never half a character, nor the beginning of what may become a stop string."""
    tokens: tuple[DrawnToken, ...] = ()
    """Of this piece; empty where no probabilities were asked for."""
    finish_reason: str = ""
    """Empty until the last piece; then that of `Generation`, or form (it became too complex), cancelled, failed."""


@dataclass(eq=False)
class Request:
    """A text to be written. Made by `Engine.request`."""

    row: Row
    deliver: Callable[[Piece], None]
    """Called with each piece, in the engine's thread: it must return at once."""
    cancelled: bool = False


@dataclass(frozen=True)
class Load:
    """What an engine does at this moment, and has done."""

    rows: int
    waiting: int
    drawn_tokens: int
    read_tokens: int
    reused_tokens: int
    cache_bytes: int


class Engine:
    """Writes many texts at once. Texts wait in the order they came; each that is admitted gets a token in every turn."""

    def __init__(
        self,
        network: Stepper,
        tokenizer: Tokenizer,
        *,
        max_rows: int = 16,
        max_waiting: int = 64,
        cache_bytes: int = 64 * 2**20,
        name: str = "engine",
    ) -> None:
        """Start the thread, called `name`. At most `max_rows` are written side by side while `max_waiting` wait; states
        of what was read are kept for later texts, up to `cache_bytes`.
        """
        self.network, self.tokenizer = network, tokenizer
        self.max_rows, self.max_waiting = max_rows, max_waiting
        self._cache = PrefixCache(cache_bytes)
        self._batch = Batch(network, self._cache)
        self._waiting: deque[Request] = deque()
        self._active: dict[Row, Request] = {}
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def request(
        self,
        prompt: str,
        options: SamplingOptions,
        deliver: Callable[[Piece], None],
        *,
        seed: int | None = None,
        begin_document: bool = False,
        alternatives: int | None = None,
    ) -> Request:
        """What `submit` takes; arguments as for `generate` and `Row`. A UserError for a prompt that is too long."""
        seed = options.seed if seed is None else seed
        row = Row(
            self.network,
            self.tokenizer,
            prompt,
            options,
            seed=seed,
            begin_document=begin_document,
            alternatives=alternatives,
        )
        return Request(row, deliver)

    def submit(self, requests: Sequence[Request]) -> None:
        """Have all of them written, or none: Busy where there is no room for all, Closed after `close`."""
        with self._changed:
            if self._closed:
                raise Closed
            if len(self._active) + len(self._waiting) + len(requests) > self.max_rows + self.max_waiting:
                raise Busy
            self._waiting.extend(requests)
            self._changed.notify()

    def cancel(self, request: Request) -> None:
        """Stop writing and free the row; its last piece says cancelled. Nothing happens to one that is at its end."""
        with self._changed:
            request.cancelled = True
            self._changed.notify()

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Run `function` in the engine's thread, between two turns, without gradients. Closed after `close`."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise Closed
            self._calls.append((function, future))
            self._changed.notify()
        return future

    def load(self) -> Load:
        """Counts for a monitor."""
        counts = self._batch.counts
        with self._changed:
            return Load(
                len(self._active),
                len(self._waiting),
                counts.drawn,
                counts.read,
                counts.reused,
                self._cache.bytes,
            )

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._active or self._waiting or self._calls)

    def close(self) -> None:
        """Take nothing new, finish what was taken, end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or not self.idle)
                if self.idle:
                    return
                call = self._calls.popleft() if self._calls else None
                dropped = self._drop_cancelled()
                joining = self._admit()
            for request in dropped:
                request.deliver(Piece("", finish_reason="cancelled"))
            if call is not None:
                _fulfil(*call)
            try:
                self._turn(joining)
            except Exception:  # what the network could not do must not leave the others waiting for ever
                self._fail()

    def _drop_cancelled(self) -> list[Request]:
        dropped = [request for request in (*self._active.values(), *self._waiting) if request.cancelled]
        self._waiting = deque(request for request in self._waiting if not request.cancelled)
        self._batch.leave(request.row for request in dropped)
        for request in dropped:
            self._active.pop(request.row, None)
        return dropped

    def _admit(self) -> list[Request]:
        free = self.max_rows - len(self._active)
        joining = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        self._active |= {request.row: request for request in joining}
        return joining

    def _turn(self, joining: Sequence[Request]) -> None:
        for request in joining:
            if request.row.end_if_full():  # asked for no tokens
                self._deliver(request)
            else:
                self._batch.join(request.row)
        for row in self._batch.turn():
            self._deliver(self._active[row])

    def _deliver(self, request: Request) -> None:
        row = request.row
        text = row.take()
        if row.finish_reason:
            with self._changed:
                del self._active[row]
        if text or row.finish_reason:
            request.deliver(Piece(text, tuple(row.take_tokens()), row.finish_reason))

    def _fail(self) -> None:
        logging.getLogger(__name__).exception("a turn failed; its texts are given up")
        with self._changed:
            failed, self._active = list(self._active.values()), {}
            self._batch.leave(request.row for request in failed)
        for request in failed:
            request.deliver(Piece("", finish_reason="failed"))


def _fulfil(function: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        with torch.inference_mode():
            future.set_result(function())
    except Exception as error:
        future.set_exception(error)
