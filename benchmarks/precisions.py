"""What survives which precision at which size: a ladder of the micro-world and two corpora, quantised in three ways.

    python -m benchmarks.precisions                        # five rungs of 2 minutes, two corpora of 3: half an hour
    python -m benchmarks.precisions --minutes 0.1 --items 20 --keep-nothing

Each rung is trained on the embedded world and scored on its tasks; `upwell quantize` then writes it in bf16, int8 and int4, and
all are scored on the same items. Two more models learn PTB and the People's Daily, to compare bits per byte of real text. An
ability has survived where its score in the lower precision is within the interval of the score in fp32.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import write_result
from upwell import train
from upwell.api.quantising import QUANTISED, quantize

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SIZES = ("30k", "100k", "300k", "1m", "3m")
CORPORA = ("lm-en-ptb", "lm-zh-peoplesdaily")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--model", default="lstm")
    parser.add_argument(
        "--minutes", type=float, default=2.0, help="of training for a rung; half as much again for a corpus"
    )
    parser.add_argument("--items", type=int, default=None, help="examples of each task")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    minutes, found = arguments.minutes, {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            run = str(Path(folder, size))
            train(model=arguments.model, size=size, minutes=minutes, out=run)
            found[f"world {size}"] = compared(run, arguments.items)
        for name in CORPORA:
            run, source = str(Path(folder, name)), arguments.data / name
            options = {"model": arguments.model, "size": SIZES[-1], "minutes": 1.5 * minutes, "out": run}
            train(str(source / "train.txt"), valid=(str(source / "valid.txt"),), **options)
            found[name] = compared(run, arguments.items)
    if not arguments.keep_nothing:
        write_result("precisions", {"model": arguments.model, "minutes": minutes, "runs": found})


def compared(run: str, items: int | None) -> dict[str, Any]:
    """Figures of a run in fp32 and in each lower precision; prints a line for each of these."""
    found: dict[str, Any] = {}
    for precision in QUANTISED:
        report = quantize(run, precision=precision, items=items)
        before, after = report["before"], report["after"]
        found |= {"fp32": before, precision: after}
        more = after["bits_per_byte"] / before["bits_per_byte"] - 1
        kept, lost = [], []
        for task, metrics in (before["scorecard"] or {}).items():
            for metric, score in metrics.items():
                value = after["scorecard"][task][metric]["value"]
                is_kept = score["low"] <= value <= score["high"]
                (kept if is_kept else lost).append(f"{task} {metric} {score['value']:.3f} to {value:.3f}")
        after["lost"] = lost
        print(
            f"{Path(run).name} {precision}: bits per byte {before['bits_per_byte']:.4f}, {more:+.3%}; "
            f"{len(kept)} of {len(kept) + len(lost)} scores within their intervals{''.join(f'; {one}' for one in lost)}",
            flush=True,
        )
    return found


if __name__ == "__main__":
    main()
