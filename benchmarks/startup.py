"""How long it takes until commands answer: `import upwell` over bare Python, `upwell --help`, and the first piece of a text from
`upwell serve` beside `import torch`; and the memory of a server that waits.

python -m benchmarks.startup
python -m benchmarks.startup --redraw
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.load_clients import ServerProcess
from benchmarks.report import RESULTS, about, fill_table, read_result, write_result
from benchmarks.serving import PAGES
from benchmarks.serving_load import make_run

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import_upwell": [sys.executable, "-c", "import upwell"],
    "help": [sys.executable, "-m", "upwell", "--help"],
    "import_torch": [sys.executable, "-c", "import torch"],
    "train_help": [sys.executable, "-m", "upwell", "train", "--help"],
}


def seconds(command: list[str]) -> float:
    """Time of one process from start to end."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def first_piece(run: Path, log: Path) -> tuple[float, float, float]:
    """Seconds from a new process to the address it prints, and to the first piece of a streamed text; MB before it is asked."""
    body = json.dumps({"prompt": "", "max_tokens": 2, "stream": True}).encode("utf-8")
    start = time.perf_counter()
    with ServerProcess(run, log) as server:
        listens, memory = time.perf_counter() - start, server.memory_mb()
        address = f"http://127.0.0.1:{server.port}/v1/completions"
        with urlopen(Request(address, body, {"Content-Type": "application/json"})) as answer:
            answer.readline()
            return listens, time.perf_counter() - start, memory


def table(figures: dict[str, dict[str, float]], *, zh: bool) -> str:
    """A row for the server, and what it is measured by."""
    head = (
        "| `import torch` | 监听 | 第一段文字 | 空闲时的内存 |"
        if zh
        else "| `import torch` | listens | first piece | memory while idle |"
    )
    seconds = [figures[name]["median_s"] for name in ("import_torch", "serve_listens", "serve_first_piece")]
    row = " | ".join([*(f"{value:.2f} s" for value in seconds), f"{figures['serve_memory']['median_mb']:.0f} MB"])
    return f"{head}\n|---|---|---|---|\n| {row} |"


def redraw() -> None:
    """Write the recorded table into both pages."""
    result = read_result("startup")
    for name, zh in PAGES.items():
        path = RESULTS.parent / name
        content = f"{table(result['figures'], zh=zh)}\n\n{about(result, zh=zh)}"
        text = fill_table(path.read_text(encoding="utf-8"), "startup", content)
        path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--size", type=int, default=3_000_000, help="parameters of the served model")
    parser.add_argument("--redraw", action="store_true", help="only write the recorded table into the pages")
    arguments = parser.parse_args()
    if arguments.redraw:
        redraw()
        return
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    times |= {"serve_listens": [], "serve_first_piece": []}
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", arguments.size)
        for _ in range(arguments.repeats):
            for name, command in COMMANDS.items():
                times[name].append(seconds(command))
            listens, first, idle = first_piece(run, Path(folder) / "log")
            times["serve_listens"].append(listens)
            times["serve_first_piece"].append(first)
            memory.append(idle)
    figures: dict[str, dict[str, float]] = {
        name: {"median_s": statistics.median(t), "low_s": min(t), "high_s": max(t)} for name, t in times.items()
    }
    figures["import_upwell_over_python"] = {
        "median_s": statistics.median(a - b for a, b in zip(times["import_upwell"], times["python"], strict=True))
    }
    figures["serve_over_torch"] = {
        "median_s": statistics.median(
            a - b for a, b in zip(times["serve_first_piece"], times["import_torch"], strict=True)
        )
    }
    for name, row in figures.items():
        print(f"{name:28} {row['median_s'] * 1000:6.0f} ms")
    figures["serve_memory"] = {"median_mb": statistics.median(memory), "low_mb": min(memory), "high_mb": max(memory)}
    print(f"{'serve_memory':28} {figures['serve_memory']['median_mb']:6.0f} MB")
    write_result("startup", figures, repeats=arguments.repeats)
    redraw()


if __name__ == "__main__":
    main()
