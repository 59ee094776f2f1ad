"""How functions become machine code, and where that is kept."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


@functools.cache
def _cache_folder() -> str:
    """Where machine code is kept: beside this file, or among the user's caches.

    Its name is drawn from all files here: numba looks at the file of a function alone, not at what that calls in others.
    """
    here = Path(__file__).parent
    mark = hashlib.blake2b(digest_size=8)
    for path in sorted(here.glob("*.py")):
        mark.update(path.read_bytes())
    parent = here if os.access(here, os.W_OK) else Path.home() / ".cache" / "upwell"
    return str(parent / "__pycache__" / f"machine-code-{mark.hexdigest()}")


def compiled(function: Callable[..., Any]) -> Any:
    """`function` in machine code, made at its first call, kept on disk where that can be written."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder()
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})(function)
    except RuntimeError:  # numba found no folder that it may write to
        return numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})(function)
    finally:
        numba.config.CACHE_DIR = before


def part(function: Callable[..., Any]) -> Any:
    """`function` as a part of what is `compiled`, without a place of its own on disk."""
    return numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})(function)
