"""Reports of emergence on the page: one that was named, else what lies beside a run."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse

from upwell.errors import UserError
from upwell.serving.errors import ApiError
from upwell.serving.state import CurrentServer
from upwell.training.runs import Run

NAME = "report.html"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""A report is a file from anywhere: its styles stand inside it, but nothing in it may run, load or send anything."""

router = APIRouter(prefix="/reports", include_in_schema=False)


class Reports:
    """Each under an address that only those learn who may ask about runs: a link can bring no key."""

    def __init__(self, named: str | None, key: str | None) -> None:
        """`named`: a report, or the folder of a ladder that holds one; a UserError where it is neither."""
        self._named = None if named is None else _find(Path(named))
        self._key = (key or "").encode("ascii")

    def address(self, run: Run) -> str | None:
        """Of the report that goes with a run, the same in all servers that have the key; None where there is none."""
        path = self._path(run)
        return None if path is None else hmac.new(self._key, os.fsencode(path), "sha256").hexdigest()

    def path(self, address: str, runs: Iterable[Run]) -> Path:
        """The report of one of `runs` that has this address; a refusal where none has."""
        for run in runs:
            known = self.address(run)
            if known is not None and hmac.compare_digest(known.encode(), address.encode("utf-8", "replace")):
                path = self._path(run)
                if path is not None:
                    return path
        raise ApiError(404, "no report is here; open the page anew")

    def _path(self, run: Run) -> Path | None:
        if self._named is not None:
            return self._named if self._named.is_file() else None
        return _beside(run.folder.resolve())


@router.get("/{address}")
async def report(address: str, server: CurrentServer) -> FileResponse:
    """A report of emergence."""
    path = await asyncio.to_thread(server.reports.path, address, [served.run for served in server.models.runs.values()])
    return FileResponse(path, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})


def _find(path: Path) -> Path:
    file = path / NAME if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"--report {path}: no report is there; upwell emerge writes one")
    return file.resolve()


def _beside(folder: Path) -> Path | None:
    """The newest report of a ladder whose folder holds the run, or stands beside it."""
    ladders = [folder.parent, *(other for other in folder.parent.iterdir() if other.is_dir())]
    found = [ladder / NAME for ladder in ladders if (ladder / "ladder.json").is_file() and (ladder / NAME).is_file()]
    return max(found, key=lambda file: file.stat().st_mtime, default=None)
