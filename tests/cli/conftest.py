"""The command line as a process, and one tiny run for all tests that only read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

SENTENCES = ["the cat sat on the mat.", "a dog ran to the sea!", "红楼梦里有一个园子。", "naïve café — déjà vu."]


def write_text(path: Path, sentences: int = 400) -> Path:
    """A small text of both languages."""
    lines = [SENTENCES[(7 * i + i // 3) % 4] for i in range(sentences)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def environment(**extra: str) -> dict[str, str]:
    """This process's, with UTF-8 spoken whatever the locale."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **extra}


@pytest.fixture(scope="session")
def upwell() -> Command:
    def run(*arguments: object, input: bytes | None = None, cwd: Path | None = None, **extra: str):  # type: ignore[no-untyped-def]
        done = subprocess.run(
            [sys.executable, "-m", "upwell", *map(str, arguments)],
            input=input if input is not None else b"",
            capture_output=True,
            cwd=cwd,
            env=environment(**extra),
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )

    return run


TINY = ["--size", "2k", "--tokens", "20k", "--threads", "1", "--dtype", "float32", "--rows", "4", "--length", "32"]


@pytest.fixture(scope="session")
def tiny_run(upwell: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    text = write_text(folder / "text.txt")
    done = upwell("train", text, *TINY, "--out", folder / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "run"
