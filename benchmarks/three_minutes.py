"""Three minutes on tinyshakespeare: nats per character on the whole validation, by family, seeds side by side.

    python -m benchmarks.three_minutes                  # lstm with three seeds, the other families with one: 22 minutes
    python -m benchmarks.three_minutes --minutes 0.1    # to see that it runs

The validation is the last tenth of the text (valid.txt and test.txt of the usual 90/5/5 cut); nothing was tuned on it.
The published figure beside it: 1.4697 on the same tenth, nanoGPT's GPU recipe for characters (its README).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import call, write_result

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-en-tinyshakespeare"
PUBLISHED = 1.4697


def run(family: str, seed: int, minutes: float, folder: Path, data: Path) -> dict[str, Any]:
    """Train once through the command line; the figures it prints."""
    command = [sys.executable, "-m", "upwell", "train", str(data / "train.txt"), "--quiet", "--json"]
    command += ["--valid", str(data / "valid.txt"), "--valid", str(data / "test.txt"), "--tokenizer", "char"]
    command += [
        "--model",
        family,
        "--minutes",
        str(minutes),
        "--seed",
        str(seed),
        "--out",
        str(folder / f"{family}-{seed}"),
    ]
    figures = call(command)
    return {
        "family": family,
        "seed": seed,
        **{
            key: figures[key]
            for key in (
                "valid_loss",
                "valid_bpb",
                "parameters",
                "tokens",
                "seconds",
                "tokens_per_second",
                "matmul_peak_share",
            )
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--families", default="lstm gru rnn mingru attention")
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    first, *others = arguments.families.split()
    jobs = [(first, seed) for seed in range(arguments.seeds)] + [(family, 0) for family in others]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for family, seed in jobs:
            rows.append(run(family, seed, arguments.minutes, Path(folder), arguments.data))
            print(
                f"{family:10} seed {seed}  {rows[-1]['valid_loss']:.4f} nats/char  {rows[-1]['parameters']['total']:>9,} "
                f"parameters  {rows[-1]['tokens'] / 1e6:.2f}m tokens  {rows[-1]['matmul_peak_share']:.0%} of peak",
                flush=True,
            )
    losses = [row["valid_loss"] for row in rows if row["family"] == first]
    summary = {"median": statistics.median(losses), "low": min(losses), "high": max(losses)}
    print(
        f"{first}: median {summary['median']:.4f}, {summary['low']:.4f} to {summary['high']:.4f}; published {PUBLISHED}"
    )
    figures = {
        "minutes": arguments.minutes,
        "unit": "nats per character",
        "published": PUBLISHED,
        first: summary,
        "runs": rows,
    }
    write_result("three_minutes", figures, repeats=arguments.seeds)


if __name__ == "__main__":
    main()
