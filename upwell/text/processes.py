"""Many processes on this machine that end with the one that began them, even by kill -9."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

DEATHS_BEFORE_STOP = 3
"""Times that a worker may die, with nothing finished between, before the work stops."""

AHEAD = 2
"""Items in flight beside those being worked on: the next one is there when a process is free."""


@contextmanager
def process_pool(workers: int, begin: Callable[[], None] | None = None) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes, each of which first calls `begin`; on an error or interrupt they are ended at once."""
    # spawn: a forked copy of a process in which threads have run may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(os.getpid(), begin))
    try:
        yield pool
    except BaseException:
        # Until Python 3.14 the processes are to be had from the pool's own dictionary alone, and only before it is shut
        # down.
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int) -> Iterator[Result]:
    """`function` of every item, in their order, in `workers` processes; with one, in this process.

    Items are taken as they are needed, so an endless stream takes no more memory than a short one. A worker that dies
    costs the items at work, which are begun anew.
    """
    if workers == 1:
        yield from map(function, items)
        return
    source = iter(items)
    pending: deque[Item] = deque()
    deaths = 0
    while True:
        try:
            with process_pool(workers) as pool:
                running: deque[Future[Result]] = deque(pool.submit(function, item) for item in pending)
                while True:
                    while len(pending) < workers + AHEAD:
                        try:
                            item = next(source)
                        except StopIteration:
                            break
                        pending.append(item)
                        running.append(pool.submit(function, item))
                    if not running:
                        return
                    result = running.popleft().result()
                    pending.popleft()
                    deaths = 0
                    yield result
        except BrokenProcessPool:
            deaths += 1
            if deaths >= DEATHS_BEFORE_STOP:
                raise


def _begin(parent: int, begin: Callable[[], None] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    if begin is not None:
        begin()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
