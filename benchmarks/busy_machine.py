"""How much training slows when another process wants the machine too.

    python -m benchmarks.busy_machine

Alternates runs alone and runs beside one process that never rests, for two families. On C cores a busy process takes
the share 1 / (C + 1) of the machine from C training threads; the time should not grow by more than that share plus 25%.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.kills import text
from benchmarks.report import write_result
from upwell.model.machine import usable_cores


def spin() -> None:
    """Never rest."""
    while True:
        pass


def speed(source: Path, family: str, folder: Path, tokens: str) -> float:
    """Tokens per second of a run in all of the machine's threads."""
    command = [
        sys.executable,
        "-m",
        "upwell",
        "train",
        str(source),
        "--model",
        family,
        "--size",
        "600k",
        "--tokens",
        tokens,
    ]
    command += ["--threads", str(usable_cores()), "--out", str(folder / "run"), "--overwrite", "--quiet", "--json"]
    done = subprocess.run(command, capture_output=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["tokens_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tokens", default="200k")
    arguments = parser.parse_args()
    import random

    context = multiprocessing.get_context("spawn")
    figures = {}
    cores = usable_cores()
    allowed = 1 / (1 - 1 / (cores + 1)) * 1.25
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text(folder / "text.txt", random.Random(0))
        for family in ("lstm", "attention"):
            ratios = []
            for _ in range(arguments.repeats):
                alone = speed(folder / "text.txt", family, folder, arguments.tokens)
                other = context.Process(target=spin, daemon=True)
                other.start()
                beside = speed(folder / "text.txt", family, folder, arguments.tokens)
                other.kill()
                other.join()
                ratios.append(alone / beside)
                print(
                    f"{family}: {alone:,.0f} tokens/s alone, {beside:,.0f} beside a busy process: {ratios[-1]:.2f}x",
                    flush=True,
                )
            figures[family] = {"slowdown_median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    figures["allowed"] = {"slowdown": allowed, "cores": cores}
    print(json.dumps(figures))
    write_result("busy_machine", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
