"""Whether size matters on the micro-world: a model of 100k and one of 3m parameters after the same tokens.

python -m benchmarks.world_sizes                     # 1.5m tokens each: some minutes on two cores
python -m benchmarks.world_sizes --tokens 20000      # to see that it runs
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import write_result

SHOWN = (
    ("generation", "grammatical"),
    ("generation", "consistent"),
    ("translation", "meaning_match"),
    ("translation", "chrf"),
    ("question_answering", "exact_match"),
    ("classification", "f1_macro"),
    ("summarization", "fact_f1"),
)


def run(size: str, tokens: int, folder: Path) -> dict[str, Any]:
    """Train once through the command line; its losses and its scores."""
    command = [sys.executable, "-m", "upwell", "train", "world:megabytes=8", "--size", size, "--tokens", str(tokens)]
    command += ["--vocab-size", "2048", "--out", str(folder / size), "--quiet", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    kept = ("parameters", "tokens", "seconds", "valid_bpb", "entropy_bound_bpb", "valid_loss")
    scores = {f"{task} {metric}": found["scorecard"][task][metric] for task, metric in SHOWN}
    return {"size": size, **{key: found[key] for key in kept}, "scores": scores}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_500_000)
    parser.add_argument("--sizes", default="100k 3m")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for size in arguments.sizes.split():
            runs.append(run(size, arguments.tokens, Path(folder)))
            print(json.dumps(runs[-1]), flush=True)
    write_result("world_sizes", {"tokens": arguments.tokens, "runs": runs})


if __name__ == "__main__":
    main()
