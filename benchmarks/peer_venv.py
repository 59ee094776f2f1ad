"""Python environments for peers, made under a temporary folder and kept there: no peer is installed beside Upwell.

Peers run with OpenMP's threads waiting as they do where nobody has set anything, which is not how Upwell has them wait.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

CPU_TORCH = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
"""Where pip finds a torch without GPU libraries."""

DEFAULT_SPINS = "300000"
"""What libgomp has for GOMP_SPINCOUNT where OMP_WAIT_POLICY is not set (libgomp/env.c of GCC)."""


def peer_environment() -> dict[str, str]:
    """This process's environment variables, without what `import upwell` says of waiting."""
    kept = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    return kept | {"GOMP_SPINCOUNT": DEFAULT_SPINS}


@contextmanager
def peer_process() -> Iterator[ProcessPoolExecutor]:
    """One fresh process in `peer_environment()`, for a peer that is a function of ours."""
    before = dict(os.environ)
    _become(peer_environment())
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool
    finally:
        _become(before)


def _become(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def peer_python(*packages: str, options: list[str] | None = None) -> Path:
    """The interpreter of an environment that holds `packages`; made at the first call by `pip install OPTIONS PACKAGES`.

    The environment lies in the system's temporary folder under a name drawn from the packages, so a second run of a
    benchmark finds it again; delete the folder to make it anew.
    """
    mark = hashlib.blake2b(" ".join(packages).encode(), digest_size=4).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"upwell-peer-{mark}"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = folder / "installed"
    if not done.exists():
        print(f"{folder}: pip install {' '.join([*(options or []), *packages])}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *(options or []), *packages], check=True)
        done.touch()
    return python
