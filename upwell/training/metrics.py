"""What happened in a run, one JSON object a line; and the same for TensorBoard where the user wants it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Self

from upwell.errors import UserError
from upwell.text.files import atomic_write_bytes


class MetricsFile:
    """Appends to metrics.jsonl. Lines after the step that a run goes on from are dropped, so no step stands twice."""

    def __init__(self, path: Path | None, *, from_step: int, tensorboard: Path | None = None) -> None:
        """Open `path`; None, for the processes that do not lead, takes lines and writes nothing."""
        self._file, self._writer = None, None
        if path is None:
            return
        if path.exists():
            kept = [line for line in path.read_bytes().splitlines(keepends=True) if _step(line) <= from_step]
            atomic_write_bytes(path, b"".join(kept))
        self._file = path.open("a", encoding="utf-8", newline="\n")
        self._writer = _summary_writer(tensorboard, from_step) if tensorboard else None

    def write(self, kind: str, step: int, figures: dict[str, Any]) -> None:
        """Add one line; a full disk costs the line, not the run."""
        if self._file is None:
            return
        try:
            self._file.write(json.dumps({"kind": kind, "step": step, **figures}) + "\n")
            self._file.flush()
        except OSError:
            pass
        if self._writer:
            for name, value in figures.items():
                if isinstance(value, int | float):
                    self._writer.add_scalar(f"{kind}/{name}", value, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._writer:
            self._writer.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All complete lines of a metrics file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines() if _step(line) != _BROKEN]


_BROKEN = 1 << 62


def _step(line: bytes) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):  # a line cut short by a kill
        return _BROKEN


def _summary_writer(folder: Path, from_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError('--tensorboard needs TensorBoard: pip install "upwell[tensorboard]"') from None
    return SummaryWriter(str(folder), purge_step=from_step + 1)
