"""Python environments for peers, made under a temporary folder and kept there: no peer is installed beside Upwell."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

CPU_TORCH = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
"""Where pip finds a torch without GPU libraries."""


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
