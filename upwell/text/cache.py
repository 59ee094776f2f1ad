"""Where prepared texts are kept between runs: a folder of the user that may be deleted at any time."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """The cache: UPWELL_CACHE if set, else the place where the system keeps caches of a user."""
    if chosen := os.environ.get("UPWELL_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "upwell"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "upwell"
    given = Path(os.environ.get("XDG_CACHE_HOME") or "")  # the XDG standard: relative paths are to be ignored
    return (given if given.is_absolute() else Path.home() / ".cache") / "upwell"


def writable_folder(wanted: Path) -> tuple[Path, str | None]:
    """Return `wanted`, made if need be, or else a temporary folder (removed at exit) and a note that says why."""
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            pass
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="upwell-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        reason = error.strerror or str(error)
        return (
            folder,
            f"cache {wanted} cannot be written ({reason}); using a temporary folder, set UPWELL_CACHE to change it",
        )
    return wanted, None
