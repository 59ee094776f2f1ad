"""Arrays in files that appear whole or not at all: what a pass leaves of each batch."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays to a file that appears whole or not at all; after a power cut its checksums tell what is missing."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        temporary.write_bytes(buffer.getbuffer())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Some arrays of a file; a damaged one is removed, so that it is made again, and is a UserError."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        path.unlink(missing_ok=True)
        raise UserError(f"{path}: was damaged and is removed; run the same command again") from error


def join_arrays(paths: Sequence[Path], name: str, dtype: Any) -> NDArray[Any]:
    """One array of all files, one after the other."""
    return np.concatenate([np.zeros(0, dtype), *(read_arrays(path, name)[name] for path in paths)])
