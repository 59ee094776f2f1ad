"""Leaks between the splits of the micro-world, searched in full: each held-out example in all training examples.

python -m benchmarks.world_audit                     # 2,000 test and 20,000 training examples of each view and language
python -m benchmarks.world_audit --examples 100      # to see that it runs
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.report import write_result
from upwell.world.audit import audit
from upwell.world.corpus import processors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=processors())
    arguments = parser.parse_args()
    began = time.perf_counter()
    found = audit(
        train_examples=10 * arguments.examples,
        test_examples=arguments.examples,
        held_out=("test", "valid"),
        processes=arguments.processes,
        progress=lambda said: print(f"searched {said}", file=sys.stderr, flush=True),
    )
    figures: dict[str, Any] = {"seconds": round(time.perf_counter() - began, 1)}
    for held_out, findings in found.items():
        for row in findings:
            print(
                f"{held_out} {row.view:14} {row.language} {row.meanings} {row.texts} {row.known_runs}/{row.runs} {row.seen}"
            )
        figures[held_out] = {
            "findings": [row.to_dict() for row in findings],
            **{
                name: sum(getattr(row, name) for row in findings)
                for name in ("meanings", "texts", "runs", "known_runs", "seen")
            },
        }
    write_result("world_audit", figures)


if __name__ == "__main__":
    main()
