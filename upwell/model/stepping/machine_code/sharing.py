"""How threads share an operation, and wait for each other."""

from __future__ import annotations

from upwell.model.stepping.machine_code.compilation import part
from upwell.model.stepping.machine_code.instructions import atomic_add, atomic_load, breathe, give_way

SPINS, YIELDS = 2000, 400
"""How often a thread looks again before it gives way, and gives way before it sleeps: about 30 us and 200 us."""


@part
def wait(barrier, target):
    """Return when all threads have come here: when the count at `barrier` is `target`."""
    atomic_add(barrier, 1)
    looks = 0
    while atomic_load(barrier) < target:
        looks += 1
        if looks < SPINS:
            breathe()
        else:
            give_way()


@part
def share(count, unit, thread, threads):
    """First and last of `count` that this thread does, in whole units."""
    units = (count + unit - 1) // unit
    first = units * thread // threads * unit
    last = units * (thread + 1) // threads * unit
    return min(first, count), min(last, count)
