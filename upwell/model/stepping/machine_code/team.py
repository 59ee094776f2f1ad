"""Threads that run a program together: the caller's and workers that wait beside it.

A worker looks for work for a few hundred microseconds after the last, so that the next token of a text finds it awake, and
then sleeps: two threads that wait without end beside a busy process made everything six times slower.
"""

from __future__ import annotations

import functools
import os
import threading

import numpy as np

from upwell.model.stepping.machine_code.compilation import compiled
from upwell.model.stepping.machine_code.instructions import atomic_exchange, atomic_load, breathe, give_way
from upwell.model.stepping.machine_code.operations import run
from upwell.model.stepping.machine_code.sharing import SPINS, YIELDS

LINE = 8
"""Numbers in a line of the processor's cache: what different threads write lies in lines of its own."""
BARRIER, JOB, ARGUMENTS, WORKERS = 0, LINE, 2 * LINE, 3 * LINE
AWAKE, ASLEEP = 0, 1


@compiled
def _work(control, mine, last, thread):
    """Run the jobs that come, until none has come for a while; returns the number of the last.

    `control` is the address of the team's numbers, `mine` that of whether this worker sleeps.
    """
    looks = 0
    while True:
        job = atomic_load(control + 8 * JOB)
        if job == last:
            looks += 1
            if looks < SPINS:
                breathe()
            elif looks < SPINS + YIELDS:
                give_way()
            else:
                atomic_exchange(mine, ASLEEP)
                if atomic_load(control + 8 * JOB) == last or atomic_exchange(mine, AWAKE) == AWAKE:
                    return last  # whoever brings the next job wakes this worker
                looks = 0
            continue
        last, looks = job, 0
        a = control + 8 * ARGUMENTS
        run(
            atomic_load(a),
            atomic_load(a + 8),
            atomic_load(a + 16),
            atomic_load(a + 24),
            thread,
            atomic_load(a + 32),
            control + 8 * BARRIER,
            atomic_load(a + 40),
        )


class Team:
    """Runs programs on `threads` threads, one program at a time."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._lock = threading.Lock()
        self._control = np.zeros(WORKERS + LINE * threads, np.int64)
        self._address = self._control.ctypes.data
        self._count = self._jobs = 0
        self._wake = [threading.Event() for _ in range(threads - 1)]
        for number in range(threads - 1):
            threading.Thread(target=self._serve, args=(number,), name=f"stepper-{number}", daemon=True).start()

    def run(self, program: np.ndarray, slots: np.ndarray) -> None:
        """Do all operations of `program` (operations, FIELDS) with `slots`; returns when all threads are done."""
        with self._lock:
            arguments = (program.ctypes.data, len(program), slots.ctypes.data, len(slots))
            if self.threads > 1:
                self._control[ARGUMENTS : ARGUMENTS + 6] = (*arguments, self.threads, self._count)
                self._jobs += 1
                atomic_store(self._address + 8 * JOB, self._jobs)
                for number, wake in enumerate(self._wake):
                    if atomic_store(self._address + 8 * (WORKERS + LINE * number), AWAKE) == ASLEEP:
                        wake.set()
            self._count = run(*arguments, 0, self.threads, self._address, self._count)

    def _serve(self, number: int) -> None:
        wake, mine = self._wake[number], self._address + 8 * (WORKERS + LINE * number)
        last = 0
        while True:
            last = _work(self._address, mine, last, number + 1)
            wake.wait()
            wake.clear()


@compiled
def atomic_store(address, value):
    """Put a value at an address; returns what was there."""
    return atomic_exchange(address, value)


@functools.cache
def team(threads: int) -> Team:
    """The team of that many threads; all steppers of a process share it."""
    return Team(threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=team.cache_clear)  # a child has none of the threads
