"""How a benchmark runs commands and writes what it found.

One JSON file under docs/results, with all that is needed to run it again; tables in pages, between marks.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from upwell.text.files import atomic_write_json

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "results"
PACKAGES = ("torch", "numpy", "tokenizers", "safetensors", "scipy", "zstandard", "pyarrow", "gensim")


def write_result(name: str, figures: Mapping[str, Any], *, repeats: int = 1, folder: Path = RESULTS) -> Path:
    """Write docs/results/NAME.json: command, machine, versions, commit, repeats and the figures.

    Arguments: `figures`, anything JSON holds, names with units; `repeats`, how often each figure was measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    result = {
        "format": 1,
        "command": command(),
        "machine": machine(),
        "versions": versions(),
        "commit": commit(),
        "repeats": repeats,
        "figures": dict(figures),
    }
    atomic_write_json(path, result)
    return path


def call(command: Sequence[str], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON of the last line that `command` prints; a SystemExit with the end of its errors where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def fill_between(text: str, begin: str, end: str, content: str) -> str:
    """`text` with `content` between the marks `begin` and `end`, of which there is one pair."""
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    assert len(pattern.findall(text)) == 1, begin
    return pattern.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", text)


def fill_table(text: str, name: str, content: str) -> str:
    """`text` with `content` between the marks of the table called `name`."""
    return fill_between(text, f"<!-- {name} -->", f"<!-- end of {name} -->", content)


def read_result(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """What `write_result` wrote."""
    return dict(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


def about(result: Mapping[str, Any], *, zh: bool) -> str:
    """Command, machine and commit of a result, as a line of a page."""
    said = "`{}`，{}，{} 个核心，提交 {}。" if zh else "`{}`, {}, {} cores, commit {}."
    machine, commit = result["machine"], result["commit"] or ""
    return said.format(result["command"], machine["processor"], machine["cores"], commit.rstrip("+")[:7])


def command() -> str:
    """The command line of this process, relative to the checkout."""
    root = str(RESULTS.parent.parent) + os.sep
    return " ".join(["python", *(argument.removeprefix(root) for argument in sys.argv)])


def machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory in bytes, system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    return {
        "processor": _processor(),
        "cores": cores,
        "memory_bytes": memory,
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Python and the packages that matter, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The checkout's commit, with + if files differ from it; None outside a checkout."""
    git = ["git", "-C", str(RESULTS.parent.parent)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, check=False)
    if head.returncode:
        return None
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, check=False).stdout
    return head.stdout.decode("ascii").strip() + ("+" if changed else "")


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
