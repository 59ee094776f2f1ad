"""The folder of a preparation: whose it is, and what may be done to it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from upwell.errors import UserError
from upwell.text.cleaning.options import PrepareOptions
from upwell.text.files import lock_file, remove_leftovers
from upwell.text.prepared import Prepared, find_prepared
from upwell.text.sources import PREPARED, Source

VERSION = 1
"""Raised whenever the same sources and options begin to give another outcome."""
LOCK = ".lock"


def key_of(sources: Sequence[Source], options: PrepareOptions) -> str:
    """A hash of all that the outcome depends on; reads the sources once."""
    content = json.dumps([VERSION, options.what_matters(), [source.fingerprint() for source in sources]])
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def begin(folder: Path, key: str, overwrite: bool) -> Prepared | None:
    """Make or take the folder; the prepared text where it is complete already."""
    if overwrite and folder.exists():
        if not any((folder / name).exists() for name in (PREPARED, "work")):
            raise UserError(
                f"--out {folder}: holds no prepared text, so --overwrite leaves it alone; choose another folder"
            )
        if not _is_of(folder, key):
            with lock_file(folder / LOCK):
                _clear(folder)
    if not folder.exists():
        folder.mkdir(parents=True)
    finished = find_prepared(folder)
    if finished is not None:
        if finished.content["key"] == key:
            return finished
        raise UserError(
            f"--out {folder}: holds a text prepared from other sources or with other options; add --overwrite"
        )
    begun = folder / "work" / "key.json"
    if begun.exists():
        if not _is_of(folder, key):
            raise UserError(
                f"--out {folder}: a preparation of other sources or with other options was begun there; add --overwrite"
            )
    elif any(name != LOCK for name in os.listdir(folder)):
        raise UserError(f"--out {folder}: is not empty; choose another folder")
    return None


def _is_of(folder: Path, key: str) -> bool:
    for path in (folder / PREPARED, folder / "work" / "key.json"):
        try:
            if json.loads(path.read_bytes())["key"] == key:
                return True
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return False


def _clear(folder: Path) -> None:
    (folder / PREPARED).unlink(missing_ok=True)
    for name in ("work", "tokens"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("train.jsonl", "valid.jsonl", "tokenizer.json", "report.json", "report.html", "report.zh.html"):
        (folder / name).unlink(missing_ok=True)
    remove_leftovers(folder)
