"""How long it takes until the command answers: `import upwell` over bare Python, and `upwell --help`.

python -m benchmarks.startup
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from benchmarks.report import write_result

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import_upwell": [sys.executable, "-c", "import upwell"],
    "help": [sys.executable, "-m", "upwell", "--help"],
    "train_help": [sys.executable, "-m", "upwell", "train", "--help"],
}


def seconds(command: list[str]) -> float:
    """Time of one process from start to end."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(arguments.repeats):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    figures = {name: {"median_s": statistics.median(t), "low_s": min(t), "high_s": max(t)} for name, t in times.items()}
    figures["import_upwell_over_python"] = {
        "median_s": statistics.median(a - b for a, b in zip(times["import_upwell"], times["python"], strict=True))
    }
    for name, row in figures.items():
        print(f"{name:28} {row['median_s'] * 1000:6.0f} ms")
    write_result("startup", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
