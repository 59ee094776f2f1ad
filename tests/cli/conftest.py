"""The command line, in this process or as one of its own, and one tiny run for all tests that only read."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from upwell.cli import main

Command = Callable[..., subprocess.CompletedProcess[str]]

SENTENCES = ["the cat sat on the mat.", "a dog ran to the sea!", "红楼梦里有一个园子。", "naïve café — déjà vu."]


def write_text(path: Path, sentences: int = 400) -> Path:
    """A small text of both languages."""
    lines = [SENTENCES[(7 * i + i // 3) % 4] for i in range(sentences)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def environment(**extra: str) -> dict[str, str]:
    """This process's, and one thread."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **extra}


def run_process(
    *arguments: object, input: bytes = b"", cwd: Path | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """`python -m upwell` with these arguments; what it prints, read as UTF-8."""
    command = [sys.executable, "-m", "upwell", *(word if isinstance(word, bytes) else str(word) for word in arguments)]
    done = subprocess.run(
        command, input=input, capture_output=True, cwd=cwd, env=environment(**extra), timeout=120, check=False
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )


@pytest.fixture
def upwell(monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, which need not import everything again: arguments in, exit code and prints out."""

    def run(*arguments: object, input: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setenv("COLUMNS", "200")
            if cwd is not None:
                patch.chdir(cwd)
            code = main([str(word) for word in arguments])
        printed = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(arguments, code, *printed)

    return run


TINY = ["--size", "2k", "--tokens", "20k", "--threads", "1", "--dtype", "float32", "--rows", "4", "--length", "32"]


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    text = write_text(folder / "text.txt")
    done = run_process("train", text, *TINY, "--out", folder / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "run"
