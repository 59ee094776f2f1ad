"""How the C library keeps memory that Python and its libraries have freed."""

from __future__ import annotations

import ctypes
import sys
from typing import Any


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed instead of handing every large tensor back to the system.

    A training step, like a step over a batch of text, frees and takes the same buffers again and again; page faults for them took a third of the time
    (docs/experiments.md, "allocator"). Threads share one arena, so that what one frees the other takes ("one arena").
    Other C libraries are left as they are. See mallopt(3).
    """
    if mallopt := of_libc("mallopt"):
        trim_threshold, mmap_threshold, arena_max = -1, -3, -8
        mallopt(arena_max, 1)
        if not mallopt(mmap_threshold, 1 << 30):
            mallopt(mmap_threshold, 32 << 20)  # the most that older versions take
        mallopt(trim_threshold, (1 << 31) - 1)


def of_libc(name: str) -> Any:
    """A function of glibc; None where the C library is another."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
