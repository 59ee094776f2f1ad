"""Pages of the guide in two languages: what stands in them, and that their commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"


def pages(name: str) -> list[Path]:
    """The English and the Chinese page called `name`."""
    return [DOCS / f"{name}.md", DOCS / f"{name}.zh.md"]


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """Without what is said about them behind a #."""
    return [line.split("  #")[0].rstrip() for block in blocks(page, "bash") for line in block.splitlines()]


def programs(page: Path) -> list[str]:
    """Without comments."""
    return [re.sub(r" *#.*", "", block) for block in blocks(page, "python")]


def run_commands(
    page: Path, upwell: Any, folder: Path, more: Mapping[str, Sequence[str]]
) -> list[tuple[str, subprocess.CompletedProcess[str]]]:
    """Run all commands of a page in `folder`, each with what there is `more` for its verb; verbs and what came of them."""
    found = []
    for command in commands(page):
        line, _, source = command.partition(" < ")
        verb, *words = shlex.split(line)[1:]
        given = (folder / source).read_bytes() if source else b""
        done = upwell(verb, *words, *more.get(verb, ()), input=given, cwd=folder)
        assert done.returncode == 0, (command, done.stderr)
        found.append((verb, done))
    return found


def check_shown(page: Path, done: Sequence[tuple[str, subprocess.CompletedProcess[str]]]) -> None:
    """The first thing that a page shows is among what its commands say beside their results."""
    said = "".join(one.stderr for _, one in done)
    for line in blocks(page, "text")[0].splitlines():
        assert line in said
